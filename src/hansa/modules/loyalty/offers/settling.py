"""Which tasks a member has done, derived from all it did: in whatever order that became known."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.offers.model import INSTANT, ConditionKind, LiveOffer, RewardKind
from hansa.modules.loyalty.offers.standing import Switch, is_on


class Deed(NamedTuple):
    """What a member did that an offer asks for."""

    offer_id: UUID
    key: str
    at: datetime
    amount_minor: int = 0
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A task done, with what it gives: a raise [starts_at, ends_at), or points.

    `version` grows each time that it is taken back or comes back.
    """

    offer_id: UUID
    key: str
    at: datetime
    code: str
    category: str
    percent: int
    starts_at: datetime
    ends_at: datetime
    issuer_id: UUID | None
    stack: str
    points: int
    version: int = 1
    is_standing: bool = True


def version_at(versions: Sequence[LiveOffer], at: datetime) -> LiveOffer | None:
    """Give the version of an offer in force at an instant."""
    return next((one for one in versions if one.in_force(at)), None)


def settle(
    versions: Sequence[LiveOffer], deeds: Sequence[Deed], switches: Sequence[Switch]
) -> list[Done]:
    """Give the tasks that a member's deeds complete, in order of time.

    A deed counts by the version in force when it was done, if the offer was switched on then. Of
    several the earliest count, as many as a member may.
    """
    done: list[Done] = []
    window: deque[Deed] = deque()
    for deed in sorted(deeds, key=lambda one: (one.at, one.key)):
        offer = version_at(versions, deed.at)
        if offer is None or deed.is_refused:
            continue
        if offer.content.needs_activation and not is_on(switches, deed.at):
            continue
        limit = offer.content.limits.per_member
        if limit is not None and len(done) >= limit:
            continue
        if _completes(offer, deed, window):
            window.clear()
            done.append(done_by(offer, deed))
    return done


def done_by(offer: LiveOffer, deed: Deed) -> Done:
    """Give what a completed task brings. A raise begins right after what completed it."""
    reward = offer.content.reward
    raises = reward.kind is RewardKind.PERCENT
    starts_at = deed.at + INSTANT
    return Done(
        offer_id=offer.id,
        key=deed.key,
        at=deed.at,
        code=offer.code,
        category=reward.category if raises else "",
        percent=reward.percent if raises else 0,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=reward.days) if raises else starts_at,
        issuer_id=offer.issuer_id,
        stack=offer.group,
        points=reward.points if reward.kind is RewardKind.POINTS else 0,
    )


class Difference(NamedTuple):
    """What is to be written: tasks come or changed, and tasks gone, as they were before."""

    come: tuple[Done, ...]
    gone: tuple[Done, ...]


def compare(before: Mapping[str, Done], after: Sequence[Done]) -> Difference:
    """Compare the completions of one offer, by key, with those that should stand."""
    come, gone = [], []
    wanted = {one.key: one for one in after}
    for key, old in before.items():
        new = wanted.get(key)
        if old.is_standing and (new is None or not _is_same(old, new)):
            gone.append(old)
    for key, new in wanted.items():
        known = before.get(key)
        if known is None:
            come.append(new)
        elif not known.is_standing or not _is_same(known, new):
            come.append(_with_version(new, known.version + 1))
    return Difference(tuple(come), tuple(gone))


def _completes(offer: LiveOffer, deed: Deed, window: "deque[Deed]") -> bool:
    condition = offer.content.condition
    if condition.kind is not ConditionKind.PURCHASES:
        return True
    window.append(deed)
    since = deed.at - timedelta(days=condition.days)
    while window[0].at <= since:
        window.popleft()
    return (
        len(window) >= condition.count
        and sum(one.amount_minor for one in window) >= condition.amount_minor
    )


def _is_same(one: Done, other: Done) -> bool:
    return _with_version(one, 0) == _with_version(other, 0)


def _with_version(done: Done, version: int) -> Done:
    return replace(done, version=version, is_standing=True)
