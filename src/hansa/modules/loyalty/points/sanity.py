"""What can be wrong with a command by itself, before anything is asked of the database."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from hansa.modules.loyalty.points.commands import (
    AMOUNT_MINOR_MAX,
    HOLD_SECONDS_MAX,
    KEY_CHARACTERS_MAX,
    LINES_MAX,
    OUR_KEYS,
    POINTS_MAX,
    REFERENCE_CHARACTERS_MAX,
    Accrue,
    Command,
    Correct,
    HoldPoints,
    PostHold,
    Purchase,
    Return,
    Reverse,
    Spend,
)
from hansa.modules.loyalty.points.refusals import CommandInvalid, OutsideTime

AHEAD_MAX = timedelta(days=1)
PAST_MAX = timedelta(days=1100)
FINGERPRINT_BYTES = 16
QUANTITY_MAX = Decimal(10**9)
QUANTITY_STEP = Decimal("0.001")
LINE_MAX = 1_000_000
OUR_KEY_CHARACTERS = 60
"""So much we put before a number of a partner."""
DEVICE_CHARACTERS_MAX = 200
TOKEN_CHARACTERS_MAX = 200


def check(command: Command, *, now: datetime) -> None:
    """Check a command by itself.

    Raises:
        CommandInvalid: a value is no such thing; names the first.
        OutsideTime: an instant is more than a day ahead, or years ago.
    """
    is_ours = command.key.startswith(OUR_KEYS)
    _text("key", command.key, KEY_CHARACTERS_MAX + (OUR_KEY_CHARACTERS if is_ours else 0))
    _instant("happened_at", command.happened_at, now=now)
    match command:
        case Accrue() | HoldPoints() | Spend():
            _points("points", command.points)
            _text("reference", command.reference, REFERENCE_CHARACTERS_MAX, is_needed=False)
        case Correct():
            _points("points", abs(command.points))
            _text("reason", command.reason, REFERENCE_CHARACTERS_MAX)
        case PostHold() | Reverse() if command.points is not None:
            _points("points", command.points)
        case Purchase():
            _purchase(command)
        case Return():
            _return(command)
        case _:
            pass
    if isinstance(command, HoldPoints | Spend):
        _text("device", command.device, DEVICE_CHARACTERS_MAX, is_needed=False)
        _text("token", command.token, TOKEN_CHARACTERS_MAX, is_needed=False)
    if isinstance(command, HoldPoints):
        seconds = (command.expires_at - now).total_seconds()
        if not 0 < seconds <= HOLD_SECONDS_MAX:
            raise CommandInvalid("expires_at", "an instant within the next 400 days")


def _text(field: str, text: str, longest: int, *, is_needed: bool = True) -> None:
    if (is_needed and not text) or len(text) > longest or not text.isprintable():
        at_least = 1 if is_needed else 0
        raise CommandInvalid(field, f"{at_least} to {longest} printable characters")


def _points(field: str, points: int) -> None:
    if not 0 < points <= POINTS_MAX:
        raise CommandInvalid(field, f"a whole number from 1 to {POINTS_MAX}")


def _instant(field: str, at: datetime, *, now: datetime) -> None:
    if at.tzinfo is None:
        raise CommandInvalid(field, "an instant with its time zone, such as 2026-11-29T12:00:00Z")
    if not now - PAST_MAX <= at <= now + AHEAD_MAX:
        raise OutsideTime(field, at)


def _purchase(command: Purchase) -> None:
    _text("receipt", command.receipt, KEY_CHARACTERS_MAX)
    if not 0 < len(command.lines) <= LINES_MAX:
        raise CommandInvalid("lines", f"1 to {LINES_MAX} lines")
    seen: set[int] = set()
    for number, one in enumerate(command.lines):
        if one.line in seen or not 0 <= one.line <= LINE_MAX:
            raise CommandInvalid(f"lines[{number}].line", "a number no other line has")
        seen.add(one.line)
        _amount(f"lines[{number}].amount_minor", one.amount_minor)
        _quantity(f"lines[{number}].quantity", one.quantity, least=QUANTITY_STEP)
        _text(f"lines[{number}].category", one.category, 60, is_needed=False)
        _text(f"lines[{number}].item", one.item, 100, is_needed=False)


def _return(command: Return) -> None:
    _text("receipt", command.receipt, KEY_CHARACTERS_MAX)
    if len(command.lines) > LINES_MAX:
        raise CommandInvalid("lines", f"at most {LINES_MAX} lines")
    if len({one.line for one in command.lines}) != len(command.lines):
        raise CommandInvalid("lines", "each line once")
    for number, one in enumerate(command.lines):
        _amount(f"lines[{number}].amount_minor", one.amount_minor)
        _quantity(f"lines[{number}].quantity", one.quantity, least=Decimal(0))
        if not one.amount_minor and not one.quantity:
            raise CommandInvalid(f"lines[{number}]", "an amount or a quantity")


def _amount(field: str, amount: int) -> None:
    if not 0 <= amount <= AMOUNT_MINOR_MAX:
        raise CommandInvalid(field, f"a whole number of minor units from 0 to {AMOUNT_MINOR_MAX}")


def _quantity(field: str, quantity: Decimal, *, least: Decimal) -> None:
    if not quantity.is_finite() or not least <= quantity <= QUANTITY_MAX:
        raise CommandInvalid(field, f"a number from {least} to {QUANTITY_MAX}")
    if quantity % QUANTITY_STEP:
        raise CommandInvalid(field, "at most three decimals")


def fingerprint_of(command: Command) -> bytes:
    """Give the digest of all that a command says."""
    return digest(type(command).__name__, msgspec.msgpack.encode(command))


def digest(kind: str, content: bytes) -> bytes:
    """Give the digest of what a command of a kind was made of."""
    return hashlib.blake2b(kind.encode() + content, digest_size=FINGERPRINT_BYTES).digest()
