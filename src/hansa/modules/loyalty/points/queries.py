"""Reads of points: balances, histories, lots, receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty.members import Membership, bucket_of
from hansa.modules.loyalty.points.loading import lot_of
from hansa.modules.loyalty.points.locating import receipt_of
from hansa.modules.loyalty.points.model import KeptReceipt, Lot
from hansa.modules.loyalty.points.store import moving
from hansa.modules.loyalty.points.store import reading as sql
from hansa.runtime.database import Snapshot

SOON = timedelta(days=30)
LOTS_MAX = 500

MemberKey = tuple[UUID, UUID]
"""A programme and a member of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a member has, as one read.

    `posted` is all of it; of this `available` can be spent now, `pending` later, `held` is set
    aside. `expiring` goes within 30 days, the first of it at `expires_at`. `owed` are points that
    were taken back after they were spent; the next ones pay them.
    """

    programme_id: UUID
    member_id: UUID
    posted: int
    available: int
    pending: int
    held: int
    owed: int
    expiring: int
    expires_at: datetime | None


async def read_balances(
    snap: Snapshot, *, members: Sequence[MemberKey], now: datetime
) -> dict[MemberKey, Balance]:
    """Give balances, each named by programme and member, in one statement; unknown are left out.

    The numbers of a member fit each other.
    """
    rows = await snap.all(
        sql.BALANCES,
        {
            "buckets": [bucket_of(member_id) for _, member_id in members],
            "programmes": [programme_id for programme_id, _ in members],
            "members": [member_id for _, member_id in members],
            "now": now,
            "soon": now + SOON,
        },
    )
    return {
        (row.programme_id, row.member_id): Balance(
            programme_id=row.programme_id,
            member_id=row.member_id,
            posted=row.posted,
            available=max(0, row.active - row.owed),
            pending=row.pending,
            held=row.held,
            owed=row.owed,
            expiring=row.expiring,
            expires_at=row.expires_at,
        )
        for row in rows
    }


async def read_history(
    snap: Snapshot, *, membership: Membership, before: int | None, limit: int
) -> list[ledger.HistoryEntry]:
    """Give postings of a member that changed the balance, newest first, below a version."""
    return await ledger.read_history(
        snap,
        bucket=membership.bucket,
        account_id=membership.account_id,
        before=before,
        limit=limit,
    )


async def list_lots(snap: Snapshot, *, membership: Membership) -> list[Lot]:
    """Give what is left of a member's lots, in the order in which they are spent."""
    rows = await snap.all(
        sql.LOTS_OF_ACCOUNT,
        {
            "bucket": membership.bucket,
            "account_id": membership.account_id,
            "limit": LOTS_MAX,
        },
    )
    return [lot_of(row) for row in rows]


async def list_receipts(
    snap: Snapshot, *, member_id: UUID, before: datetime | None, limit: int
) -> list[KeptReceipt]:
    """Give receipts of a member, newest first, before an instant."""
    rows = await snap.all(
        sql.RECEIPTS_OF_MEMBER,
        {
            "bucket": bucket_of(member_id),
            "member_id": member_id,
            "before": before,
            "limit": limit,
        },
    )
    return [receipt_of(row) for row in rows]


async def find_receipt(snap: Snapshot, *, partner_id: UUID, receipt: str) -> KeptReceipt | None:
    """Give a receipt by its partner's number, if it is here."""
    row = await snap.maybe(sql.GET_RECEIPT, {"partner_id": partner_id, "receipt": receipt})
    return None if row is None else receipt_of(row)


class Bought(NamedTuple):
    """What a receipt comes to now: money paid less what was returned, points given for it."""

    member_id: UUID
    amount_minor: int
    points: int


async def list_bought(
    snap: Snapshot,
    *,
    programme_id: UUID,
    partner_id: UUID,
    member_ids: Sequence[UUID],
    since: datetime,
    until: datetime,
) -> list[Bought]:
    """Give what members bought at a partner in [since, until); some thousands at a time."""
    rows = await snap.all(
        sql.LIST_BOUGHT,
        {
            "buckets": [bucket_of(one) for one in member_ids],
            "member_ids": list(member_ids),
            "programme_id": programme_id,
            "partner_id": partner_id,
            "since": since,
            "until": until,
        },
    )
    return [
        Bought(
            row.member_id,
            kept.content.total_minor - kept.content.returned_minor,
            sum([award.points for award in kept.content.awards]),
        )
        for row, kept in zip(rows, map(receipt_of, rows), strict=True)
    ]


async def campaigns_of(snap: Snapshot, *, lots: Sequence[tuple[int, UUID]]) -> dict[UUID, UUID]:
    """Give the offers that paid for lots, named by bucket and number; the others are left out."""
    rows = await snap.all(
        sql.CAMPAIGNS_OF,
        {"buckets": [one[0] for one in lots], "ids": [one[1] for one in lots]},
    )
    return {row.id: row.campaign_id for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOnTheWay:
    """Points that have left one account and not arrived at the other yet; places are (bucket, id).

    `is_back`: a merge was undone.
    """

    id: UUID
    programme_id: UUID
    left_from: ledger.Place
    goes_to: ledger.Place
    is_back: bool
    points: int
    left_at: datetime


async def list_moves(snap: Snapshot, *, limit: int) -> list[MoveOnTheWay]:
    """Give what is on its way between accounts, oldest first; normally nothing for long."""
    rows = await snap.all(moving.LIST_MOVES, {"limit": limit})
    return [
        MoveOnTheWay(
            id=row.id,
            programme_id=row.programme_id,
            left_from=(row.from_bucket, row.from_account_id),
            goes_to=(row.to_bucket, row.to_account_id),
            is_back=row.is_back,
            points=row.points,
            left_at=row.left_at,
        )
        for row in rows
    ]
