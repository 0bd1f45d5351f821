"""Writing down what came of calls: attempts, the messages' next step, how endpoints stand."""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter, Histogram

from hansa.contracts.webhooks import EndpointDisabled
from hansa.modules import accounts
from hansa.modules.webhooks import model
from hansa.modules.webhooks.calling import Told
from hansa.modules.webhooks.model import MessageState, Reason
from hansa.modules.webhooks.operations import SUBJECT
from hansa.modules.webhooks.store import delivery as sql
from hansa.modules.webhooks.store import messages as messages_sql
from hansa.runtime.database import Transaction

_ATTEMPTS = Counter("hansa_webhooks_attempts_total", "Calls of endpoints", ["outcome"])
_DELAY = Histogram(
    "hansa_webhooks_delay_seconds",
    "From writing a message to its arrival",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 30, 300, 3600, 86_400),
)
_DISABLED = Counter("hansa_webhooks_disabled_total", "Endpoints that were disabled", ["reason"])


async def apply(tx: Transaction, told: Sequence[Told], *, now: datetime) -> None:
    """Write down what came of calls; endpoints that are gone or lost are disabled.

    Publishes EndpointDisabled.
    """
    if not told:
        return
    endpoint_ids = sorted({one.claimed.endpoint_id for one in told})
    failing_since = {
        row.id: row.failing_since
        for row in await tx.all(sql.LOCK_ENDPOINTS, {"endpoint_ids": endpoint_ids})
    }
    await _write_attempts(tx, told)
    await _settle(tx, told, now)
    arrived = {one.claimed.endpoint_id for one in told if one.has_arrived}
    failed = {one.claimed.endpoint_id for one in told if not one.has_arrived} - arrived
    await tx.execute(sql.NOTE_FAILURES, {"endpoint_ids": sorted(failed), "now": now})
    await tx.execute(sql.NOTE_DELIVERIES, {"endpoint_ids": sorted(arrived), "now": now})
    gone = {one.claimed.endpoint_id for one in told if one.is_gone}
    await _disable(tx, gone, Reason.GONE, now)
    lost = {
        one.claimed.endpoint_id
        for one in told
        if one.claimed.endpoint_id in failed - gone
        and model.is_lost(
            failing_since=failing_since[one.claimed.endpoint_id],
            failures=one.claimed.failures + 1,
            now=now,
        )
    }
    await _disable(tx, lost, Reason.FAILING, now)


def measure(told: Sequence[Told], *, now: datetime) -> None:
    """Count what was written down."""
    for one in told:
        _ATTEMPTS.labels("delivered" if one.has_arrived else "failed").inc()
        if one.has_arrived:
            _DELAY.observe(max(0.0, (now - one.claimed.created_at).total_seconds()))


async def _write_attempts(tx: Transaction, told: Sequence[Told]) -> None:
    await tx.execute(
        sql.ADD_ATTEMPTS,
        {
            "message_ids": [one.claimed.id for one in told],
            "began_ats": [one.began_at for one in told],
            "milliseconds": [one.milliseconds for one in told],
            "statuses": [one.status for one in told],
            "codes": [one.code for one in told],
            "answers": [one.answer for one in told],
        },
    )


async def _settle(tx: Transaction, told: Sequence[Told], now: datetime) -> None:
    states, failures, next_ats, ended_ats = [], [], [], []
    for one in told:
        failed = one.claimed.failures + (0 if one.has_arrived else 1)
        again_at = None
        if not one.has_arrived:
            again_at = model.next_attempt_at(
                failures=failed,
                now=now,
                retry_after_seconds=one.retry_after_seconds,
                spread=random.random(),  # noqa: S311 - spreads load, guards nothing
            )
        if one.has_arrived:
            states.append(MessageState.DELIVERED)
        else:
            states.append(MessageState.WAITING if again_at else MessageState.DEAD)
        failures.append(failed)
        next_ats.append(again_at)
        ended_ats.append(None if again_at else now)
    await tx.execute(
        sql.SETTLE,
        {
            "message_ids": [one.claimed.id for one in told],
            "states": [str(one) for one in states],
            "failures": failures,
            "next_ats": next_ats,
            "ended_ats": ended_ats,
            "codes": [one.code for one in told],
        },
    )


async def _disable(tx: Transaction, ids: set[UUID], reason: Reason, now: datetime) -> None:
    if not ids:
        return
    rows = await tx.all(sql.DISABLE, {"endpoint_ids": sorted(ids), "reason": reason, "now": now})
    disabled = [row.id for row in rows]
    await tx.execute(
        messages_sql.CANCEL_WAITING,
        {"endpoint_ids": disabled, "code": f"endpoint_{reason}", "now": now},
    )
    for row in rows:
        _DISABLED.labels(reason).inc()
        await tx.publish(
            EndpointDisabled(
                endpoint_id=row.id, owner_id=row.owner_id, reason=reason, disabled_at=now
            )
        )
        await accounts.record(
            tx,
            actor=None,
            action="webhooks.endpoint_disabled",
            subject_kind=SUBJECT,
            subject_id=row.id,
            after={"reason": reason},
            now=now,
        )
