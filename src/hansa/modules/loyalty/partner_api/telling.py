"""What partners' programs are told: events of loyalty as messages of webhooks.

The subject is the member's number, the data are numbers, points and codes; never a name. A key
makes each message one message, however often the event behind it comes.
"""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from hansa.contracts.loyalty import (
    MemberChanged,
    OfferSwitched,
    PercentChanged,
    PointsPosted,
    TaskCompleted,
)
from hansa.modules.loyalty.programmes import Coalition
from hansa.modules.webhooks import NewMessage

Told = PointsPosted | PercentChanged | OfferSwitched | TaskCompleted | MemberChanged
Links = Mapping[UUID, Collection[UUID]]
"""By member, the partners that name them by an id of their own."""

SOURCE = "/loyalty"
POSTED = "loyalty.points.posted"
PERCENT = "loyalty.percent.changed"
SWITCHED = "loyalty.offer.switched"
COMPLETED = "loyalty.task.completed"
LINKED = "loyalty.member.linked"
UNLINKED = "loyalty.member.unlinked"
TYPES = (POSTED, PERCENT, SWITCHED, COMPLETED, LINKED, UNLINKED)
_OF_MEMBERS = {"linked": LINKED, "unlinked": UNLINKED}


def owners_of(event: Told, links: Links) -> set[UUID]:
    """Give the partners an event concerns."""
    match event:
        case PointsPosted():
            return {one.partner_id for one in event.postings if one.partner_id}
        case PercentChanged():
            return set(links.get(event.member_id, ()))
        case OfferSwitched() | TaskCompleted():
            return {event.partner_id}
        case MemberChanged() if event.what in _OF_MEMBERS and event.partner_id:
            return {event.partner_id}
        case _:
            return set()


def messages_of(
    event: Told, *, owners: Collection[UUID], links: Links, coalition: Coalition
) -> Iterator[NewMessage]:
    """Write an event as messages to those of `owners` it concerns."""
    match event:
        case PointsPosted():
            yield from _posted(event, owners, coalition)
        case PercentChanged():
            yield from _percent(event, owners, links, coalition)
        case OfferSwitched() if event.partner_id in owners:
            yield NewMessage(
                owner=event.partner_id,
                type=SWITCHED,
                subject=str(event.member_id),
                data={
                    "member_id": event.member_id,
                    "offer_id": event.offer_id,
                    "is_on": event.is_on,
                },
                occurred_at=event.switched_at,
                source=SOURCE,
                key=f"switched:{event.offer_id}:{event.member_id}:{event.switched_at.isoformat()}",
            )
        case TaskCompleted() if event.partner_id in owners:
            yield NewMessage(
                owner=event.partner_id,
                type=COMPLETED,
                subject=str(event.member_id),
                data={"member_id": event.member_id, "offer_id": event.offer_id},
                occurred_at=event.completed_at,
                source=SOURCE,
                key=f"done:{event.offer_id}:{event.member_id}:{event.completed_at.isoformat()}",
            )
        case MemberChanged() if event.what in _OF_MEMBERS and event.partner_id in owners:
            yield _member(event, coalition)
        case _:
            return


def _posted(
    event: PointsPosted, owners: Collection[UUID], coalition: Coalition
) -> Iterator[NewMessage]:
    for one in event.postings:
        if one.partner_id is None or one.partner_id not in owners:
            continue
        yield NewMessage(
            owner=one.partner_id,
            type=POSTED,
            subject=str(one.member_id),
            data={
                "posting_id": one.posting_id,
                "member_id": one.member_id,
                "programme": _code(coalition, one.programme_id),
                "kind": one.kind,
                "points": one.points,
                "balance": one.balance,
                "version": one.version,
                "reference": one.reference,
                "effective_at": one.effective_at,
            },
            occurred_at=event.posted_at,
            source=SOURCE,
            key=str(one.posting_id),
        )


def _percent(
    event: PercentChanged, owners: Collection[UUID], links: Links, coalition: Coalition
) -> Iterator[NewMessage]:
    at = event.changed_at.isoformat()
    for partner_id in links.get(event.member_id, ()):
        if partner_id not in owners or coalition.of(event.programme_id, partner_id) is None:
            continue
        yield NewMessage(
            owner=partner_id,
            type=PERCENT,
            subject=str(event.member_id),
            data={
                "member_id": event.member_id,
                "programme": _code(coalition, event.programme_id),
                "category": event.category,
                "percent": event.percent,
                "until": event.until,
                "changed_at": event.changed_at,
            },
            occurred_at=event.changed_at,
            source=SOURCE,
            key=f"percent:{event.programme_id}:{event.member_id}:{event.category[:60]}:{at}",
        )


def _member(event: MemberChanged, coalition: Coalition) -> NewMessage:
    assert event.partner_id is not None, "told only of a partner"
    at = event.changed_at.isoformat()
    return NewMessage(
        owner=event.partner_id,
        type=_OF_MEMBERS[event.what],
        subject=str(event.member_id),
        data={
            "member_id": event.member_id,
            "programme": _code(coalition, event.programme_id),
            "changed_at": event.changed_at,
        },
        occurred_at=event.changed_at,
        source=SOURCE,
        key=f"{event.what}:{event.programme_id}:{event.member_id}:{at}",
    )


def _code(coalition: Coalition, programme_id: UUID) -> str:
    programme = coalition.programmes.get(programme_id)
    return programme.code if programme else ""
