"""What the queue does when something changes: a message in the transaction of the inbox row."""

from collections.abc import Sequence
from datetime import datetime

from hansa.contracts.orders import OrderCancelled, OrderChanged, OrderPlaced, OrderShipped
from hansa.contracts.parties import PartiesMerged, PartiesParted, PartyChanged
from hansa.contracts.payments import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from hansa.contracts.stock import StockCorrected
from hansa.kernel.message import Event
from hansa.modules import orders
from hansa.modules.erp.outgoing.model import MessageKind
from hansa.modules.erp.outgoing.queue import Cause, put_messages
from hansa.modules.erp.outgoing.subjects import Subject
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription


async def queue_messages(tx: Transaction, events: Sequence[Event], now: datetime) -> None:
    """Write messages about everything these events tell of."""
    subjects: dict[Subject, Cause] = {}
    for event in events:
        for subject, cause in told_by(event):
            if subjects.get(subject) is not Cause.CONTENT:
                subjects[subject] = cause
    await put_messages(tx, subjects=subjects, now=now)


def told_by(event: Event) -> list[tuple[Subject, Cause]]:
    """Give the subjects an event tells of, and what makes a message about them due."""
    kinds = MessageKind
    match event:
        case OrderPlaced() | OrderChanged() | OrderCancelled() | OrderShipped():
            return [(Subject(kind=kinds.ORDER, id=event.order_id), Cause.CHANGE)]
        case PaymentEvent() if event.subject_kind == orders.SUBJECT:
            return [(Subject(kind=kinds.ORDER, id=event.subject_id), Cause.CONTENT)]
        case PartyChanged():
            return [(Subject(kind=kinds.CUSTOMER, id=event.party_id), Cause.CONTENT)]
        case PartiesMerged() | PartiesParted():
            return [
                (Subject(kind=kinds.CUSTOMER, id=event.keep_id), Cause.CONTENT),
                (Subject(kind=kinds.CUSTOMER, id=event.absorb_id), Cause.CONTENT),
            ]
        case StockCorrected():
            return [(Subject(kind=kinds.CORRECTION, id=event.correction_id), Cause.CONTENT)]
        case _:
            return []


SUBSCRIPTION = Subscription(
    name="erp.outgoing",
    events=(
        OrderPlaced,
        OrderChanged,
        OrderCancelled,
        OrderShipped,
        PaymentAuthorised,
        PaymentCaptured,
        PaymentFailed,
        PaymentVoided,
        PaymentRefunded,
        PartyChanged,
        PartiesMerged,
        PartiesParted,
        StockCorrected,
    ),
    handle=queue_messages,
    batch=True,
)
