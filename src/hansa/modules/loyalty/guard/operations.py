"""What people do: rules of a programme, and deciding about alerts. All of it is audited."""

from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules import accounts
from hansa.modules.loyalty.guard import queries
from hansa.modules.loyalty.guard.faults import (
    AlertOver,
    NoSuchAlert,
    ReasonNeeded,
)
from hansa.modules.loyalty.guard.model import (
    Alert,
    AlertState,
    Rules,
    check_rules,
)
from hansa.modules.loyalty.guard.store import watching
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

NOTE_CHARACTERS_MAX = 1_000


async def save_rules(
    tx: Transaction, *, programme_id: UUID, rules: Rules, by: Actor | None, now: datetime
) -> None:
    """Say what a programme watches for; holds in every process within two seconds.

    A new limit counts from now on: what was before it is not known.

    Raises:
        RulesInvalid: a field is no such thing.
    """
    check_rules(rules)
    before = await queries.get_rules(tx, programme_id=programme_id)
    if rules == before:
        return
    await tx.execute(
        watching.SAVE_RULES,
        {
            "programme_id": programme_id,
            "rules": msgspec.json.encode(rules).decode(),
            "now": now,
        },
    )
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_guard_rules",
        subject_kind="loyalty_programme",
        subject_id=programme_id,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(rules),
        now=now,
    )


async def look_at_alert(tx: Transaction, *, alert_id: UUID, by: Actor, now: datetime) -> Alert:
    """Say that somebody is at it. Again changes nothing.

    Raises:
        NoSuchAlert, AlertOver: as their names say.
    """
    alert = await _lock(tx, alert_id)
    if alert.state is AlertState.LOOKED_AT:
        return alert
    if alert.state is not AlertState.NEW:
        raise AlertOver
    return await _move(tx, alert, AlertState.LOOKED_AT, note=alert.note, by=by, now=now)


async def dismiss_alert(
    tx: Transaction, *, alert_id: UUID, reason: str, by: Actor, now: datetime
) -> Alert:
    """Say that there is nothing in it; of a blocked member it lifts the block.

    Raises:
        NoSuchAlert, ReasonNeeded: as their names say.
        AlertOver: it was dismissed before.
    """
    note = _reason(reason)
    alert = await _lock(tx, alert_id)
    if alert.state is AlertState.DISMISSED:
        raise AlertOver
    if alert.state is AlertState.BLOCKED:
        await tx.execute(watching.UNBLOCK_MEMBER, {"alert_id": alert.id})
    return await _move(tx, alert, AlertState.DISMISSED, note=note, by=by, now=now)


async def block_member(
    tx: Transaction, *, alert_id: UUID, reason: str, by: Actor, now: datetime
) -> Alert:
    """Let the member of an alert spend nothing in its programme; devices are trusted no more.

    Earning goes on: nothing of it can leave.

    Raises:
        NoSuchAlert, ReasonNeeded: as their names say.
        AlertOver: somebody has decided already.
    """
    note = _reason(reason)
    alert = await _lock(tx, alert_id)
    if alert.state not in {AlertState.NEW, AlertState.LOOKED_AT}:
        raise AlertOver
    await tx.execute(watching.BLOCK_MEMBER, _blocking(alert))
    await tx.execute(
        watching.DISTRUST_DEVICES,
        {"bucket": bucket_of(alert.member_id), "member_id": alert.member_id},
    )
    return await _move(tx, alert, AlertState.BLOCKED, note=note, by=by, now=now)


def _reason(text: str) -> str:
    note = text.strip()
    if not note or len(note) > NOTE_CHARACTERS_MAX:
        raise ReasonNeeded
    return note


def _blocking(alert: Alert) -> dict[str, object]:
    return {
        "bucket": bucket_of(alert.member_id),
        "programme_id": alert.programme_id,
        "member_id": alert.member_id,
        "alert_id": alert.id,
    }


async def _lock(tx: Transaction, alert_id: UUID) -> Alert:
    row = await tx.maybe(watching.LOCK_ALERT, {"id": alert_id})
    if row is None:
        raise NoSuchAlert
    return queries.alert_of(row)


async def _move(
    tx: Transaction, alert: Alert, state: AlertState, *, note: str, by: Actor, now: datetime
) -> Alert:
    await tx.execute(
        watching.SAVE_ALERT,
        {"id": alert.id, "state": state, "note": note, "by": by.id, "now": now},
    )
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.alert_{state}",
        subject_kind="loyalty_alert",
        subject_id=alert.id,
        before={"state": str(alert.state), "note": alert.note},
        after={"state": str(state), "note": note},
        now=now,
    )
    return await queries.get_alert(tx, alert_id=alert.id)
