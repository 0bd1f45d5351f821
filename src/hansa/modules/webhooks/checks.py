"""The invariants of webhooks, proven by reading (`hansa check webhooks`).

That each message is delivered, waiting, dead or cancelled, and that what waits has a next attempt,
are constraints of the table.
"""

from hansa.modules.webhooks.store import messages as sql
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

LIMIT = {"limit": 100}


async def nothing_is_stranded(snap: Snapshot) -> list[Finding]:
    """No message waits for an endpoint that gets none."""
    return [
        Finding(
            check="webhooks.stranded",
            subject=f"message {row.id}",
            message="It waits, and its endpoint is disabled. See that a worker runs.",
        )
        for row in await snap.all(sql.STRANDED, LIMIT)
    ]


async def calls_end(snap: Snapshot) -> list[Finding]:
    """No message is under way for longer than a call can last."""
    return [
        Finding(
            check="webhooks.hanging",
            subject=f"message {row.id}",
            message=f"It is under way since {row.calling_since}. See that a worker runs.",
        )
        for row in await snap.all(sql.HANGING, LIMIT)
    ]


async def deliveries_are_proven(snap: Snapshot) -> list[Finding]:
    """Every delivered message has an attempt that was answered with success."""
    return [
        Finding(
            check="webhooks.unproven",
            subject=f"message {row.id}",
            message="It counts as delivered, and no attempt says so. Replay it.",
        )
        for row in await snap.all(sql.UNPROVEN, LIMIT)
    ]


async def owners_are_counted(snap: Snapshot) -> list[Finding]:
    """The number of an owner's endpoints is what its limit is held against."""
    return [
        Finding(
            check="webhooks.owners",
            subject=f"owner {row.owner_id}",
            message=f"It counts {row.endpoints} endpoints and has {row.found}.",
        )
        for row in await snap.all(sql.MISCOUNTED, LIMIT)
    ]


async def endpoints_can_sign(snap: Snapshot) -> list[Finding]:
    """Every active endpoint has a secret that does not end."""
    return [
        Finding(
            check="webhooks.unsigned",
            subject=f"endpoint {row.id}",
            message="It has no secret that lasts. Give it a new one.",
        )
        for row in await snap.all(sql.UNSIGNED, LIMIT)
    ]


CHECKS = (
    Check(area="webhooks", name="webhooks.stranded", run=nothing_is_stranded),
    Check(area="webhooks", name="webhooks.hanging", run=calls_end),
    Check(area="webhooks", name="webhooks.unproven", run=deliveries_are_proven),
    Check(area="webhooks", name="webhooks.owners", run=owners_are_counted),
    Check(area="webhooks", name="webhooks.unsigned", run=endpoints_can_sign),
)
