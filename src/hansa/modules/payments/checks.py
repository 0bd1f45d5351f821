"""What must always hold for payments, proven by reading."""

from hansa.modules.payments import store
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

_FINDINGS_MAX = 1000


async def nothing_is_stuck(snap: Snapshot) -> list[Finding]:
    """No payment waits for its provider longer than an hour past its time, none is forgotten."""
    return [
        Finding(
            check="payments.stuck",
            subject=str(row.id),
            message=f"the payment is {row.state} since {row.changed_at:%Y-%m-%d %H:%M} UTC and "
            "nobody asked its provider; see whether workers run",
        )
        for row in await store.list_stuck(snap, limit=_FINDINGS_MAX)
    ]


async def refunds_sum_up(snap: Snapshot) -> list[Finding]:
    """What was given back is the sum of the refunds that are done."""
    return [
        Finding(
            check="payments.refunds",
            subject=str(row.id),
            message=f"refunds done sum to {row.done_minor}, the payment says {row.refunded_minor}",
        )
        for row in await store.list_wrong_refunds(snap, limit=_FINDINGS_MAX)
    ]


async def nothing_above_is_kept(snap: Snapshot) -> list[Finding]:
    """No payment took more than was asked for or keeps more than its subject still costs."""
    return [
        Finding(
            check="payments.kept",
            subject=str(row.id),
            message=f"{row.captured_minor} of {row.amount_minor} were taken and "
            f"{row.refunded_minor} given back, {row.kept_minor} are to be kept",
        )
        for row in await store.list_unsettled(snap, limit=_FINDINGS_MAX)
    ]


CHECKS = (
    Check(area="payments", name="No payment is stuck", run=nothing_is_stuck),
    Check(area="payments", name="Refunds sum up", run=refunds_sum_up),
    Check(area="payments", name="Nothing above is kept", run=nothing_above_is_kept),
)
