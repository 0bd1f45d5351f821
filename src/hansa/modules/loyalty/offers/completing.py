"""Tasks done, and offers used: facts come in any order, what follows from them is the same.

Deeds are kept as they are; which of them complete a task is derived anew from all of a member's
deeds and switches of the offer, under the lock of the member's standing. Only offers limited to so
many in all or by day depend on who came first.

Deeds stay with the name they were done under, also when two members are made one: what a task gave
to either counts for both from then on (`kinship`), but two purchases of the one and one of the
other are no three, and a limit per member is one per name. So a late receipt changes what its own
name has done and nobody else's. Deriving a task from the deeds of all names was weighed: it has to
begin again at the merge and once more where it is undone, a receipt of one name may then take back
what was paid to the other, in another bucket, and so whoever settles must lock all names of a
person while a merge may be adding one. That is more than the lost beginning of a task is worth;
staff can make good for it by a correction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.offers.counting import Counted, Places, count
from hansa.modules.loyalty.offers.model import LiveOffer
from hansa.modules.loyalty.offers.purchases import Completion, Use
from hansa.modules.loyalty.offers.rulebook import read_versions
from hansa.modules.loyalty.offers.settling import (
    Deed,
    Difference,
    Done,
    compare,
    settle,
    version_at,
)
from hansa.modules.loyalty.offers.standings import MemberKey, load_standings
from hansa.modules.loyalty.offers.store import standing as store
from hansa.modules.loyalty.offers.telling import (
    Changed,
    TaskKey,
    changes_of,
    rewritten,
    tell,
)
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Row, Transaction


async def complete_tasks(
    tx: Transaction,
    *,
    coalition: Coalition,
    completions: Sequence[Completion],
    recounted: Collection[tuple[UUID, UUID, str]] = (),
    slot: int = 0,
    now: datetime,
) -> list[Changed]:
    """Record what members did; raises hold from the instant of the deed on, also a past one.

    Idempotent per offer, member and key. `recounted` names receipts (programme, member, key) that
    were counted before: what they completed then and do not any more is taken back. Publishes
    TaskCompleted, PercentChanged, TaskRewardDue and PercentsRewritten; answers the same for callers
    that go on at once.
    """
    members = {(one.programme_id, one.member_id) for one in completions}
    members |= {(programme_id, member_id) for programme_id, member_id, _ in recounted}
    if not members:
        return []
    await lock_standings(tx, members)
    touched: set[TaskKey] = set()
    if recounted:
        touched |= await _remove_deeds(tx, recounted, completions)
    if completions:
        rows = await tx.all(store.SAVE_DEEDS, _deed_columns(completions))
        touched |= {(row.programme_id, row.member_id, row.offer_id) for row in rows}
    return await settle_tasks(tx, coalition=coalition, tasks=touched, slot=slot, now=now)


async def settle_tasks(
    tx: Transaction, *, coalition: Coalition, tasks: Collection[TaskKey], slot: int, now: datetime
) -> list[Changed]:
    """Derive anew which tasks are done; standings of the members must be locked."""
    if not tasks:
        return []
    listed = sorted(tasks)
    members = sorted({(programme_id, member_id) for programme_id, member_id, _ in listed})
    versions = await read_versions(tx, offer_ids=sorted({offer_id for _, _, offer_id in listed}))
    standings = await load_standings(tx, members=members)
    columns = _task_columns(listed)
    deeds: dict[TaskKey, list[Deed]] = {}
    for row in await tx.all(store.LIST_DEEDS, columns):
        deed = Deed(row.offer_id, row.key, row.at, row.amount_minor, row.is_refused)
        deeds.setdefault((row.programme_id, row.member_id, row.offer_id), []).append(deed)
    before: dict[TaskKey, dict[str, Done]] = {}
    for row in await tx.all(store.LIST_COMPLETIONS, columns):
        key = row.programme_id, row.member_id, row.offer_id
        before.setdefault(key, {})[row.key] = _done_of(row)
    limited = _limited(versions)
    places = await Places.lock(tx, offer_ids=limited, now=now)
    come: list[tuple[TaskKey, Done]] = []
    gone: list[tuple[TaskKey, Done]] = []
    refused: list[tuple[TaskKey, str]] = []
    for key in listed:
        offer_id = key[2]
        of_offer = versions.get(offer_id, [])
        switches = standings[key[0], key[1]].switches.get(offer_id, ())
        mine = deeds.get(key, [])
        known = before.get(key, {})
        while True:
            change = compare(known, settle(of_offer, mine, switches))
            full = _take_places(change, of_offer, places) if offer_id in limited else None
            if full is None:
                break
            refused.append((key, full))
            mine = [one._replace(is_refused=one.is_refused or one.key == full) for one in mine]
        come += [(key, one) for one in change.come]
        gone += [(key, one) for one in change.gone]
    await places.save(tx)
    await _save(tx, come=come, gone=gone, refused=refused)
    changed = changes_of(come, gone)
    await tell(tx, coalition, standings, changed, come=come, versions=versions, now=now)
    await count(
        tx,
        slot=slot,
        counted=[Counted(key[2], completed=1) for key, _ in come]
        + [Counted(key[2], completed=-1) for key, _ in gone],
        now=now,
    )
    return changed


async def record_uses(
    tx: Transaction, *, uses: Sequence[Use], slot: int = 0, now: datetime
) -> list[Changed]:
    """Record that receipts earned by offers; of a receipt counted again the differences.

    Answers whose receipts are to be counted again since when: an earlier use that became known late
    takes the place of a later one. Call it after `complete_tasks`.
    """
    limited = [one for one in uses if one.limit is not None and one.times]
    changed: list[Changed] = []
    if limited:
        await lock_standings(tx, {(one.programme_id, one.member_id) for one in limited})
        come = [one for one in limited if one.times > 0]
        gone = [one for one in limited if one.times < 0]
        if gone:
            await tx.execute(store.REMOVE_USES, _use_columns(gone))
        if come:
            await tx.execute(store.SAVE_USES, _use_columns(come))
        columns = _use_columns(limited) | {
            "limits": [one.limit for one in limited],
            "is_gone": [one.times < 0 for one in limited],
        }
        changed = [
            Changed(programme_id=row.programme_id, member_id=row.member_id, since=row.since)
            for row in await tx.all(store.LIST_DISPLACED, columns)
        ]
        await tx.publish(*rewritten(changed))
    await count(
        tx,
        slot=slot,
        counted=[
            Counted(one.offer_id, uses=one.times, points=one.points, amount_minor=one.amount_minor)
            for one in uses
        ],
        now=now,
    )
    return changed


async def lock_standings(tx: Transaction, members: Iterable[MemberKey]) -> None:
    """Lock what members have, in order, until the end of the transaction."""
    keys = sorted(
        (bucket_of(member_id), programme_id, member_id) for programme_id, member_id in members
    )
    await tx.execute(
        store.LOCK,
        {
            "buckets": [bucket for bucket, _, _ in keys],
            "programme_ids": [programme_id for _, programme_id, _ in keys],
            "member_ids": [member_id for _, _, member_id in keys],
        },
    )


async def _remove_deeds(
    tx: Transaction,
    recounted: Collection[tuple[UUID, UUID, str]],
    completions: Sequence[Completion],
) -> set[TaskKey]:
    listed = list(recounted)
    rows = await tx.all(
        store.REMOVE_DEEDS,
        {
            "buckets": [bucket_of(member_id) for _, member_id, _ in listed],
            "programme_ids": [programme_id for programme_id, _, _ in listed],
            "member_ids": [member_id for _, member_id, _ in listed],
            "keys": [key for _, _, key in listed],
            "kept_programme_ids": [one.programme_id for one in completions],
            "kept_member_ids": [one.member_id for one in completions],
            "kept_offer_ids": [one.offer_id for one in completions],
            "kept_keys": [one.key for one in completions],
        },
    )
    return {(row.programme_id, row.member_id, row.offer_id) for row in rows}


def _limited(versions: Mapping[UUID, Sequence[LiveOffer]]) -> set[UUID]:
    """Give the offers whose completions are limited; others are limited when switched on."""
    return {
        offer_id
        for offer_id, listed in versions.items()
        for one in listed
        if not one.content.needs_activation
        and (one.content.limits.total is not None or one.content.limits.per_day is not None)
    }


def _take_places(change: Difference, versions: Sequence[LiveOffer], places: Places) -> str | None:
    """Take the places a change needs, or none: answers the first key for which none is left."""
    mark = places.mark()
    known = {one.key for one in change.gone}
    staying = {one.key for one in change.come}
    for one in change.gone:
        if one.key not in staying:
            places.give_back(one.offer_id)
    for one in change.come:
        offer = version_at(versions, one.at)
        if offer is None or one.key in known:
            continue
        limits = offer.content.limits
        if not places.take(offer.id, total=limits.total, per_day=limits.per_day):
            places.go_back(mark)
            return one.key
    return None


async def _save(
    tx: Transaction,
    *,
    come: Sequence[tuple[TaskKey, Done]],
    gone: Sequence[tuple[TaskKey, Done]],
    refused: Sequence[tuple[TaskKey, str]],
) -> None:
    if refused:
        columns = _task_columns([key for key, _ in refused])
        await tx.execute(store.REFUSE_DEEDS, columns | {"keys": [one for _, one in refused]})
    written = {(key, one.key): (key, one, False) for key, one in gone}
    written |= {(key, one.key): (key, one, True) for key, one in come}
    if not written:
        return
    rows = list(written.values())
    dones = [one for _, one, _ in rows]
    await tx.execute(
        store.SAVE_COMPLETIONS,
        _task_columns([key for key, _, _ in rows])
        | {
            "keys": [one.key for one in dones],
            "ats": [one.at for one in dones],
            "codes": [one.code for one in dones],
            "categories": [one.category for one in dones],
            "percents": [one.percent for one in dones],
            "starts": [one.starts_at for one in dones],
            "ends": [one.ends_at for one in dones],
            "issuer_ids": [one.issuer_id for one in dones],
            "stacks": [one.stack for one in dones],
            "points": [one.points for one in dones],
            "versions": [one.version for one in dones],
            "standing": [stands for _, _, stands in rows],
        },
    )


def _task_columns(tasks: Sequence[TaskKey]) -> dict[str, Any]:
    return {
        "buckets": [bucket_of(member_id) for _, member_id, _ in tasks],
        "programme_ids": [programme_id for programme_id, _, _ in tasks],
        "member_ids": [member_id for _, member_id, _ in tasks],
        "offer_ids": [offer_id for _, _, offer_id in tasks],
    }


def _deed_columns(completions: Sequence[Completion]) -> dict[str, Any]:
    unique = {(one.programme_id, one.member_id, one.offer_id, one.key): one for one in completions}
    keys = sorted(unique)
    return _task_columns([(programme, member, offer) for programme, member, offer, _ in keys]) | {
        "keys": [key for _, _, _, key in keys],
        "ats": [unique[one].at for one in keys],
        "amounts": [unique[one].amount_minor for one in keys],
    }


def _use_columns(uses: Sequence[Use]) -> dict[str, Any]:
    return _task_columns([(one.programme_id, one.member_id, one.offer_id) for one in uses]) | {
        "keys": [one.key for one in uses],
        "ats": [one.at for one in uses],
    }


def _done_of(row: Row) -> Done:
    return Done(
        offer_id=row.offer_id,
        key=row.key,
        at=row.at,
        code=row.code,
        category=row.category,
        percent=row.percent,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        issuer_id=row.issuer_id,
        stack=row.stack,
        points=row.points,
        version=row.version,
        is_standing=row.is_standing,
    )
