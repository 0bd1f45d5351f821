"""Features and audiences in memory: a question costs no statement. A second old at most.

Audiences are kept as sorted numbers of 16 bytes, one after the other, and searched by halves: exact
(a Bloom filter would let strangers in), 16 MB for a million people, some microseconds a question.
One indexed query with a cache was the other way: it makes a question wait, and asks the database
most when there is most to do. All audiences together have two million members at most
(`model.ALL_MEMBERS_MAX`), so all are kept: other modules may ask for one by its code.
"""

import asyncio
from bisect import bisect_left
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from hansa.modules.rollout import queries, store
from hansa.modules.rollout.model import Answer, Reason, Setting, decide
from hansa.runtime.database import Snapshot
from hansa.runtime.keeping import KeptFresh

if TYPE_CHECKING:
    from hansa.runtime.context import Context

REFRESH_SECONDS = 1.0
PACKED_STEP = 100_000
_BYTES = 16

_log = structlog.get_logger(__name__)


class Roster:
    """Who is in an audience, as of a revision."""

    __slots__ = ("_packed", "revision")

    def __init__(self, packed: bytes, revision: int) -> None:
        self._packed = packed
        self.revision = revision

    def __len__(self) -> int:
        return len(self._packed) // _BYTES

    def __contains__(self, subject: UUID) -> bool:
        wanted = subject.bytes
        place = bisect_left(range(len(self)), wanted, key=self._at)
        return place < len(self) and self._at(place) == wanted

    def _at(self, place: int) -> bytes:
        return self._packed[place * _BYTES : (place + 1) * _BYTES]


class Rollout:
    """For whom features are on, as of a second ago; if the database is away, as it was."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._now = context.clock.now
        self._settings: dict[str, Setting] = {}
        self._rosters: dict[UUID, Roster] = {}
        self._by_code: dict[str, Roster] = {}
        self._reading = asyncio.Lock()
        self._fresh = KeptFresh(self.refresh, name="rollout", seconds=REFRESH_SECONDS)

    async def start(self) -> None:
        """Read and keep on reading."""
        await self._fresh.start()

    async def close(self) -> None:
        """Stop reading."""
        await self._fresh.close()

    def is_on(self, feature: str, subject: UUID | None, *, market: str | None = None) -> bool:
        """Tell whether a feature is on for somebody; None is whoever is not signed in."""
        return self.explain(feature, subject, market=market).is_on

    def is_in(self, audience: str, subject: UUID) -> bool:
        """Tell whether somebody is in an audience; nobody is in one that does not exist."""
        roster = self._by_code.get(audience)
        return roster is not None and subject in roster

    def explain(self, feature: str, subject: UUID | None, *, market: str | None = None) -> Answer:
        """Tell whether a feature is on for somebody, and which rule says so."""
        setting = self._settings.get(feature)
        if setting is None:
            return Answer(is_on=False, reason=Reason.UNKNOWN)
        return decide(
            feature,
            setting.rules,
            subject=subject,
            market=market,
            now=self._now(),
            is_in=self._is_in,
        )

    async def refresh(self) -> None:
        """Read now what has changed."""
        async with self._reading, self._database.snapshot() as snap:
            settings = await queries.list_settings(snap)
            rosters, codes = {}, {}
            for row in await snap.all(store.KEPT_AUDIENCES):
                held = self._rosters.get(row.id)
                if held is None or held.revision != row.revision:
                    held = Roster(await _read_packed(snap, row.id), row.revision)
                rosters[row.id] = codes[row.code] = held
        self._settings, self._rosters, self._by_code = settings, rosters, codes

    def _is_in(self, audience_id: UUID, subject: UUID) -> bool:
        roster = self._rosters.get(audience_id)
        return roster is not None and subject in roster


async def _read_packed(snap: Snapshot, audience_id: UUID) -> bytes:
    """Read an audience piece by piece, so that the process answers others meanwhile."""
    pieces: list[bytes] = []
    after: UUID | None = None
    while True:
        packed = await snap.scalar(
            store.PACKED_MEMBERS, {"id": audience_id, "after": after, "limit": PACKED_STEP}
        )
        if not packed:
            return b"".join(pieces)
        pieces.append(bytes(packed))
        if len(packed) < PACKED_STEP * _BYTES:
            return b"".join(pieces)
        after = UUID(bytes=pieces[-1][-_BYTES:])


def is_on(
    context: "Context", feature: str, subject: UUID | None, *, market: str | None = None
) -> bool:
    """Tell whether a feature is on for somebody (party or member; None: nobody we know)."""
    return context.service(Rollout).is_on(feature, subject, market=market)


def explain(
    context: "Context", feature: str, subject: UUID | None, *, market: str | None = None
) -> Answer:
    """Tell whether a feature is on for somebody, and which rule says so."""
    return context.service(Rollout).explain(feature, subject, market=market)
