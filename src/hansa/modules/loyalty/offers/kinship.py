"""What members have while they are one: nothing is moved, so parting them leaves each its own.

From the merge on, until it is undone, the raises, switches and uses of each count for the other.
What happened before is judged by what each had alone. Pure.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.members import Kin
from hansa.modules.loyalty.offers.standing import Raise, Standing, Switch, Used, is_on


def joined(own: Standing, others: Sequence[tuple[Kin, Standing]]) -> Standing:
    """Give what a member has with what those it was merged with had."""
    raises = list(own.raises)
    uses = {offer_id: list(used) for offer_id, used in own.uses.items()}
    switches = {offer_id: list(switched) for offer_id, switched in own.switches.items()}
    for kin, other in others:
        raises += [cut for one in other.raises if (cut := _cut(one, kin)) is not None]
        for offer_id, used in other.uses.items():
            uses.setdefault(offer_id, []).extend(_seen(one, kin) for one in used)
        for offer_id, switched in other.switches.items():
            mine = own.switches.get(offer_id, ())
            switches.setdefault(offer_id, []).extend(_followed(offer_id, switched, mine, kin))
    return replace(
        own,
        raises=tuple(raises),
        uses={offer_id: _in_order(used) for offer_id, used in uses.items()},
        switches={offer_id: _by_time(switched) for offer_id, switched in switches.items()},
    )


def _cut(one: Raise, kin: Kin) -> Raise | None:
    """Give the part of a raise that lies in the time together."""
    starts_at = max(one.starts_at, kin.since)
    ends_at = one.ends_at if kin.until is None else min(one.ends_at, kin.until)
    if starts_at >= ends_at:
        return None
    return one._replace(starts_at=starts_at, ends_at=ends_at)


def _seen(one: Used, kin: Kin) -> Used:
    return one._replace(at=max(one.at, kin.since), until=kin.until)


def _followed(
    offer_id: UUID, theirs: Sequence[Switch], mine: Sequence[Switch], kin: Kin
) -> list[Switch]:
    """Give what the other's switches did: what was on is on, then whoever switched last decides."""
    during = [one for one in theirs if kin.since < one.at and _before(one.at, kin.until)]
    if is_on(theirs, kin.since):
        during.insert(0, Switch(offer_id, kin.since, is_on=True))
    if during and kin.until is not None:
        during.append(Switch(offer_id, kin.until, is_on=is_on(mine, kin.until)))
    return during


def _before(at: datetime, until: datetime | None) -> bool:
    return until is None or at < until


def _by_time(switched: Sequence[Switch]) -> tuple[Switch, ...]:
    return tuple(sorted(switched, key=lambda one: one.at))


def _in_order(used: Sequence[Used]) -> tuple[Used, ...]:
    return tuple(sorted(used, key=lambda one: (one.at, one.key)))
