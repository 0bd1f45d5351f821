"""Receipts as values, and what is wrong with one."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import NotFound
from hansa.kernel.money import Money

QUANTITY_MAX = Decimal("99999999999.999")
AMOUNT_MINOR_MAX = 10**15
LINES_MAX = 1000
KEY_CHARACTERS_MAX = 200
AHEAD_MAX = timedelta(days=1)
_STEP = Decimal("0.001")


class ReceiptKind(StrEnum):
    """What a till did: it sold, or took back."""

    SALE = "sale"
    RETURN = "return"


class Outcome(StrEnum):
    """What became of a receipt that was handed in."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A line: so many for so much, in minor units for the whole line.

    `item` is the till's own id of the thing, `variant_id` ours if it is known. `original_line`
    names the line of the sale that a line of a return gives back; without it the return's line
    gives back the sale's line of the same number.
    """

    line: int
    quantity: Decimal
    amount_minor: int
    variant_id: UUID | None = None
    item: str = ""
    name: str = ""
    original_line: int | None = None

    @property
    def gives_back(self) -> int:
        """The line of the sale that this line of a return is about."""
        return self.line if self.original_line is None else self.original_line


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReceipt:
    """What a till says. `key` is its own name of the receipt, unique within `source`."""

    source: str
    key: str
    kind: ReceiptKind
    currency: str
    happened_at: datetime
    lines: tuple[ReceiptLine, ...]
    number: str = ""
    warehouse_id: UUID | None = None
    party_id: UUID | None = None
    card: str | None = field(default=None, repr=False)
    original_key: str | None = None

    @property
    def total_minor(self) -> int:
        """What was paid, or given back."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def digest(self) -> bytes:
        """A fingerprint of the content: the same key must always bring the same."""
        content = [
            self.kind,
            self.currency,
            self.happened_at.timestamp(),
            self.number,
            str(self.warehouse_id),
            self.card,
            self.original_key,
            [
                [
                    one.line,
                    str(one.quantity.normalize()),
                    one.amount_minor,
                    one.item or str(one.variant_id),
                    one.original_line,
                ]
                for one in sorted(self.lines, key=lambda one: one.line)
            ],
        ]
        return hashlib.sha256(json.dumps(content).encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(NewReceipt):
    """A receipt as kept; of a return `original_id` is its sale, once that is here."""

    id: UUID
    original_id: UUID | None
    recorded_at: datetime

    @property
    def total(self) -> Money:
        """What was paid, or given back."""
        return Money(self.total_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The answer to one receipt; a refusal says why by `reason`, a msgid, and its `data`."""

    key: str
    outcome: Outcome
    receipt_id: UUID | None = None
    code: str = ""
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class ReceiptNotFound(NotFound):
    """No such receipt."""

    code: ClassVar[str] = "receipts.not_found"
    message: ClassVar[str] = "There is no such receipt."


def refuse(key: str, code: str, reason: str, data: Mapping[str, str] | None = None) -> Recorded:
    """Make the answer to a receipt that is not taken."""
    return Recorded(
        key=key, outcome=Outcome.REFUSED, code=f"receipts.{code}", reason=reason, data=data or {}
    )


def fault_of(receipt: NewReceipt, *, now: datetime) -> Recorded | None:
    """Say what is wrong with a receipt by itself, or nothing."""
    lines = Counter(one.line for one in receipt.lines)
    twice = next((line for line, times in lines.items() if times > 1), None)
    faults = (
        (
            not 0 < len(receipt.key) <= KEY_CHARACTERS_MAX,
            "key_invalid",
            "A receipt needs a key of 1 to 200 characters.",
        ),
        (
            receipt.happened_at > now + AHEAD_MAX,
            "from_the_future",
            "The receipt is dated more than a day ahead.",
        ),
        (
            not 0 < len(receipt.lines) <= LINES_MAX,
            "lines_invalid",
            "A receipt has 1 to 1000 lines.",
        ),
        (
            receipt.kind is ReceiptKind.SALE and receipt.original_key is not None,
            "sale_with_original",
            "Only a return names an original receipt.",
        ),
        (twice is not None, "line_twice", "Line {line} is there more than once."),
    )
    for is_wrong, code, reason in faults:
        if is_wrong:
            return refuse(receipt.key, code, reason, {"line": str(twice)})
    return _fault_of_lines(receipt)


def _fault_of_lines(receipt: NewReceipt) -> Recorded | None:
    for one in receipt.lines:
        place = {"line": str(one.line)}
        if (
            not one.quantity.is_finite()
            or not 0 < one.quantity <= QUANTITY_MAX
            or one.quantity % _STEP
        ):
            return refuse(
                receipt.key,
                "quantity_invalid",
                "Line {line}: the quantity must be above zero, with at most three decimals.",
                place,
            )
        if not 0 <= one.amount_minor <= AMOUNT_MINOR_MAX:
            return refuse(
                receipt.key,
                "amount_invalid",
                "Line {line}: the amount must not be negative.",
                place,
            )
    return None


def excess_of(
    returned: NewReceipt, sold: Sequence[ReceiptLine], before: Sequence[ReceiptLine]
) -> Recorded | None:
    """Say which line gives back more than was sold and not given back yet, or nothing.

    `before` are the lines of other returns of the same sale. Quantities and amounts count alike.
    """
    quantities = {one.line: one.quantity for one in sold}
    amounts = {one.line: one.amount_minor for one in sold}
    for one in before:
        if one.gives_back in quantities:
            quantities[one.gives_back] -= one.quantity
            amounts[one.gives_back] -= one.amount_minor
    for one in returned.lines:
        if one.gives_back not in quantities:
            return refuse(
                returned.key,
                "original_line_unknown",
                "Line {line}: the original receipt has no line {original}.",
                {"line": str(one.line), "original": str(one.gives_back)},
            )
        quantities[one.gives_back] -= one.quantity
        amounts[one.gives_back] -= one.amount_minor
        if quantities[one.gives_back] < 0 or amounts[one.gives_back] < 0:
            return refuse(
                returned.key,
                "above_original",
                "Line {line}: more would be given back than was bought.",
                {"line": str(one.line)},
            )
    return None
