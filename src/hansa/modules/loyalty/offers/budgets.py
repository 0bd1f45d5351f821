"""Budgets of campaigns: what may be given in points, never more, whoever gives it.

The budget lends slices to slots (a process has one); the hot path touches the slices of its own
slot alone. The less is left, the smaller the slices: at most a 128th of it each, so 64 slots hold
half of what was left at most, and a slot whose slice is used up takes exactly what it needs once
that share is smaller. What lies idle in other slots comes back by a job (`return_idle`); until
then a claim may get less although it was not all spent, never the other way round. A cell of
several lends what its buckets are of the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple
from uuid import UUID

from hansa.kernel.errors import Rejected
from hansa.modules.loyalty import members
from hansa.modules.loyalty.offers.store import budgets as store
from hansa.runtime.database import Snapshot, Transaction

SLOTS = 64
SHARE_OF_SLICE = 2 * SLOTS
SLICE_MAX = 1_000_000
IDLE_AFTER = timedelta(minutes=1)
IDLE_BATCH = 500


@dataclass(eq=False)
class BudgetTooSmall(Rejected):
    """A budget cannot become less than what is lent out of it already."""

    code: ClassVar[str] = "loyalty.budget_too_small"
    message: ClassVar[str] = "{leased} points of this budget are given or set aside already."

    leased: int


class BudgetClaim(NamedTuple):
    """Points that a campaign is to pay."""

    campaign_id: UUID
    points: int


class BudgetState(NamedTuple):
    """A budget: what it is, what is lent to slots, what was given."""

    total: int
    leased: int
    spent: int


async def claim_budgets(
    tx: Transaction, *, slot: int, claims: Sequence[BudgetClaim], now: datetime
) -> list[int]:
    """Grant each claim whole, or what is left; first come, first served.

    A campaign without a budget grants everything; to spare its look-ups claim only for
    `RuleSet.budgets`. Locks leases of the slot by campaign, then
    budgets by campaign; call it once per transaction, after everything else that locks.
    """
    if not claims:
        return []
    needed: dict[UUID, int] = {}
    for claim in claims:
        assert claim.points >= 0, "return_budget takes points back"
        needed[claim.campaign_id] = needed.get(claim.campaign_id, 0) + claim.points
    held = await _take_leases(tx, slot=slot, campaign_ids=sorted(needed), now=now)
    missing = {
        campaign_id: needed[campaign_id] - left
        for campaign_id, left in held.items()
        if needed[campaign_id] > left
    }
    leased = await _lease(tx, missing) if missing else {}
    left = {one: held[one] + leased.get(one, 0) for one in held}
    granted = []
    spent = dict.fromkeys(held, 0)
    for claim in claims:
        if claim.campaign_id not in left:
            granted.append(claim.points)
            continue
        points = min(claim.points, left[claim.campaign_id])
        left[claim.campaign_id] -= points
        spent[claim.campaign_id] += points
        granted.append(points)
    await _spend(tx, slot=slot, leased=leased, spent=spent, now=now)
    return granted


async def return_budget(
    tx: Transaction, *, slot: int, returns: Sequence[BudgetClaim], now: datetime
) -> None:
    """Give points back to their campaigns, which can give them again; those without one need not.

    It need not be the slot that gave them. Locks as `claim_budgets` does.
    """
    back: dict[UUID, int] = {}
    for one in returns:
        assert one.points >= 0, "claim_budgets gives points"
        back[one.campaign_id] = back.get(one.campaign_id, 0) + one.points
    if not back:
        return
    held = await _take_leases(tx, slot=slot, campaign_ids=sorted(back), now=now)
    spent = {one: -back[one] for one in held}
    await _spend(tx, slot=slot, leased={}, spent=spent, now=now)


async def save_budget(
    tx: Transaction, *, campaign_id: UUID, programme_id: UUID, total: int, now: datetime
) -> None:
    """Set what a campaign may give in all.

    Raises:
        BudgetTooSmall: more than that is lent out.
    """
    row = await tx.maybe(store.LOCK_BUDGET, {"campaign_id": campaign_id})
    if row is not None and row.leased > total:
        raise BudgetTooSmall(row.leased)
    await tx.execute(
        store.SAVE_BUDGET,
        {"campaign_id": campaign_id, "programme_id": programme_id, "total": total, "now": now},
    )


async def get_budgets(snap: Snapshot, *, campaign_ids: Iterable[UUID]) -> dict[UUID, BudgetState]:
    """Give budgets and what was spent of them, for those that have one."""
    rows = await snap.all(store.SPENT, {"campaign_ids": list(campaign_ids)})
    return {row.campaign_id: BudgetState(row.total, row.leased, int(row.spent)) for row in rows}


async def list_idle(snap: Snapshot, *, now: datetime) -> list[tuple[int, UUID]]:
    """Give leases (slot, campaign) with something left that nobody has used for a minute."""
    rows = await snap.all(store.LIST_IDLE, {"before": now - IDLE_AFTER, "limit": IDLE_BATCH})
    return [(row.slot, row.campaign_id) for row in rows]


async def return_idle(tx: Transaction, *, slot: int, campaign_id: UUID, now: datetime) -> int:
    """Give back what is left of a lease, if it is idle still; answers how much that was."""
    asked = {"slot": slot, "campaign_id": campaign_id, "before": now - IDLE_AFTER}
    row = await tx.maybe(store.TAKE_IDLE, asked)
    if row is None or row.leased == row.spent:
        return 0
    left: int = row.leased - row.spent
    await tx.execute(store.LOCK_BUDGETS, {"campaign_ids": [campaign_id]})
    await tx.execute(store.LEASE, {"campaign_ids": [campaign_id], "points": [-left]})
    await _spend(tx, slot=slot, leased={campaign_id: -left}, spent={campaign_id: 0}, now=now)
    return left


def slice_of(*, missing: int, left: int) -> int:
    """Give how much to lend to a slot that lacks so much, of what is left of the budget."""
    if missing >= left:
        return left
    return missing + min((left - missing) // SHARE_OF_SLICE, SLICE_MAX)


async def _take_leases(
    tx: Transaction, *, slot: int, campaign_ids: list[UUID], now: datetime
) -> dict[UUID, int]:
    """Lock the slot's leases and give what is left of each, opening those that are missing."""
    asked = {"slot": slot, "campaign_ids": campaign_ids}
    held = await tx.all(store.LOCK_LEASES, asked)
    if len(held) < len(campaign_ids):
        # Also when nothing was opened: another transaction of this slot may just have done so.
        await tx.execute(store.OPEN_LEASES, asked | {"now": now})
        held = await tx.all(store.LOCK_LEASES, asked)
    return {row.campaign_id: row.leased - row.spent for row in held}


async def _lease(tx: Transaction, missing: dict[UUID, int]) -> dict[UUID, int]:
    leased = {}
    for row in await tx.all(store.LOCK_BUDGETS, {"campaign_ids": sorted(missing)}):
        left = members.share_of(row.total) - row.leased
        points = slice_of(missing=missing[row.campaign_id], left=left)
        if points > 0:
            leased[row.campaign_id] = points
    if leased:
        await tx.execute(
            store.LEASE, {"campaign_ids": list(leased), "points": list(leased.values())}
        )
    return leased


async def _spend(
    tx: Transaction,
    *,
    slot: int,
    leased: dict[UUID, int],
    spent: dict[UUID, int],
    now: datetime,
) -> None:
    if spent:
        await tx.execute(
            store.SPEND,
            {
                "slot": slot,
                "campaign_ids": list(spent),
                "leased": [leased.get(one, 0) for one in spent],
                "spent": list(spent.values()),
                "now": now,
            },
        )
