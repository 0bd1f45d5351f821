"""Partners with endpoints are told by webhooks what happened to points, percents and offers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.loyalty import (
    MemberChanged,
    OfferSwitched,
    PercentChanged,
    PointsPosted,
    TaskCompleted,
)
from hansa.modules import webhooks
from hansa.modules.loyalty import members, programmes
from hansa.modules.loyalty.partner_api import telling
from hansa.modules.loyalty.partner_api.telling import Links, Told
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription


async def tell_partners(tx: Transaction, events: Sequence[Told], now: datetime) -> None:
    """Write messages for the partners concerned; one statement if none of them has an endpoint."""
    links = await _links_of(tx, events)
    concerned: set[UUID] = set()
    for event in events:
        concerned |= telling.owners_of(event, links)
    owners = await webhooks.owners_with_endpoints(tx, owners=concerned) if concerned else set()
    if not owners:
        return
    coalition = await programmes.read_coalition(tx, now=now)
    messages = [
        message
        for event in events
        for message in telling.messages_of(event, owners=owners, links=links, coalition=coalition)
    ]
    await webhooks.send_many(tx, messages, now=now)


async def _links_of(tx: Transaction, events: Sequence[Told]) -> Links:
    """Give who names the members by ids of their own whose percents changed."""
    wanted = {one.member_id for one in events if isinstance(one, PercentChanged)}
    return await members.linked_partners(tx, member_ids=sorted(wanted)) if wanted else {}


SUBSCRIPTIONS = (
    Subscription(
        name="loyalty.webhooks.points", events=(PointsPosted,), handle=tell_partners, batch=True
    ),
    Subscription(
        name="loyalty.webhooks.members",
        events=(PercentChanged, OfferSwitched, TaskCompleted, MemberChanged),
        handle=tell_partners,
        batch=True,
    ),
)
