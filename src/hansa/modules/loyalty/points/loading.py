"""Finding whom a batch is about, locking it, and reading what decides."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules import ledger
from hansa.modules.loyalty import members, offers
from hansa.modules.loyalty.members import MemberRef
from hansa.modules.loyalty.points import model
from hansa.modules.loyalty.points.arriving import load_moves, load_unclaimed
from hansa.modules.loyalty.points.batch import (
    Asked,
    Batch,
    Original,
    Overtaken,
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
from hansa.modules.loyalty.points.model import KeptReceipt, Lot, ReceiptContent
from hansa.modules.loyalty.points.seeing import see_members
from hansa.modules.loyalty.points.store import posting as sql
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Row, Snapshot, Transaction

_CONTENT = msgspec.msgpack.Decoder(ReceiptContent)
_OF_MEMBERS = (Accrue, Purchase, HoldPoints, Spend, Correct)
_OF_HOLDS = (PostHold, VoidHold, ExpireHold)
_OF_ACCOUNTS = (ExpireLots, Forfeit, MoveOut, MoveIn)
# What takes back may leave a debt, which any other lot pays at once.
_OF_ALL_LOTS = (*_OF_ACCOUNTS, Return, Reverse, Recount)


@dataclass(slots=True)
class Found:
    """Where the commands of a batch lead, as seen before anything is locked."""

    places: set[ledger.Place] = field(default_factory=set)
    keys: set[tuple[UUID, str]] = field(default_factory=set)
    hold_keys: set[tuple[UUID, str]] = field(default_factory=set)
    posting_keys: set[tuple[UUID, str]] = field(default_factory=set)
    receipts: set[ReceiptName] = field(default_factory=set)

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
        if isinstance(command, _OF_ACCOUNTS):
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
    places: _Places = {name: place for each in led_to for name, place in each.items()}
    for one in asked:
        if one.place is None:
            one.place = places.get(_named(one.command))
        if one.place is not None:
            found.places.add(one.place)
    found.places.update(places.values())
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
        for kept in await _receipts(tx, found.receipts, is_locked=False)
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
        if (account := _member_account(moved[one.posting_id])) is not None
    }


def _member_account(transfers: Sequence[ledger.Transfer]) -> int | None:
    """Give the account with a floor: its number is above zero, all others are below."""
    for one in transfers:
        if one.debit > 0:
            return one.debit
        if one.credit > 0:
            return one.credit
    return None


async def load(  # noqa: PLR0917 - what a batch is made of
    tx: Transaction,
    asked: Sequence[Asked],
    found: Found,
    coalition: Coalition,
    rules: offers.RuleSet,
    now: datetime,
) -> Batch:
    """Lock the accounts and read what decides about them.

    Raises:
        Overtaken: a receipt got its member, or a member was merged, between the first look and the
            lock.
    """
    wanted = _spendings(asked)
    accounts, known, holds, receipts, standing, spendable = await tx.together(
        ledger.lock_accounts(tx, found.places),  # first: what is read is as of the locks
        ledger.find_keys(tx, found.keys | found.posting_keys),
        ledger.load_holds(tx, found.hold_keys),
        _receipts(tx, found.receipts, is_locked=True),
        members.find_memberships(tx, account_ids=sorted(one for _, one in found.places)),
        _spendable(tx, wanted, now),
    )
    book = ledger.Book(accounts=accounts, known=known)
    batch = Batch(now=now, coalition=coalition, rules=rules, book=book, holds=holds)
    for kept in receipts:
        if kept.account_id is not None and (kept.bucket, kept.account_id) not in accounts:
            raise Overtaken
        batch.receipts[kept.partner_id, kept.receipt] = kept
    if found.posting_keys:
        await _load_originals(tx, batch, found)
    await see_members(tx, batch, asked, standing)
    await load_moves(tx, batch, asked)
    await load_unclaimed(tx, batch, asked)
    _keep_spendable(batch, spendable)
    await _load_lots(tx, batch, asked, wanted)
    return batch


async def _receipts(tx: Snapshot, names: set[ReceiptName], *, is_locked: bool) -> list[KeptReceipt]:
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


async def _load_originals(tx: Transaction, batch: Batch, found: Found) -> None:
    known = {key: batch.book.known[key] for key in found.posting_keys if key in batch.book.known}
    postings = [(one.bucket, one.posting_id) for one in known.values()]
    if not postings:
        return
    moved = await ledger.transfers_of(tx, postings=postings)
    gone = await ledger.reversed_of(tx, postings=postings)
    for key, one in known.items():
        account = _member_account(moved[one.posting_id])
        if account is not None:
            batch.originals[key] = Original(
                bucket=one.bucket,
                posting_id=one.posting_id,
                kind=one.kind,
                member_id=model.HOUSE,
                account_id=account,
                transfers=moved[one.posting_id],
                reversed=gone[one.posting_id],
            )


def _spendings(asked: Sequence[Asked]) -> dict[ledger.Place, int]:
    """Give how many points are asked for of which account."""
    wanted: dict[ledger.Place, int] = {}
    for one in asked:
        if one.place is not None and (points := _asked_for(one)):
            wanted[one.place] = wanted.get(one.place, 0) + points
    return wanted


async def _load_lots(
    tx: Transaction, batch: Batch, asked: Sequence[Asked], wanted: Collection[ledger.Place]
) -> None:
    """Read the lots that may be needed beside those to spend from: to pay debts, to put back."""
    whole = {
        one.place
        for one in asked
        if one.place is not None
        and (account := batch.book.accounts.get(one.place)) is not None
        and (account.owed or isinstance(one.command, _OF_ALL_LOTS))
    }
    params: dict[str, object]
    if whole:
        params = {"buckets": [one[0] for one in whole], "accounts": [one[1] for one in whole]}
        _keep_lots(batch, await tx.all(sql.OPEN_LOTS, params), counted=whole.difference(wanted))
    there = {lot_id for shelf in batch.shelves.values() for lot_id in shelf.lots}
    missing = [one for one in _named_lots(batch) if one[1] not in there]
    if missing:
        ids = [one[1] for one in missing]
        params = {"buckets": [one[0] for one in missing], "ids": ids}
        _keep_lots(batch, await tx.all(sql.LOTS_BY_ID, params), counted=set())


def _named_lots(batch: Batch) -> set[tuple[int, UUID]]:
    """Give the lots that holds, receipts and postings of the batch are made of."""
    named = {(held.bucket, lot_id) for held in batch.holds.values() for lot_id, _ in held.tags}
    for kept in batch.receipts.values():
        if kept.bucket is not None:
            named.update((kept.bucket, one.lot_id) for one in kept.content.awards)
            named.update((kept.bucket, one.lot_id) for one in kept.content.spends)
    for move in batch.moves.values():
        named.update(
            (move.goes_to[0], one.arrived_id) for one in move.lots if one.arrived_id is not None
        )
    for original in batch.originals.values():
        named.update(
            (original.bucket, one.tag) for one in original.transfers if one.tag is not None
        )
    return named


def _asked_for(asked: Asked) -> int:
    command = asked.command
    if isinstance(command, HoldPoints | Spend):
        return command.points
    if isinstance(command, Correct):
        return max(0, -command.points)
    return 0


async def _spendable(
    tx: Transaction, wanted: Mapping[ledger.Place, int], now: datetime
) -> list[Row]:
    if not wanted:
        return []
    return await tx.all(
        sql.SPENDABLE_LOTS,
        {
            "buckets": [one[0] for one in wanted],
            "accounts": [one[1] for one in wanted],
            "points": list(wanted.values()),
            "now": now,
        },
    )


def _keep_spendable(batch: Batch, rows: Sequence[Row]) -> None:
    for row in rows:
        place = (row.bucket, row.account_id)
        if place in batch.book.accounts:
            shelf = batch.shelf(place)
            shelf.lots[row.id] = lot_of(row)
            shelf.spendable = int(row.spendable)


def _keep_lots(batch: Batch, rows: Sequence[Row], *, counted: set[ledger.Place]) -> None:
    """Put lots on their shelves; of the accounts to be counted they are all that can be spent."""
    for row in rows:
        place = (row.bucket, row.account_id)
        shelf = batch.shelf(place)
        if row.id in shelf.lots:
            continue
        lot = shelf.lots[row.id] = lot_of(row)
        if place in counted and lot.is_spendable(batch.now):
            shelf.spendable += lot.free


def lot_of(row: Row) -> Lot:
    """Read a lot."""
    return Lot(
        row.bucket,
        row.id,
        row.account_id,
        row.ledger,
        row.issuer,
        row.campaign_id,
        row.remaining,
        row.held,
        row.price_micro,
        row.earned_at,
        row.active_at,
        row.expires_at,
    )


async def load_standings(
    tx: Transaction, batch: Batch, asked: Sequence[Asked], audiences: offers.AudiencesOf | None
) -> None:
    """Read what the members of receipts have switched on, used and been raised by."""
    wanted: dict[tuple[UUID, UUID], None] = {}
    for one in asked:
        if isinstance(one.command, Purchase | Return | Recount) and one.home is not None:
            wanted[one.command.programme_id, one.home.member_id] = None
    if wanted:
        batch.standings = dict(
            await offers.load_standings(tx, members=list(wanted), audiences=audiences)
        )
