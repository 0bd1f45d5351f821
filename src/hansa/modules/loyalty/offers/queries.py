"""Reads of offers and rules: for staff, for partners, for members."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.offers.model import EarningRule, LiveOffer, OfferState, RewardKind
from hansa.modules.loyalty.offers.moderation import NoSuchOffer, NoSuchRule, Offer
from hansa.modules.loyalty.offers.rulebook import content_of, read_versions, rule_of
from hansa.modules.loyalty.offers.rules import RuleSet
from hansa.modules.loyalty.offers.standings import load_standings
from hansa.modules.loyalty.offers.store import directory as store
from hansa.modules.loyalty.offers.store import standing as standing_store
from hansa.runtime.database import Row, Snapshot

APPROVALS_SHOWN = 50
REVIEW_SHOWN = 100


class OfferView(StrEnum):
    """In which of a member's lists an offer stands."""

    AVAILABLE = "available"
    ON = "on"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOffer:
    """An offer as a member sees it: how often it is done, how much is done of `purchases`."""

    offer: LiveOffer
    view: OfferView
    times_done: int = 0
    done_at: datetime | None = None
    until: datetime | None = None
    receipts: int = 0
    amount_minor: int = 0


class Viewer(NamedTuple):
    """The member whose lists are shown, and the audiences it is in."""

    programme_id: UUID
    member_id: UUID
    audiences: frozenset[str] = frozenset()


class Results(NamedTuple):
    """How an offer goes; points given and the amount of the purchases that earned by it."""

    shown: int = 0
    switched_on: int = 0
    completed: int = 0
    uses: int = 0
    points: int = 0
    amount_minor: int = 0


class Approval(NamedTuple):
    """A version that was let into force, by whom and for how long."""

    version: int
    in_force_from: datetime
    in_force_until: datetime | None
    approved_by: UUID | None
    approved_at: datetime


class PercentStep(NamedTuple):
    """A raise of a member's percent, as it stands or was taken back."""

    offer_id: UUID
    code: str
    category: str
    percent: int
    starts_at: datetime
    ends_at: datetime
    is_standing: bool


async def get_offer(snap: Snapshot, *, offer_id: UUID, partner_id: UUID | None = None) -> Offer:
    """Give an offer, to a partner its own only.

    Raises:
        NoSuchOffer: there is none.
    """
    row = await snap.maybe(store.GET_OFFER, {"id": offer_id})
    if row is None or (partner_id is not None and row.partner_id != partner_id):
        raise NoSuchOffer(offer_id)
    return offer_of(row)


async def list_offers(
    snap: Snapshot,
    *,
    partner_id: UUID | None = None,
    programme_id: UUID | None = None,
    states: Collection[OfferState] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Offer]:
    """Give offers, the newest first; without `states` those in every state."""
    rows = await snap.all(
        store.LIST_OFFERS,
        {
            "partner_id": partner_id,
            "programme_id": programme_id,
            "states": list(states) or None,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [offer_of(row) for row in rows]


async def list_review(snap: Snapshot, *, limit: int = REVIEW_SHOWN) -> list[Offer]:
    """Give the offers that wait for staff, the longest waiting first."""
    return [offer_of(row) for row in await snap.all(store.LIST_REVIEW, {"limit": limit})]


async def count_by_state(
    snap: Snapshot, *, partner_id: UUID | None = None
) -> dict[OfferState, int]:
    """Count offers, all or those of a partner, by their states."""
    rows = await snap.all(store.COUNT_BY_STATE, {"partner_id": partner_id})
    return {OfferState(row.state): row.offers for row in rows}


async def list_approvals(snap: Snapshot, *, offer_id: UUID) -> list[Approval]:
    """Give the versions of an offer that were in force, the latest first."""
    rows = await snap.all(store.LIST_APPROVALS, {"id": offer_id, "limit": APPROVALS_SHOWN})
    return [Approval(*row) for row in rows]


async def list_rules(
    snap: Snapshot,
    *,
    programme_id: UUID | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int,
) -> list[EarningRule]:
    """Give the earning rules in force, by code."""
    rows = await snap.all(
        store.LIST_CURRENT_RULES,
        {
            "programme_id": programme_id,
            "after": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [rule_of(row) for row in rows]


async def list_rule_versions(snap: Snapshot, *, rule_id: UUID, limit: int) -> list[EarningRule]:
    """Give the versions of a rule, the latest first.

    Raises:
        NoSuchRule: there never was one.
    """
    rows = await snap.all(store.LIST_RULE_VERSIONS, {"id": rule_id, "limit": limit})
    if not rows:
        raise NoSuchRule(rule_id)
    return [rule_of(row) for row in rows]


async def measured_since(snap: Snapshot, *, offer_id: UUID) -> tuple[LiveOffer, datetime] | None:
    """Give an offer as it is or was in force last, and since when as many were held back.

    None if it was never in force, or holds nobody back.
    """
    versions = (await read_versions(snap, offer_ids=[offer_id])).get(offer_id, [])
    if not versions or not versions[-1].content.targeting.control:
        return None
    offer = versions[-1]
    since = offer.in_force_from
    for before in reversed(versions[:-1]):
        if before.content.targeting != offer.content.targeting or before.in_force_until != since:
            break
        since = before.in_force_from
    assert since is not None, "what was let into force has its moment"
    return offer, since


async def read_results(
    snap: Snapshot, *, offer_ids: Sequence[UUID], since: date
) -> dict[UUID, Results]:
    """Give how offers go since a day; those of which nothing is known are left out."""
    rows = await snap.all(store.RESULTS, {"offer_ids": list(offer_ids), "since": since})
    return {row.offer_id: Results(*row[1:]) for row in rows}


async def read_results_by_day(
    snap: Snapshot, *, offer_id: UUID, since: date
) -> list[tuple[date, Results]]:
    """Give how an offer goes, day by day (UTC)."""
    rows = await snap.all(store.RESULTS_BY_DAY, {"offer_id": offer_id, "since": since})
    return [(row.day, Results(*row[1:])) for row in rows]


async def list_member_offers(
    snap: Snapshot,
    *,
    rules: RuleSet,
    viewer: Viewer,
    view: OfferView | None = None,
    after: int = 0,
    limit: int,
    now: datetime,
) -> list[MemberOffer]:
    """Give the offers of a member: those it can switch on, those that are on, those done.

    Only those meant for the member; what it has done stays in the list when the offer is over. By
    the end of the offers, the soonest first; `after` skips so many.
    """
    programme_id, member_id, audiences = viewer
    key = programme_id, member_id
    standing = (await load_standings(snap, members=[key]))[key]
    done = await _done_of_member(snap, programme_id, member_id)
    deeds = await _deeds_of_member(snap, programme_id, member_id)
    found: list[MemberOffer] = []
    live = {offer.id: offer for offer in rules.offers_at(programme_id, now)}
    known = {offer_id: offer for offer_id in done if (offer := rules.offer(offer_id))}
    for offer in (known | live).values():
        mine = done.get(offer.id, [])
        is_on = standing.is_on(offer.id, now)
        fits = offer.id in live and offer.content.targeting.fits(
            member_id, now, salt=offer.id, audiences=audiences
        )
        seen = _view_of(offer, times=len(mine), is_on=is_on, fits=fits, is_live=offer.id in live)
        if seen is None or (view is not None and seen is not view):
            continue
        receipts, amount = deeds.get(offer.id, (0, 0))
        found.append(
            MemberOffer(
                offer=offer,
                view=seen,
                times_done=len(mine),
                done_at=mine[-1].at if mine else None,
                until=max((one.ends_at for one in mine), default=None),
                receipts=receipts,
                amount_minor=amount,
            )
        )
    found.sort(key=_by_end)
    return found[after : after + limit]


async def list_percent_history(
    snap: Snapshot,
    *,
    programme_id: UUID,
    member_id: UUID,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[PercentStep]:
    """Give what raised a member's percent and when, the latest first, also what was taken back."""
    rows = await snap.all(
        standing_store.LIST_RAISES,
        {
            "bucket": bucket_of(member_id),
            "programme_id": programme_id,
            "member_id": member_id,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [PercentStep(*row) for row in rows]


def offer_of(row: Row) -> Offer:
    """Make an offer of its row."""
    fields = row._asdict()
    return Offer(**(fields | {"state": OfferState(row.state), "content": content_of(row.content)}))


async def _done_of_member(
    snap: Snapshot, programme_id: UUID, member_id: UUID
) -> Mapping[UUID, list[Row]]:
    key = {
        "bucket": bucket_of(member_id),
        "programme_id": programme_id,
        "member_id": member_id,
    }
    found: dict[UUID, list[Row]] = {}
    for row in await snap.all(standing_store.LIST_DONE, key):
        found.setdefault(row.offer_id, []).append(row)
    return found


async def _deeds_of_member(
    snap: Snapshot, programme_id: UUID, member_id: UUID
) -> dict[UUID, tuple[int, int]]:
    key = {
        "bucket": bucket_of(member_id),
        "programme_id": programme_id,
        "member_id": member_id,
    }
    rows = await snap.all(standing_store.SUM_DEEDS, key)
    return {row.offer_id: (row.deeds, row.amount_minor) for row in rows}


def _view_of(
    offer: LiveOffer, *, times: int, is_on: bool, fits: bool, is_live: bool
) -> OfferView | None:
    limit = offer.content.limits.per_member
    uses = offer.content.reward.kind is RewardKind.MULTIPLIER
    if times and (not is_live or (limit is not None and times >= limit and not uses)):
        return OfferView.DONE
    if not is_live:
        return None
    if is_on:
        return OfferView.ON
    if not fits:
        return OfferView.DONE if times else None
    return OfferView.AVAILABLE if offer.content.needs_activation else OfferView.ON


def _by_end(one: MemberOffer) -> tuple[bool, float, str]:
    ends_at = one.offer.content.schedule.ends_at
    return ends_at is None, ends_at.timestamp() if ends_at else 0.0, one.offer.code
