"""A member's percents as partners read them: many at once in two statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from hansa.modules.loyalty.members import MemberRef, MemberState, RefKind, resolve
from hansa.modules.loyalty.offers.standing import Reason, Standing, percent_at
from hansa.modules.loyalty.offers.standings import load_standings
from hansa.modules.loyalty.programmes import Terms
from hansa.runtime.database import Gatherer, Snapshot

if TYPE_CHECKING:
    from hansa.runtime.context import Context

CATEGORIES_MAX = 50
KEYS_MAX = 500

Asked = tuple[UUID, UUID | None, MemberRef]
"""A programme, the partner that asks, and by what the member is named."""


class Percent(NamedTuple):
    """A percent in a category (empty: in all that are not named), and why it is that."""

    category: str
    percent: int
    until: datetime | None
    reasons: tuple[Reason, ...]


class Percents(NamedTuple):
    """The percents of a member at a partner, as of an instant."""

    member_id: UUID
    percents: tuple[Percent, ...]
    as_of: datetime


class PercentReader:
    """Reads percents; whoever asks at the same time is answered by the same statements."""

    def __init__(self, context: "Context") -> None:
        self._gatherer: Gatherer[Asked, tuple[UUID, Standing]] = Gatherer(
            context.database, _read, name="loyalty-percents", limit=KEYS_MAX
        )

    async def start(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Answer those that wait."""
        await self._gatherer.close()

    async def read(
        self, *, terms: Terms, ref: MemberRef, categories: Sequence[str] = (), at: datetime
    ) -> Percents | None:
        """Give a member's percents at a partner; None if nobody active is named so.

        Without categories named: in general, and in each category in which a raise holds.
        """
        found = await self._gatherer.get((terms.programme.id, terms.partner.id, ref))
        if found is None:
            return None
        member_id, standing = found
        return Percents(member_id, percents_at(standing, terms, categories, at), at)


def percents_at(
    standing: Standing, terms: Terms, categories: Sequence[str], at: datetime
) -> tuple[Percent, ...]:
    """Give the percents of categories, or of all that differ."""
    wanted: Iterable[str] = categories or (
        "",
        *sorted({one.category for one in standing.raises if one.category and one.ends_at > at}),
    )
    found = []
    for category in wanted:
        percent, reasons = percent_at(standing, terms, category, at)
        until = min((one.until for one in reasons if one.until is not None), default=None)
        found.append(Percent(category, percent, until, reasons))
    return tuple(found)


async def _read(snap: Snapshot, asked: Sequence[Asked]) -> Mapping[Asked, tuple[UUID, Standing]]:
    memberships = await resolve(snap, programme_id_refs=asked)
    active = {key: one for key, one in memberships.items() if one.state is MemberState.ACTIVE}
    keys = list({(one.programme_id, one.member_id) for one in active.values()})
    standings = await load_standings(snap, members=keys) if keys else {}
    return {
        key: (one.member_id, standings[one.programme_id, one.member_id])
        for key, one in active.items()
    }


def by_number(member_id: UUID) -> MemberRef:
    """Name a member by its number."""
    return MemberRef(RefKind.ID, str(member_id))
