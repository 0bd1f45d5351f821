"""Finding whom a batch is about, locking it, and reading what decides."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty import members, offers
from hansa.modules.loyalty.points import model
from hansa.modules.loyalty.points.arriving import load_moves, load_unclaimed
from hansa.modules.loyalty.points.batch import (
    Asked,
    Batch,
    Original,
    Overtaken,
)
from hansa.modules.loyalty.points.commands import (
    Correct,
    HoldPoints,
    Purchase,
    Recount,
    Return,
    Reverse,
    Spend,
)
from hansa.modules.loyalty.points.locating import (
    OF_ACCOUNTS,
    Found,
    member_account,
    places_of,
    receipts_of,
)
from hansa.modules.loyalty.points.model import KeptReceipt, Lot
from hansa.modules.loyalty.points.seeing import see_members
from hansa.modules.loyalty.points.store import posting as sql
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Row, Transaction

# So many batches go on without a command whose account somebody else has.
PUT_OFF_MAX = 2
# What takes back may leave a debt, which any other lot pays at once.
_OF_ALL_LOTS = (*OF_ACCOUNTS, Return, Reverse, Recount)


async def load(  # noqa: PLR0917 - what a batch is made of
    tx: Transaction,
    asked: Sequence[Asked],
    found: Found,
    coalition: Coalition,
    rules: offers.RuleSet,
    now: datetime,
    *,
    is_patient: bool = False,
) -> tuple[Batch, list[Asked]]:
    """Lock the accounts and read what decides about them; give the batch, and who is not in it.

    Commands about an account that another transaction has just now do not make all others wait:
    they are for the next batch, twice at most, or once if nothing else is in this one. Then, or if
    it `is_patient`, the batch waits; from the start, because accounts are locked before receipts.

    Raises:
        Overtaken: a receipt got its member, or a member was merged, between the first look and the
            lock.
    """
    is_patient = is_patient or any(one.put_off >= PUT_OFF_MAX for one in asked)
    wanted = _spendings(asked)
    read = await _read(tx, found, wanted, now, free_only=not is_patient)
    busy = set() if is_patient else found.places.difference(read.accounts)
    put_off = [one for one in asked if busy and not busy.isdisjoint(places_of(one, found))]
    for one in put_off:
        one.put_off = one.put_off + 1 if read.accounts else PUT_OFF_MAX
    if put_off:
        asked = [one for one in asked if one not in put_off]
    book = ledger.Book(accounts=read.accounts, known=read.known)
    batch = Batch(now=now, coalition=coalition, rules=rules, book=book)
    batch.holds = {
        key: held
        for key, held in read.holds.items()
        if (held.bucket, held.account_id) in read.accounts
    }
    for kept in read.receipts:
        place = (kept.bucket, kept.account_id)
        if kept.account_id is not None and place not in read.accounts:
            if place in busy:
                continue
            raise Overtaken
        batch.receipts[kept.partner_id, kept.receipt] = kept
    if found.posting_keys:
        await _load_originals(tx, batch, found)
    await see_members(tx, batch, asked, read.standing)
    await load_moves(tx, batch, asked)
    await load_unclaimed(tx, batch, asked)
    _keep_spendable(batch, read.spendable)
    await _load_lots(tx, batch, asked, wanted)
    return batch, put_off


class _Read(NamedTuple):
    """What one round trip locks and reads."""

    accounts: dict[ledger.Place, ledger.Account]
    known: dict[tuple[UUID, str], ledger.Known]
    holds: dict[tuple[UUID, str], ledger.Hold]
    receipts: list[KeptReceipt]
    standing: dict[int, members.Membership]
    spendable: list[Row]


async def _read(
    tx: Transaction,
    found: Found,
    wanted: Mapping[ledger.Place, int],
    now: datetime,
    *,
    free_only: bool,
) -> _Read:
    return _Read(
        *await tx.together(
            # First: what is read is as of the locks.
            ledger.lock_accounts(tx, found.places, free_only=free_only),
            ledger.find_keys(tx, found.keys | found.posting_keys),
            ledger.load_holds(tx, found.hold_keys),
            receipts_of(tx, found.receipts, is_locked=True),
            members.find_memberships(tx, account_ids=sorted(one for _, one in found.places)),
            _spendable(tx, wanted, now),
        )
    )


async def _load_originals(tx: Transaction, batch: Batch, found: Found) -> None:
    known = {key: batch.book.known[key] for key in found.posting_keys if key in batch.book.known}
    postings = [(one.bucket, one.posting_id) for one in known.values()]
    if not postings:
        return
    moved = await ledger.transfers_of(tx, postings=postings)
    gone = await ledger.reversed_of(tx, postings=postings)
    for key, one in known.items():
        account = member_account(moved[one.posting_id])
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
