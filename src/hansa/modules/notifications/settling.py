"""Writing down what came of deliveries, many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.notifications import devices
from hansa.modules.notifications.channels import Gone, Later, Outcome, Refused, Sent
from hansa.modules.notifications.claiming import Ready
from hansa.modules.notifications.messages import ATTEMPTS_MAX, MessageState, Reason, pause_after
from hansa.modules.notifications.store import messages as store
from hansa.runtime.database import Transaction

REASON_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message with the outcome of each delivery; `sent_at` is when the calls began."""

    ready: Ready
    outcomes: tuple[Outcome, ...]
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class _End:
    id: UUID
    state: MessageState
    reason: str = ""
    due_at: datetime | None = None


async def settle(tx: Transaction, *, told: Sequence[Told], now: datetime) -> None:
    """Write outcomes down: devices that are gone are forgotten, what is to come again waits."""
    pairs = [
        (delivery_id, device, outcome, one.sent_at)
        for one in told
        for (delivery_id, device), outcome in zip(one.ready.deliveries, one.outcomes, strict=True)
    ]
    await tx.execute(
        store.END_DELIVERIES,
        {
            "ids": [delivery_id for delivery_id, *_ in pairs],
            "states": [state_of(outcome) for _, _, outcome, _ in pairs],
            "reasons": [reason_of(outcome) for _, _, outcome, _ in pairs],
            "now": now,
        },
    )
    for _, device, outcome, sent_at in pairs:
        if isinstance(outcome, Gone):
            await devices.remove_gone(tx, device_id=device.id, sent_at=sent_at)
    ends = [_end_of(one, now) for one in told]
    await tx.execute(
        store.END,
        {
            "ids": [one.id for one in ends],
            "states": [one.state.value for one in ends],
            "reasons": [one.reason for one in ends],
            "due_ats": [one.due_at for one in ends],
            "now": now,
        },
    )


def state_of(outcome: Outcome) -> str:
    """Give the state of a delivery after an outcome."""
    match outcome:
        case Sent():
            return "sent"
        case Gone():
            return "gone"
        case Later():
            return "later"
        case Refused():
            return "refused"


def reason_of(outcome: Outcome) -> str:
    """Give what people read of an outcome."""
    return "" if isinstance(outcome, Sent) else outcome.reason[:REASON_CHARACTERS_MAX]


def _end_of(told: Told, now: datetime) -> _End:
    """Decide what becomes of a message: again while a device may get it, and not too often."""
    message = told.ready.message
    attempts = message.attempts + 1
    later = [one for one in told.outcomes if isinstance(one, Later)]
    if later and attempts < ATTEMPTS_MAX:
        asked = max(one.retry_after_seconds for one in later)
        due_at = now + pause_after(attempts, asked)
        return _End(message.id, MessageState.WAITING, reason_of(later[0]), due_at)
    if told.ready.has_arrived or any(isinstance(one, Sent) for one in told.outcomes):
        return _End(message.id, MessageState.SENT)
    failed = [one for one in told.outcomes if isinstance(one, Later | Refused)]
    if failed:
        return _End(message.id, MessageState.FAILED, reason_of(failed[0]))
    return _End(message.id, MessageState.DROPPED, Reason.NO_DEVICE)
