"""Where the commands of a batch lead: to which accounts, by which names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from hansa.modules import ledger
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef
from hansa.modules.loyalty.points.batch import (
    Asked,
    ReceiptName,
)
from hansa.modules.loyalty.points.commands import (
    Accrue,
    Command,
    Correct,
    ExpireHold,
    ExpireLots,
    Forfeit,
    HoldPoints,
    MoveIn,
    MoveOut,
    PostHold,
    Purchase,
    Recount,
    Return,
    Reverse,
    Spend,
    VoidHold,
)
from hansa.modules.loyalty.points.model import KeptReceipt, ReceiptContent
from hansa.modules.loyalty.points.store import posting as sql
from hansa.runtime.database import Row, Snapshot, Transaction

_CONTENT = msgspec.msgpack.Decoder(ReceiptContent)
_OF_MEMBERS = (Accrue, Purchase, HoldPoints, Spend, Correct)
_OF_HOLDS = (PostHold, VoidHold, ExpireHold)
OF_ACCOUNTS = (ExpireLots, Forfeit, MoveOut, MoveIn)


@dataclass(slots=True)
class Found:
    """Where the commands of a batch lead, as seen before anything is locked."""

    places: set[ledger.Place] = field(default_factory=set)
    keys: set[tuple[UUID, str]] = field(default_factory=set)
    hold_keys: set[tuple[UUID, str]] = field(default_factory=set)
    posting_keys: set[tuple[UUID, str]] = field(default_factory=set)
    receipts: set[ReceiptName] = field(default_factory=set)
    named: "_Places" = field(default_factory=dict)

    def take(self, asked: Asked) -> None:
        """Note what a command names."""
        command = asked.command
        owner = command.owner
        if isinstance(command, Purchase | Return | Recount):
            self.receipts.add((owner, command.receipt))
        if isinstance(command, Purchase | PostHold | VoidHold | ExpireHold) and command.hold_key:
            self.hold_keys.add((owner, command.hold_key))
        if isinstance(command, Reverse):
            self.posting_keys.add((owner, command.posting_key))
        if isinstance(command, OF_ACCOUNTS):
            asked.place = (command.bucket, command.account_id)


async def find(tx: Transaction, asked: Sequence[Asked]) -> Found:
    """Find the accounts that commands are about."""
    found = Found(keys={one.key for one in asked})
    refs: _Refs = {}
    for one in asked:
        command = one.command
        if isinstance(command, _OF_MEMBERS):
            refs.setdefault((command.programme_id, command.owner, command.member), []).append(one)
        found.take(one)
    _, *led_to = await tx.together(
        _resolve(tx, refs),
        _places_of_receipts(tx, found),
        _places_of_holds(tx, found),
        _places_of_postings(tx, found),
    )
    found.named = {name: place for each in led_to for name, place in each.items()}
    for one in asked:
        if one.place is None:
            one.place = found.named.get(_named(one.command))
        if one.place is not None:
            found.places.add(one.place)
    found.places.update(found.named.values())
    return found


async def _resolve(tx: Transaction, refs: "_Refs") -> None:
    if not refs:
        return
    known = await members.resolve(tx, programme_id_refs=list(refs))
    for ref, membership in known.items():
        for one in refs[ref]:
            one.membership = membership
            one.place = (membership.bucket, membership.account_id)


def _named(command: Command) -> tuple[object, ...]:
    """Give by what a command names its account, if not by a member."""
    if isinstance(command, Return | Recount):
        return command.owner, "receipt", command.receipt
    if isinstance(command, _OF_HOLDS):
        return command.owner, "hold", command.hold_key
    if isinstance(command, Reverse):
        return command.owner, "posting", command.posting_key
    return ()


_Places = dict[tuple[object, ...], ledger.Place]
_Refs = dict[tuple[UUID, UUID | None, MemberRef], list[Asked]]


async def _places_of_receipts(tx: Transaction, found: Found) -> _Places:
    return {
        (kept.partner_id, "receipt", kept.receipt): (kept.bucket, kept.account_id)
        for kept in await receipts_of(tx, found.receipts, is_locked=False)
        if kept.bucket is not None and kept.account_id is not None
    }


async def _places_of_holds(tx: Transaction, found: Found) -> _Places:
    held = await ledger.load_holds(tx, found.hold_keys)
    return {
        (owner, "hold", key): (one.bucket, one.account_id) for (owner, key), one in held.items()
    }


async def _places_of_postings(tx: Transaction, found: Found) -> _Places:
    known = await ledger.find_keys(tx, found.posting_keys)
    if not known:
        return {}
    postings = [(one.bucket, one.posting_id) for one in known.values()]
    moved = await ledger.transfers_of(tx, postings=postings)
    return {
        (owner, "posting", key): (one.bucket, account)
        for (owner, key), one in known.items()
        if (account := member_account(moved[one.posting_id])) is not None
    }


def member_account(transfers: Sequence[ledger.Transfer]) -> int | None:
    """Give the account with a floor: its number is above zero, all others are below."""
    for one in transfers:
        if one.debit > 0:
            return one.debit
        if one.credit > 0:
            return one.credit
    return None


def places_of(asked: Asked, found: Found) -> set[ledger.Place | None]:
    """Give the accounts a command may touch, as far as they were found."""
    command = asked.command
    names: list[tuple[object, ...]] = [_named(command)]
    if isinstance(command, Purchase):
        names.append((command.owner, "receipt", command.receipt))
        names.append((command.owner, "hold", command.hold_key))
    return {asked.place, *(found.named.get(name) for name in names)}


async def receipts_of(
    tx: Snapshot, names: set[ReceiptName], *, is_locked: bool
) -> list[KeptReceipt]:
    """Give the receipts of these names that are kept; `is_locked`: nobody else may change them."""
    if not names:
        return []
    params: dict[str, object] = {
        "partners": [one[0] for one in names],
        "receipts": [one[1] for one in names],
    }
    rows = await tx.all(sql.LOCK_RECEIPTS if is_locked else sql.FIND_RECEIPTS, params)
    return [receipt_of(row) for row in rows]


def receipt_of(row: Row) -> KeptReceipt:
    """Read a receipt."""
    return KeptReceipt(
        partner_id=row.partner_id,
        receipt=row.receipt,
        programme_id=row.programme_id,
        bucket=row.bucket,
        member_id=row.member_id,
        account_id=row.account_id,
        happened_at=row.happened_at,
        version=row.version,
        content=_CONTENT.decode(row.content),
    )
