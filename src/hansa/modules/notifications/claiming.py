"""Taking messages that are due: decided and written down in one transaction, before any call.

People are locked in the order of their numbers while it is decided, so two senders count one
person's messages together and never wait in a circle.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import parties
from hansa.modules.notifications import devices, rules
from hansa.modules.notifications.messages import (
    CONSENT_PURPOSE,
    DAY,
    LEASE,
    WEEK,
    Drop,
    Go,
    Message,
    Standing,
    Wait,
    decide,
)
from hansa.modules.notifications.model import ChannelName, Device, Kind
from hansa.modules.notifications.store import devices as devices_sql
from hansa.modules.notifications.store import messages as store
from hansa.modules.notifications.templates import texts_of
from hansa.runtime.database import Row, Transaction

FINAL = frozenset({"sent", "delivered", "read", "gone", "refused"})
ARRIVED = frozenset({"sent", "delivered", "read"})
_LOST_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A message that was claimed, with its deliveries and what is needed to fill its text.

    `has_arrived`: another of the person's devices has it from an earlier attempt.
    """

    message: Message
    deliveries: tuple[tuple[UUID, Device], ...]
    name: str = field(repr=False)
    language: str
    has_arrived: bool


async def claim(
    tx: Transaction, *, channels: frozenset[ChannelName], limit: int, now: datetime
) -> tuple[list[Ready], bool]:
    """Take so many messages that are due; give those to be sent now, and whether there are more.

    What is not to be sent is written down with its reason; what has to wait, with its instant.
    """
    asked = {"now": now, "limit": limit}
    rows = await tx.all(store.CLAIM, asked)
    if len(rows) < limit:
        rest = {"now": now, "limit": limit - len(rows)}
        rows += await tx.all(store.CLAIM_OF_CAMPAIGNS, rest)
    messages = [_message(row) for row in rows]
    if not messages:
        return [], False
    members = sorted({one.member_id for one in messages})
    locked = await tx.all(devices_sql.LOCK_PERSONS, {"member_ids": members})
    party_of = {row.member_id: row.party_id for row in locked}
    standings = await _standings(tx, party_of, members, now)
    policy = await rules.get_policy(tx)
    ids = [one.id for one in messages]
    older = {row.id for row in await tx.all(store.SUPERSEDED, {"ids": ids})}
    verdicts = [
        (
            one,
            decide(
                one,
                standings[one.member_id],
                policy=policy,
                channels=channels,
                is_superseded=one.id in older,
                now=now,
            ),
        )
        for one in messages
    ]
    await _write_rest(tx, verdicts, now)
    going = [(one, verdict) for one, verdict in verdicts if isinstance(verdict, Go)]
    return await _begin(tx, going, party_of, now), len(rows) == limit


async def release_lost(tx: Transaction, *, now: datetime) -> int:
    """Let messages be claimed again whose sender is gone; give how many."""
    return await tx.execute(
        store.RELEASE_LOST, {"before": now - LEASE, "limit": _LOST_MAX, "now": now}
    )


async def _standings(
    tx: Transaction, party_of: dict[UUID, UUID], members: Sequence[UUID], now: datetime
) -> dict[UUID, Standing]:
    owned = await devices.list_devices(tx, member_ids=members)
    declined = await devices.list_preferences(tx, member_ids=members)
    agreed = await parties.granted(
        tx, party_ids=sorted(set(party_of.values())), purpose=CONSENT_PURPOSE
    )
    counts = await tx.all(
        store.COUNTS, {"member_ids": list(members), "day_ago": now - DAY, "week_ago": now - WEEK}
    )
    sent = {row.member_id: row for row in counts}
    return {
        member_id: Standing(
            devices=owned.get(member_id, ()),
            declined=declined.get(member_id, frozenset()),
            has_consent=party_of.get(member_id) in agreed,
            sent_day=sent[member_id].sent_day if member_id in sent else 0,
            sent_week=sent[member_id].sent_week if member_id in sent else 0,
        )
        for member_id in members
    }


async def _write_rest(
    tx: Transaction, verdicts: Sequence[tuple[Message, Drop | Wait | Go]], now: datetime
) -> None:
    dropped = [(one.id, verdict.reason) for one, verdict in verdicts if isinstance(verdict, Drop)]
    if dropped:
        await tx.execute(
            store.DROP,
            {
                "ids": [one for one, _ in dropped],
                "reasons": [reason.value for _, reason in dropped],
                "now": now,
            },
        )
    waits = [(one.id, verdict.until) for one, verdict in verdicts if isinstance(verdict, Wait)]
    if waits:
        await tx.execute(
            store.WAIT,
            {"ids": [one for one, _ in waits], "untils": [until for _, until in waits]},
        )


async def _begin(
    tx: Transaction,
    going: Sequence[tuple[Message, Go]],
    party_of: dict[UUID, UUID],
    now: datetime,
) -> list[Ready]:
    """Write that messages are being sent, by a delivery for each device that has not got it."""
    if not going:
        return []
    await tx.execute(
        store.GO,
        {
            "ids": [one.id for one, _ in going],
            "counts": [verdict.counts for _, verdict in going],
            "now": now,
        },
    )
    before: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for row in await tx.all(store.DELIVERED, {"message_ids": [one.id for one, _ in going]}):
        before[row.message_id][row.device_id] = row.state
    wanted = [
        (one, device)
        for one, verdict in going
        for device in verdict.devices
        if before[one.id].get(device.id) not in FINAL
    ]
    rows = await tx.all(
        store.BEGIN_DELIVERIES,
        {
            "ids": [new_id(now) for _ in wanted],
            "message_ids": [one.id for one, _ in wanted],
            "device_ids": [device.id for _, device in wanted],
            "channels": [device.channel.value for _, device in wanted],
            "now": now,
        },
    )
    numbers = {(row.message_id, row.device_id): row.id for row in rows}
    people = await parties.get_parties(tx, party_ids=sorted(set(party_of.values())))
    ready = []
    for one, verdict in going:
        party = people.get(party_of[one.member_id])
        ready.append(
            Ready(
                message=one,
                deliveries=tuple(
                    (numbers[one.id, device.id], device)
                    for device in verdict.devices
                    if (one.id, device.id) in numbers
                ),
                name="" if party is None else party.given_name or party.display_name,
                language="" if party is None else party.language,
                has_arrived=any(state in ARRIVED for state in before[one.id].values()),
            )
        )
    return ready


def _message(row: Row) -> Message:
    fields: dict[str, Any] = row._asdict()
    fields["values"] = fields.pop("places")
    return Message(**{**fields, "kind": Kind(row.kind), "texts": texts_of(row.texts)})
