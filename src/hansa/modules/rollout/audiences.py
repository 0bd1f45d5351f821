"""Audiences: making them, putting people in and taking them out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from hansa.contracts.parties import PartiesMerged
from hansa.modules import accounts
from hansa.modules.rollout import queries, store
from hansa.modules.rollout.model import (
    ALL_MEMBERS_MAX,
    AUDIENCE_MEMBERS_MAX,
    AUDIENCES_MAX,
    Audience,
    AudienceInUse,
    AudienceTaken,
    TooManyPeople,
    check_audience,
)
from hansa.modules.rollout.people import FAULTS_SHOWN, Entry, Fault, find_people
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

T = TypeVar("T")

STEP = 5_000
NAMED_MAX = 20
"""So many people the audit log names one by one; of more it says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """How many are new, how many were there already, and who could not be found."""

    added: int
    present: int
    faults_count: int
    faults: tuple[Fault, ...] = ()


async def save_audience(
    tx: Transaction, *, audience: Audience, by: Actor | None, now: datetime
) -> Audience:
    """Make an audience or rename it. Audited.

    Raises:
        AudienceInvalid, AudienceTaken: as their names say.
        TooManyPeople: there are too many audiences.
    """
    check_audience(audience)
    await tx.execute(store.LOCK_AUDIENCES)
    found = await queries.find_audiences(tx, ids=[audience.id], codes=[audience.code])
    if any(one.id != audience.id for one in found):
        raise AudienceTaken(audience.code)
    before = next((one for one in found if one.id == audience.id), None)
    if before is None:
        _, count = await tx.one(store.COUNT_ALL)
        if count >= AUDIENCES_MAX:
            raise TooManyPeople(AUDIENCES_MAX)
    names = ("code", "name", "note")
    columns = {name: getattr(audience, name) for name in ("id", *names)}
    await tx.execute(store.SAVE_AUDIENCE, columns | {"now": now})
    await accounts.record(
        tx,
        actor=by,
        action="rollout.save_audience",
        subject_kind="rollout_audience",
        subject_id=audience.id,
        before=None if before is None else {name: getattr(before, name) for name in names},
        after={name: getattr(audience, name) for name in names},
        now=now,
    )
    return await queries.get_audience(tx, audience_id=audience.id)


async def remove_audience(
    tx: Transaction, *, audience_id: UUID, by: Actor | None, now: datetime
) -> None:
    """Forget an audience nothing asks for. Audited.

    Raises:
        NoSuchAudience: there is none.
        AudienceInUse: a feature asks for it.
    """
    await tx.execute(store.LOCK_AUDIENCES)
    audience = await queries.get_audience(tx, audience_id=audience_id)
    using = await queries.features_using(tx, audience_id=audience_id)
    if using:
        raise AudienceInUse(", ".join(using))
    await tx.execute(store.REMOVE_MEMBERS, {"id": audience_id})
    await tx.execute(store.REMOVE_AUDIENCE, {"id": audience_id})
    await accounts.record(
        tx,
        actor=by,
        action="rollout.remove_audience",
        subject_kind="rollout_audience",
        subject_id=audience_id,
        before={"code": audience.code, "name": audience.name, "members": audience.members},
        now=now,
    )


async def add_people(
    tx: Transaction,
    *,
    audience_id: UUID,
    entries: Iterable[Entry],
    region: str = "RU",
    source: str = "",
    by: Actor | None,
    now: datetime,
) -> Added:
    """Put people into an audience, as many as a file may have, some thousands at a time. Audited.

    Who cannot be found is left out and told; `source` names the file they came from.

    Raises:
        NoSuchAudience: there is none.
        TooManyPeople: they would be too many; nobody was added.
        FileUnreadable: from the entries, while they are read.
    """
    await tx.execute(store.LOCK_AUDIENCES)
    audience = await queries.get_audience(tx, audience_id=audience_id)
    in_all, _ = await tx.one(store.COUNT_ALL)
    room = min(AUDIENCE_MEMBERS_MAX - audience.members, ALL_MEMBERS_MAX - in_all)
    added = present = faults_count = 0
    faults: list[Fault] = []
    named: list[UUID] = []
    for some in _batches(entries):
        found = await find_people(tx, some, region=region)
        ids = list(found.subject_ids)
        new = await tx.execute(
            store.ADD_MEMBERS, {"id": audience_id, "subject_ids": ids, "now": now}
        )
        added += new
        present += len(ids) - new
        faults_count += len(found.faults)
        faults += found.faults[: FAULTS_SHOWN - len(faults)]
        named += ids[: NAMED_MAX + 1 - len(named)]
        if added > room:
            raise TooManyPeople(min(AUDIENCE_MEMBERS_MAX, ALL_MEMBERS_MAX))
    if added:
        await _count(tx, audience, added, named, source=source, by=by, now=now)
    return Added(added=added, present=present, faults_count=faults_count, faults=tuple(faults))


async def take_people(
    tx: Transaction,
    *,
    audience_id: UUID,
    subject_ids: Sequence[UUID],
    by: Actor | None,
    now: datetime,
) -> int:
    """Take people out of an audience; give how many were in it. Audited.

    Raises:
        NoSuchAudience: there is none.
    """
    await tx.execute(store.LOCK_AUDIENCES)
    audience = await queries.get_audience(tx, audience_id=audience_id)
    gone = await tx.execute(
        store.DROP_MEMBERS, {"id": audience_id, "subject_ids": list(subject_ids)}
    )
    if gone:
        await _count(tx, audience, -gone, subject_ids, by=by, now=now)
    return gone


async def on_merged(tx: Transaction, event: PartiesMerged, now: datetime) -> None:
    """Let the party that stands for both be wherever the absorbed one was.

    The absorbed one stays too: if the two are parted, it is where it was. An allow list is not
    touched: it names few, and by hand.
    """
    await tx.execute(store.LOCK_AUDIENCES)
    for row in await tx.all(store.AUDIENCES_OF, {"subject_id": event.absorb_id}):
        audience = await queries.get_audience(tx, audience_id=row.audience_id)
        added = await tx.execute(
            store.ADD_MEMBERS,
            {"id": audience.id, "subject_ids": [event.keep_id], "now": now},
        )
        if added:
            await _count(tx, audience, added, [event.keep_id], by=None, now=now)


async def _count(
    tx: Transaction,
    audience: Audience,
    change: int,
    named: Sequence[UUID],
    *,
    source: str = "",
    by: Actor | None,
    now: datetime,
) -> None:
    await tx.execute(store.COUNT_MEMBERS, {"id": audience.id, "change": change, "now": now})
    after: dict[str, object] = {"members": audience.members + change}
    if len(named) <= NAMED_MAX:
        after["subject_ids"] = [str(one) for one in named]
    if source:
        after["source"] = source[:100]
    await accounts.record(
        tx,
        actor=by,
        action="rollout.add_people" if change > 0 else "rollout.take_people",
        subject_kind="rollout_audience",
        subject_id=audience.id,
        before={"members": audience.members},
        after=after,
        now=now,
    )


def _batches(entries: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(entries)
    while some := list(islice(rest, STEP)):
        yield some
