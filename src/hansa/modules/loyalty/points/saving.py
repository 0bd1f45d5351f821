"""Writing what a batch decided: books, lots, receipts, uses of offers, events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from hansa.contracts.loyalty import PointsPosted, PointsPosting
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty import offers
from hansa.modules.loyalty.members import MemberState, lane_of
from hansa.modules.loyalty.points.batch import Asked, Batch, Moved, Overtaken
from hansa.modules.loyalty.points.model import HOUSE, KeptReceipt, Lot, Move
from hansa.modules.loyalty.points.store import moving, unclaimed
from hansa.modules.loyalty.points.store import posting as sql
from hansa.modules.loyalty.points.work import MoveMerged
from hansa.runtime.database import Transaction

_encode = msgspec.msgpack.encode


async def save(tx: Transaction, batch: Batch, *, slot: int) -> None:
    """Write all of it.

    Raises:
        ledger.KeyTaken, Overtaken: another process was first; nothing is written.
    """
    batch_id = new_id(batch.now)
    await tx.together(
        ledger.write(tx, batch.book, now=batch.now, batch_id=batch_id),
        _write_lots(tx, batch),
        _write_receipts(tx, batch),
        tx.publish(*events_of(batch.moved, batch_id, batch)),
    )
    for move in batch.moves.values():
        await _write_move(tx, move)
    await _write_unclaimed(tx, batch)
    if batch.completions or batch.recounted:
        await offers.complete_tasks(
            tx,
            coalition=batch.coalition,
            completions=batch.completions,
            recounted=batch.recounted,
            slot=slot,
            now=batch.now,
        )
    if batch.uses:
        await offers.record_uses(tx, uses=batch.uses, slot=slot, now=batch.now)
    if batch.returned_budgets:
        await offers.return_budget(tx, slot=slot, returns=batch.returned_budgets, now=batch.now)


async def follow_merges(tx: Transaction, batch: Batch, asked: Sequence[Asked]) -> None:
    """Let what came to the account of a merged member follow the others: a return, a hold's end."""
    places = {
        one.place
        for one in asked
        if one.place is not None
        and (home := one.home) is not None
        and home.state is MemberState.MERGED
    }
    for bucket, account_id in sorted(places):
        account = batch.book.account(bucket, account_id)
        if account.is_touched and account.posted != account.held:
            await tx.enqueue(MoveMerged(bucket=bucket, account_id=account_id))


async def _write_move(tx: Transaction, move: Move) -> None:
    lots = _encode(move.lots)
    if move.is_new:
        await tx.execute(
            moving.ADD_MOVE,
            {
                "id": move.id,
                "programme_id": move.programme_id,
                "ledger": move.ledger,
                "from_bucket": move.left_from[0],
                "from_account_id": move.left_from[1],
                "to_bucket": move.goes_to[0],
                "to_account_id": move.goes_to[1],
                "is_back": move.is_back,
                "points": move.points,
                "lots": lots,
                "left_at": move.left_at,
            },
        )
    if move.arrived_at is not None:
        columns = {"id": move.id, "lots": lots, "arrived_at": move.arrived_at}
        await tx.execute(moving.ARRIVE, columns)


async def _write_unclaimed(tx: Transaction, batch: Batch) -> None:
    for one in batch.unclaimed.values():
        if one is None:
            continue
        added = await tx.maybe(
            unclaimed.ADD_UNCLAIMED,
            {
                "partner_id": one.partner_id,
                "receipt": one.receipt,
                "programme_id": one.programme_id,
                "ref": one.ref,
                "happened_at": one.happened_at,
                "content": one.content,
                "now": batch.now,
            },
        )
        if added is None:
            raise Overtaken


def events_of(moved: Sequence[Moved], batch_id: UUID, batch: Batch) -> list[PointsPosted]:
    """Make one event per lane: a member's postings stay in order, and one row carries many."""
    lanes: dict[int, list[PointsPosting]] = {}
    for one in moved:
        programme = batch.programme_of(one.posting.ledger)
        owner = one.posting.owner
        lanes.setdefault(lane_of(one.member_id), []).append(
            PointsPosting(
                posting_id=one.posting.id,
                member_id=one.member_id,
                programme_id=programme.id,
                partner_id=None if owner == HOUSE else owner,
                kind=one.posting.kind,
                points=one.points,
                balance=one.balance,
                version=one.version,
                reference=one.posting.reference,
                effective_at=one.posting.effective_at,
            )
        )
    return [
        PointsPosted(batch_id=batch_id, lane=lane, postings=tuple(postings), posted_at=batch.now)
        for lane, postings in lanes.items()
    ]


def _lot_columns(added: Sequence[Lot], changed: Sequence[Lot]) -> dict[str, Any]:
    return {
        "n_buckets": [one.bucket for one in added],
        "n_ids": [one.id for one in added],
        "n_accounts": [one.account_id for one in added],
        "n_ledgers": [one.ledger for one in added],
        "n_issuers": [one.issuer for one in added],
        "n_campaigns": [one.campaign_id for one in added],
        "n_remaining": [one.remaining for one in added],
        "n_held": [one.held for one in added],
        "n_prices": [one.price_micro for one in added],
        "n_earned": [one.earned_at for one in added],
        "n_active": [one.active_at for one in added],
        "n_expires": [one.expires_at for one in added],
        "c_buckets": [one.bucket for one in changed],
        "c_ids": [one.id for one in changed],
        "c_remaining": [one.remaining for one in changed],
        "c_held": [one.held for one in changed],
        "c_expires": [one.expires_at for one in changed],
    }


async def _write_lots(tx: Transaction, batch: Batch) -> None:
    lots = [lot for shelf in batch.shelves.values() for lot in shelf.lots.values()]
    added = [lot for lot in lots if lot.is_new]
    changed = [lot for lot in lots if lot.is_touched and not lot.is_new]
    if added or changed:
        await tx.execute(sql.WRITE_LOTS, _lot_columns(added, changed))


async def _write_receipts(tx: Transaction, batch: Batch) -> None:
    receipts = [one for one in batch.receipts.values() if one.is_new or one.is_touched]
    if not receipts:
        return
    # In the order of the primary key: two processes with the same receipts wait one way only.
    in_order = sorted(receipts, key=lambda one: (one.partner_id, one.receipt))
    added = [one for one in in_order if one.is_new]
    changed = [one for one in in_order if not one.is_new]
    params: dict[str, Any] = {
        "now": batch.now,
        "n_programmes": [one.programme_id for one in added],
        **_receipt_columns("n", added),
        **_receipt_columns("c", changed),
    }
    try:
        await tx.execute(sql.WRITE_RECEIPTS, params)
    except UniqueViolation as error:
        if error.diag.constraint_name != "pk_loyalty_receipt":
            raise
        raise Overtaken from error


def _receipt_columns(prefix: str, receipts: Sequence[KeptReceipt]) -> dict[str, Any]:
    return {
        f"{prefix}_partners": [one.partner_id for one in receipts],
        f"{prefix}_receipts": [one.receipt for one in receipts],
        f"{prefix}_buckets": [one.bucket for one in receipts],
        f"{prefix}_members": [one.member_id for one in receipts],
        f"{prefix}_accounts": [one.account_id for one in receipts],
        f"{prefix}_happened": [one.happened_at for one in receipts],
        f"{prefix}_versions": [one.version for one in receipts],
        f"{prefix}_contents": [_encode(one.content) for one in receipts],
    }
