"""Taking receipts over from tills."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.contracts.receipts import ReceiptRecorded
from hansa.kernel.identifiers import new_id
from hansa.modules import parties
from hansa.modules.receipts import model, store
from hansa.modules.receipts.model import NewReceipt, Outcome, ReceiptKind, ReceiptLine, Recorded
from hansa.runtime.database import Transaction


async def record_receipts(
    tx: Transaction, *, receipts: Sequence[NewReceipt], now: datetime
) -> list[Recorded]:
    """Take receipts over, each by itself; give an answer to each in their order.

    A receipt is taken once: the same key with the same content again is `unchanged`, with other
    content `refused`. A return whose sale is not here yet waits for it; one whose sale is here may
    not give back more than was bought. When a sale comes after its returns, they are joined, and
    what is too much then is found by `hansa check receipts`: the till has paid it out already.
    """
    names = [f"{one.source}:{one.key}" for one in receipts]
    names += [f"{one.source}:{one.original_key}" for one in receipts if one.original_key]
    await tx.all(store.LOCK_KEYS, {"names": names})
    known = await _known(tx, receipts)
    answers: list[Recorded] = []
    for receipt in receipts:
        answer = model.fault_of(receipt, now=now) or _seen_before(receipt, known)
        if answer is None:
            answer = await _record(tx, receipt, now)
            if answer.receipt_id is not None:
                known[receipt.source, receipt.key] = (answer.receipt_id, receipt.digest)
        answers.append(answer)
    return answers


_Known = dict[tuple[str, str], tuple[UUID, bytes]]


async def _known(tx: Transaction, receipts: Sequence[NewReceipt]) -> _Known:
    known: _Known = {}
    for source in {one.source for one in receipts}:
        keys = [one.key for one in receipts if one.source == source]
        for row in await tx.all(store.FIND_BY_KEYS, {"source": source, "keys": keys}):
            known[source, row.key] = (row.id, bytes(row.digest))
    return known


def _seen_before(receipt: NewReceipt, known: _Known) -> Recorded | None:
    seen = known.get((receipt.source, receipt.key))
    if seen is None:
        return None
    receipt_id, digest = seen
    if digest == receipt.digest:
        return Recorded(key=receipt.key, outcome=Outcome.UNCHANGED, receipt_id=receipt_id)
    return model.refuse(
        receipt.key, "key_reused", "A receipt of this key is here with another content."
    )


async def _record(tx: Transaction, receipt: NewReceipt, now: datetime) -> Recorded:
    digest = receipt.digest
    sale_id: UUID | None = None
    if receipt.original_key is not None:
        named = {"source": receipt.source, "key": receipt.original_key}
        sale_id = await tx.scalar(store.FIND_SALE, named)
    if sale_id is not None:
        sold = await tx.all(store.LINES_OF, {"ids": [sale_id]})
        before = await tx.all(store.LINES_GIVEN_BACK, {"sale_id": sale_id})
        too_much = model.excess_of(
            receipt,
            [line_of(row._asdict()) for row in sold],
            [line_of(row._asdict()) for row in before],
        )
        if too_much is not None:
            return too_much
    try:
        card = _card(receipt)
    except parties.IdentifierInvalid:
        return model.refuse(receipt.key, "card_invalid", "This is not the number of a card.")
    receipt = replace(receipt, card=card)
    receipt_id = new_id(now)
    await _write(tx, receipt, receipt_id=receipt_id, sale_id=sale_id, digest=digest, now=now)
    if receipt.kind is ReceiptKind.SALE:
        sale = {"source": receipt.source, "key": receipt.key, "sale_id": receipt_id}
        await tx.execute(store.LINK_RETURNS, sale)
    await tx.publish(
        ReceiptRecorded(
            receipt_id=receipt_id,
            kind=receipt.kind,
            source=receipt.source,
            warehouse_id=receipt.warehouse_id,
            party_id=receipt.party_id,
            card=receipt.card,
            currency=receipt.currency,
            total_minor=receipt.total_minor,
            original_id=sale_id,
            happened_at=receipt.happened_at,
        )
    )
    return Recorded(key=receipt.key, outcome=Outcome.RECORDED, receipt_id=receipt_id)


def _card(receipt: NewReceipt) -> str | None:
    if not receipt.card:
        return None
    kind = parties.IdentifierKind.CARD
    return parties.normalise(parties.Identifier(kind=kind, value=receipt.card)).value


async def _write(
    tx: Transaction,
    receipt: NewReceipt,
    *,
    receipt_id: UUID,
    sale_id: UUID | None,
    digest: bytes,
    now: datetime,
) -> None:
    await tx.execute(
        store.ADD_RECEIPT,
        {
            "id": receipt_id,
            "source": receipt.source,
            "key": receipt.key,
            "digest": digest,
            "kind": receipt.kind,
            "number": receipt.number,
            "warehouse_id": receipt.warehouse_id,
            "party_id": receipt.party_id,
            "card": receipt.card,
            "currency": receipt.currency,
            "total_minor": receipt.total_minor,
            "original_key": receipt.original_key,
            "original_id": sale_id,
            "happened_at": receipt.happened_at,
            "now": now,
        },
    )
    await tx.execute(
        store.ADD_LINES,
        {
            "receipt_id": receipt_id,
            "lines": [one.line for one in receipt.lines],
            "variants": [one.variant_id for one in receipt.lines],
            "items": [one.item for one in receipt.lines],
            "names": [one.name for one in receipt.lines],
            "quantities": [one.quantity for one in receipt.lines],
            "amounts": [one.amount_minor for one in receipt.lines],
            "originals": [one.original_line for one in receipt.lines],
        },
    )


def line_of(row: dict[str, object]) -> ReceiptLine:
    """Make a line of a row of `store.LINES_OF`."""
    row.pop("receipt_id")
    return ReceiptLine(**row)  # type: ignore[arg-type]  # columns are the fields by name
