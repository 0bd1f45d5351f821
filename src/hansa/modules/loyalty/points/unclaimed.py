"""Receipts of people a partner knows and nobody has linked yet: kept until they are."""

import hashlib
from datetime import timedelta

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.members import RefKind, reference_value
from hansa.modules.loyalty.points import refusals
from hansa.modules.loyalty.points.batch import Answered, Asked, Batch, Unclaimed
from hansa.modules.loyalty.points.commands import OUR_KEYS, Kind, Purchase, PurchaseLine, Receipt

DAYS_BACK = timedelta(days=60)
"""How long before the link a purchase may lie to earn yet."""
KEPT_FOR = timedelta(days=90)


def is_unclaimed(asked: Asked) -> bool:
    """Tell whether a command is a receipt that may wait for its buyer to be known."""
    command = asked.command
    return (
        isinstance(command, Purchase)
        and command.keep_unclaimed
        and command.hold_key is None
        and command.member.kind is RefKind.PARTNER
        and asked.membership is None
    )


def keep(batch: Batch, asked: Asked) -> Answered:
    """Keep a receipt until the partner's id of its buyer is linked to a member.

    Raises:
        ReceiptExists: it is here already.
        MemberUnknown: it lies too long ago to be claimed ever.
        NotAgreed: the agreement does not cover earning.
    """
    command = asked.command
    assert isinstance(command, Purchase)
    programme = batch.programme(command.programme_id)
    batch.terms(command, what="earn")
    name = (command.owner, command.receipt)
    kept = batch.receipts.get(name)
    if name in batch.unclaimed or (kept is not None and kept.member_id is not None):
        raise refusals.ReceiptExists(command.receipt)
    if command.happened_at < batch.now - DAYS_BACK:
        raise refusals.MemberUnknown
    batch.unclaimed[name] = Unclaimed(
        partner_id=command.owner,
        receipt=command.receipt,
        programme_id=programme.id,
        ref=reference_value(command.member, command.owner),
        happened_at=command.happened_at,
        content=msgspec.msgpack.encode(command.lines),
    )
    answer = Receipt(
        posting_id=new_id(batch.now),
        kind=Kind.PURCHASE,
        member_id=None,
        points=0,
        balance=0,
        is_waiting=True,
    )
    note = batch.note(asked, Kind.PURCHASE, bucket=0, programme=programme, answer=answer)
    batch.book.note(note)
    return Answered(note.answer, is_repeat=False)


_LINES = msgspec.msgpack.Decoder(tuple[PurchaseLine, ...])


def lines_of(content: bytes) -> tuple[PurchaseLine, ...]:
    """Read the lines of a receipt that was kept."""
    return _LINES.decode(content)


def key_of(receipt: str) -> str:
    """Give the key by which a kept receipt is posted: one for ever."""
    return f"{OUR_KEYS}claimed:{hashlib.blake2b(receipt.encode(), digest_size=16).hexdigest()}"
