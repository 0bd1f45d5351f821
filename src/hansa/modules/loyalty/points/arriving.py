"""Reading what is on its way between accounts, and what waits for its buyer."""

from collections.abc import Sequence

import msgspec

from hansa.modules.loyalty.points.batch import Asked, Batch
from hansa.modules.loyalty.points.commands import MoveIn, MoveOut, Purchase
from hansa.modules.loyalty.points.model import Move, MovedLot
from hansa.modules.loyalty.points.store import moving as sql_moving
from hansa.modules.loyalty.points.store import unclaimed as sql_unclaimed
from hansa.runtime.database import Transaction

_LOTS = msgspec.msgpack.Decoder(list[MovedLot])


async def load_moves(tx: Transaction, batch: Batch, asked: Sequence[Asked]) -> None:
    """Read what arrives, and what of an account came from elsewhere if it is to go back."""
    arriving = [one.command.move_id for one in asked if isinstance(one.command, MoveIn)]
    if arriving:
        for row in await tx.all(sql_moving.LOCK_MOVES, {"ids": arriving}):
            batch.moves[row.id] = Move(
                id=row.id,
                programme_id=row.programme_id,
                ledger=row.ledger,
                left_from=(row.from_bucket, row.from_account_id),
                goes_to=(row.to_bucket, row.to_account_id),
                is_back=row.is_back,
                lots=_LOTS.decode(row.lots),
                left_at=row.left_at,
                arrived_at=row.arrived_at,
            )
    going = [
        one.command for one in asked if isinstance(one.command, MoveOut) and one.command.is_back
    ]
    if going:
        params: dict[str, object] = {
            "from_accounts": [one.to_account_id for one in going],
            "to_accounts": [one.account_id for one in going],
        }
        for row in await tx.all(sql_moving.CAME, params):
            pair = ((row.to_bucket, row.to_account_id), (row.from_bucket, row.from_account_id))
            homes = batch.homes.setdefault(pair, {})
            for one in _LOTS.decode(row.lots):
                if one.arrived_id is not None:
                    homes[one.arrived_id] = one.lot_id


async def load_unclaimed(tx: Transaction, batch: Batch, asked: Sequence[Asked]) -> None:
    """Read which receipts wait for their buyer to be known."""
    names = {
        (one.command.owner, one.command.receipt)
        for one in asked
        if isinstance(one.command, Purchase) and one.membership is None
        if one.command.keep_unclaimed
    }
    if names:
        params: dict[str, object] = {
            "partners": [one[0] for one in names],
            "receipts": [one[1] for one in names],
        }
        for row in await tx.all(sql_unclaimed.FIND_UNCLAIMED, params):
            batch.unclaimed[row.partner_id, row.receipt] = None
