"""Decisions about points that change accounts: of merged members, and of those who have left.

Two accounts may lie on two databases, so that no posting touches both. Points leave one by
`MoveOut` and are on their way, in an account of transit, with all that their lots say kept in a
row; by `MoveIn` they arrive. What is held stays until its hold has ended, what owes goes along.
"""

from uuid import UUID

import msgspec

from hansa.kernel.identifiers import instant_of
from hansa.modules import ledger
from hansa.modules.loyalty.members import MemberState
from hansa.modules.loyalty.points import model, refusals
from hansa.modules.loyalty.points.batch import Answered, Asked, Batch
from hansa.modules.loyalty.points.commands import Forfeit, Kind, MoveIn, MoveOut
from hansa.modules.loyalty.points.model import Lot, Move, MovedLot, Shelf
from hansa.modules.loyalty.points.spending import draw
from hansa.modules.loyalty.programmes import Programme

_encode = msgspec.json.encode


def move_out(batch: Batch, asked: Asked, command: MoveOut) -> Answered:
    """Let all that is free leave the account; going back, only what once came from there.

    Whose merge was undone meanwhile keeps the points.
    """
    programme = batch.programme_of_id(command.programme_id)
    place, to = (command.bucket, command.account_id), (command.to_bucket, command.to_account_id)
    shelf = batch.shelf(place)
    homes = batch.homes.get((place, to), {})
    leaving = [
        lot
        for lot in shelf.in_order()
        if lot.free and (lot.id in homes if command.is_back else _is_merged(asked))
    ]
    moved: list[MovedLot] = []
    transfers: list[ledger.Transfer] = []
    for lot in leaving:
        points = lot.free
        moved.append(_written(lot, points, homes.get(lot.id) if command.is_back else None))
        _change(batch, shelf, lot, -points)
        transfers.append(_transit(place[1], lot, -points))
    if moved:
        batch.moves[command.move_id] = Move(
            id=command.move_id,
            programme_id=programme.id,
            ledger=programme.number,
            left_from=place,
            goes_to=to,
            is_back=command.is_back,
            lots=moved,
            left_at=batch.now,
            arrived_at=None,
            is_new=True,
        )
    return _posted(batch, asked, Kind.MERGE, place, programme, transfers)


def move_in(batch: Batch, asked: Asked, command: MoveIn) -> Answered:
    """Let points arrive: in lots like those they left, or in those they once came from.

    A new lot's number bears the instant of the former one, by which it is priced and settled.

    Raises:
        PostingUnknown: nothing is on its way by that number.
    """
    move = batch.moves.get(command.move_id)
    if move is None or move.arrived_at is not None:
        raise refusals.PostingUnknown(str(command.move_id))
    programme = batch.programme_of_id(command.programme_id)
    place = (command.bucket, command.account_id)
    shelf = batch.shelf(place)
    transfers: list[ledger.Transfer] = []
    for one in move.lots:
        lot = shelf.lots.get(one.arrived_id) if one.arrived_id is not None else None
        if lot is None:
            lot = batch.new_lot(
                place,
                programme,
                points=one.points,
                issuer=one.issuer,
                price_micro=one.price_micro,
                earned_at=one.earned_at,
                life=(one.active_at, one.expires_at),
                campaign_id=one.campaign_id,
                made_at=instant_of(one.lot_id),
            )
            one.arrived_id = lot.id
        else:
            if lot.expires_at is not None and (
                one.expires_at is None or one.expires_at > lot.expires_at
            ):
                lot.expires_at = one.expires_at
            _change(batch, shelf, lot, one.points)
        transfers.append(_transit(place[1], lot, one.points))
    move.arrived_at = batch.now
    return _posted(batch, asked, Kind.MERGE, place, programme, transfers)


def forfeit(batch: Batch, asked: Asked, command: Forfeit) -> Answered:
    """Take all free points of an account whose member has left; whoever came back keeps them."""
    programme = batch.programme_of_id(command.programme_id)
    place = (command.bucket, command.account_id)
    shelf = batch.shelf(place)
    has_left = asked.membership is not None and asked.membership.state is MemberState.LEFT
    given_up = [(lot, lot.free) for lot in shelf.in_order() if has_left and lot.free > 0]
    transfers = draw(batch, shelf, given_up, to=model.EXPIRED_ACCOUNT)
    return _posted(batch, asked, Kind.FORFEIT, place, programme, transfers)


def _is_merged(asked: Asked) -> bool:
    return asked.membership is not None and asked.membership.state is MemberState.MERGED


def _transit(account: int, lot: Lot, change: int) -> ledger.Transfer:
    if change > 0:
        return ledger.Transfer(model.TRANSIT_ACCOUNT, account, change, lot.issuer, lot.id)
    return ledger.Transfer(account, model.TRANSIT_ACCOUNT, -change, lot.issuer, lot.id)


def _change(batch: Batch, shelf: Shelf, lot: Lot, change: int) -> None:
    before = lot.free if lot.is_spendable(batch.now) else 0
    lot.move(change)
    shelf.spendable += (lot.free if lot.is_spendable(batch.now) else 0) - before


def _written(lot: Lot, points: int, home: UUID | None) -> MovedLot:
    return MovedLot(
        lot_id=lot.id,
        arrived_id=home,
        points=points,
        issuer=lot.issuer,
        campaign_id=lot.campaign_id,
        price_micro=lot.price_micro,
        earned_at=lot.earned_at,
        active_at=lot.active_at,
        expires_at=lot.expires_at,
    )


def _posted(  # noqa: PLR0917 - what a posting is made of
    batch: Batch,
    asked: Asked,
    kind: Kind,
    place: ledger.Place,
    programme: Programme,
    transfers: list[ledger.Transfer],
) -> Answered:
    answer = batch.post(
        asked,
        kind,
        place=place,
        member_id=asked.membership.member_id if asked.membership else model.HOUSE,
        programme=programme,
        transfers=transfers,
    )
    return Answered(_encode(answer), is_repeat=False)
