"""One event of each type as partners are told it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hansa.contracts.loyalty import (
    MemberChanged,
    OfferSwitched,
    PercentChanged,
    PointsPosted,
    PointsPosting,
    TaskCompleted,
)
from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.partner_api import telling
from hansa.modules.webhooks import NewMessage


def examples(world: Any, now: datetime) -> list[NewMessage]:
    """Give the message each event becomes for the partner it concerns."""
    member, programme, shop = world.member.id, world.programme, world.shop
    terms = programmes.Terms(
        programme=programme,
        partner=shop,
        participation=programmes.Participation(programme_id=programme.id, partner_id=shop.id),
    )
    coalition = programmes.Coalition(
        programmes={programme.id: programme},
        partners={shop.id: shop},
        terms={(programme.id, shop.id): terms},
        read_at=now,
    )
    links = {member: [shop.id]}
    return [
        message
        for event in events_of(member, programme.id, shop.id, now)
        for message in telling.messages_of(
            event, owners=[shop.id], links=links, coalition=coalition
        )
    ]


def events_of(member: Any, programme: Any, shop: Any, now: datetime) -> list[telling.Told]:
    """Give an event of each type about a member at a partner."""
    posting = PointsPosting(
        posting_id=new_id(now),
        member_id=member,
        programme_id=programme,
        partner_id=shop,
        kind="purchase",
        points=129,
        balance=129,
        version=1,
        reference="1042",
        effective_at=now,
    )
    offer = new_id(now)
    told = {"member_id": member, "programme_id": programme, "changed_at": now}
    return [
        PointsPosted(batch_id=new_id(now), lane=0, postings=(posting,), posted_at=now),
        PercentChanged(**told, category="coffee", percent=700, until=now + timedelta(days=30)),
        OfferSwitched(
            member_id=member, offer_id=offer, partner_id=shop, is_on=True, switched_at=now
        ),
        TaskCompleted(member_id=member, offer_id=offer, partner_id=shop, completed_at=now),
        MemberChanged(**told, what="linked", partner_id=shop),
        MemberChanged(**told, what="unlinked", partner_id=shop),
    ]
