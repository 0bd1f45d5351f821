"""What messages tell of, as it stands now: orders, customers, corrections of shops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hansa.modules import fulfilment, orders, parties, payments, stock
from hansa.modules.erp.outgoing.model import MessageKind
from hansa.modules.erp.outgoing.writing import decimal_text, instant
from hansa.modules.erp.rows import uuids
from hansa.modules.erp.store import references
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something a message may be about."""

    kind: MessageKind
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """So many pieces of a variant that a warehouse is to give."""

    variant_id: UUID
    warehouse_id: UUID
    quantity: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order with what other modules know of it."""

    order: orders.Order
    attempts_to_pay: tuple[payments.Payment, ...] = ()
    allocations: tuple[Allocated, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """A customer; without a party, it was absorbed by the one that `stands_for` it."""

    id: UUID
    party: parties.Party | None = None
    stands_for: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionFacts:
    """What a shop says of goods the ERP counts there."""

    id: UUID
    warehouse_id: UUID
    variant_id: UUID
    kind: str
    quantity: str
    reference: str
    note: str
    is_over: bool
    made_at: str


Facts = OrderFacts | CustomerFacts | CorrectionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one ERP calls our variants and warehouses."""

    variants: Mapping[UUID, str] = field(default_factory=dict)
    warehouses: Mapping[UUID, str] = field(default_factory=dict)


async def read_facts(snap: Snapshot, subjects: Sequence[Subject]) -> dict[Subject, Facts]:
    """Read subjects as they stand; those that do not exist are left out."""
    of_kind: dict[MessageKind, list[UUID]] = {}
    for subject in subjects:
        of_kind.setdefault(subject.kind, []).append(subject.id)
    found: dict[Subject, Facts] = {}
    for order in await _orders(snap, of_kind.get(MessageKind.ORDER, [])):
        found[Subject(kind=MessageKind.ORDER, id=order.order.id)] = order
    for customer in await _customers(snap, of_kind.get(MessageKind.CUSTOMER, [])):
        found[Subject(kind=MessageKind.CUSTOMER, id=customer.id)] = customer
    for correction in await _corrections(snap, of_kind.get(MessageKind.CORRECTION, [])):
        found[Subject(kind=MessageKind.CORRECTION, id=correction.id)] = correction
    return found


async def read_names(snap: Snapshot, *, connection_id: UUID, facts: Sequence[Facts]) -> Names:
    """Read what a connection's ERP calls the variants and warehouses these facts name."""
    variants: set[UUID] = set()
    places: set[UUID] = set()
    for one in facts:
        if isinstance(one, OrderFacts):
            variants |= {line.variant_id for line in one.order.lines}
            places |= {part.warehouse_id for part in one.allocations}
            if one.order.delivery.warehouse_id is not None:
                places.add(one.order.delivery.warehouse_id)
        elif isinstance(one, CorrectionFacts):
            variants.add(one.variant_id)
            places.add(one.warehouse_id)
    return Names(
        variants=await _external(snap, connection_id, "variant", variants),
        warehouses=await _external(snap, connection_id, "warehouse", places),
    )


async def _external(
    snap: Snapshot, connection_id: UUID, kind: str, ids: set[UUID]
) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = await snap.all(
        references.EXTERNAL_OF,
        {"connection_id": connection_id, "kind": kind, "internal_ids": uuids(ids)},
    )
    return {row.internal_id: row.external_id for row in rows}


async def _orders(snap: Snapshot, ids: Sequence[UUID]) -> list[OrderFacts]:
    if not ids:
        return []
    allocated = await fulfilment.allocations_of(snap, order_ids=ids)
    paid = await payments.list_of_subjects(snap, subject_kind=orders.SUBJECT, subject_ids=ids)
    found = await orders.get_orders(snap, order_ids=ids)
    return [
        OrderFacts(
            order=order,
            attempts_to_pay=tuple(paid.get(order.id, ())),
            allocations=tuple(
                Allocated(
                    variant_id=one.variant_id,
                    warehouse_id=one.warehouse_id,
                    quantity=decimal_text(one.quantity),
                    state=one.state,
                )
                for one in allocated.get(order.id, ())
            ),
        )
        for order in found.values()
    ]


async def _customers(snap: Snapshot, ids: Sequence[UUID]) -> list[CustomerFacts]:
    if not ids:
        return []
    ways = await parties.resolve(snap, party_ids=ids)
    own = [one for one, standing in ways.items() if one == standing]
    found = await parties.get_parties(snap, party_ids=own)
    return [
        CustomerFacts(id=one, party=found.get(one))
        if one == standing
        else CustomerFacts(id=one, stands_for=standing)
        for one, standing in ways.items()
    ]


async def _corrections(snap: Snapshot, ids: Sequence[UUID]) -> list[CorrectionFacts]:
    found = []
    for correction_id in ids:
        try:
            one = await stock.get_correction(snap, correction_id=correction_id)
        except stock.CorrectionNotFound:
            continue
        found.append(
            CorrectionFacts(
                id=one.id,
                warehouse_id=one.warehouse_id,
                variant_id=one.variant_id,
                kind=one.kind,
                quantity=decimal_text(one.quantity),
                reference=one.reference,
                note=one.note,
                is_over=one.ended_at is not None,
                made_at=instant(one.made_at),
            )
        )
    return found
