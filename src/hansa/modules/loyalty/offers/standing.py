"""What a member has of offers: raises of the percent, what is switched on, what was used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.offers.model import WHOLE, covers
from hansa.modules.loyalty.programmes import Terms


class Raise(NamedTuple):
    """A percent that a completed task added, [starts_at, ends_at)."""

    offer_id: UUID
    code: str
    category: str
    percent: int
    starts_at: datetime
    ends_at: datetime
    issuer_id: UUID | None
    group: str


class Switch(NamedTuple):
    """That a member switched an offer on or off."""

    offer_id: UUID
    at: datetime
    is_on: bool


class Used(NamedTuple):
    """That a receipt earned by an offer whose uses are limited.

    Of somebody who was merged it counts `until` the two were parted.
    """

    offer_id: UUID
    at: datetime
    key: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member has of offers in a programme, of all time: raises, switches, uses."""

    raises: tuple[Raise, ...] = ()
    switches: Mapping[UUID, tuple[Switch, ...]] = field(default_factory=dict)
    uses: Mapping[UUID, tuple[Used, ...]] = field(default_factory=dict)
    audiences: frozenset[str] = frozenset()

    def is_on(self, offer_id: UUID, at: datetime) -> bool:
        """Tell whether an offer was switched on at an instant."""
        return is_on(self.switches.get(offer_id, ()), at)


NOTHING = Standing()


def is_on(switches: Sequence[Switch], at: datetime) -> bool:
    """Tell whether what was switched, in order of time, is on at an instant."""
    found = False
    for switch in switches:
        if switch.at > at:
            break
        found = switch.is_on
    return found


def limit_reached(uses: Sequence[Used], *, at: datetime, key: str, limit: int | None) -> bool:
    """Tell whether earlier uses leave nothing for one at an instant: the first `limit` count."""
    if limit is None:
        return False
    earlier = [used for used in uses if (used.at, used.key) < (at, key)]
    return sum(1 for used in earlier if used.until is None or at < used.until) >= limit


class ReasonKind(StrEnum):
    """Why a percent is what it is: the partner's own, raised by an offer, cut by the limit."""

    BASE = "base"
    RAISE = "raise"
    CAP = "cap"


class Reason(NamedTuple):
    """A part of a percent. Of a cut `percent` is the limit; `until` is when a raise ends."""

    kind: ReasonKind
    percent: int
    offer_id: UUID | None = None
    code: str = ""
    until: datetime | None = None


def raises_at(standing: Standing, category: str, at: datetime, *, room: int) -> list[Raise]:
    """Give the raises that count in a category at an instant, cut so that they fit into `room`.

    Of a group the highest counts; the greatest are taken first.
    """
    best: dict[str, Raise] = {}
    for one in standing.raises:
        if one.starts_at <= at < one.ends_at and covers(one.category, category):
            other = best.get(one.group)
            if other is None or (one.percent, one.ends_at) > (other.percent, other.ends_at):
                best[one.group] = one
    if not best:
        return []
    counted = []
    for one in sorted(best.values(), key=lambda one: (-one.percent, one.offer_id)):
        if room <= 0:
            break
        counted.append(one if one.percent <= room else one._replace(percent=room))
        room -= one.percent
    return counted


def own_percent(
    standing: Standing, *, base: int, percent_max: int, category: str, at: datetime
) -> tuple[int, tuple[Reason, ...]]:
    """Give a percent with its reasons: the base and the raises up to `percent_max`."""
    room = max(percent_max - base, 0)
    raises = raises_at(standing, category, at, room=room + WHOLE)
    reasons = [Reason(ReasonKind.BASE, base)]
    reasons += [
        Reason(ReasonKind.RAISE, one.percent, one.offer_id, one.code, one.ends_at) for one in raises
    ]
    raised = sum(one.percent for one in raises)
    if raised > room:
        reasons.append(Reason(ReasonKind.CAP, max(percent_max, base)))
    return base + min(raised, room), tuple(reasons)


def percent_at(
    standing: Standing, terms: Terms, category: str, at: datetime
) -> tuple[int, tuple[Reason, ...]]:
    """Give a member's own percent at a partner in a category at an instant, and why it is that.

    It is never above the programme's greatest, unless the partner's own base is.
    """
    return own_percent(
        standing,
        base=terms.percent,
        percent_max=terms.programme.percent_max,
        category=category or terms.partner.category,
        at=at,
    )
