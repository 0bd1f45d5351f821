"""What a request is about, read from its path and body: no more of them than is needed.

What cannot be read is about nothing, and goes to the home cell, which says what is wrong with it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, RefKind

HOME = "/loyalty/v1/"
CHARACTERS_MAX = 254


class Name(NamedTuple):
    """A name as cells are asked for it; see `POST /loyalty/v1/places` for the kinds."""

    kind: str
    value: str


class Wanted(NamedTuple):
    """Where a request may go.

    `member_id`: to that member's cell. `names`: to the cell that knows one of them, the first that
    is known counts. `fallback`: chooses the cell if none is known, or with `to_all` the cell whose
    answer is given while all do it. `is_one`: all names known must be known by one cell.
    """

    member_id: UUID | None = None
    names: tuple[Name, ...] = ()
    fallback: str = ""
    to_all: bool = False
    is_one: bool = False


class Member(msgspec.Struct):
    """However a body names a member."""

    id: str | None = None
    phone: str | None = None
    card: str | None = None
    partner_ref: str | None = None
    kind: str | None = None
    value: str | None = None


class Body(Member):
    """What bodies of `/loyalty/v1` say of where they belong."""

    member: Member | None = None
    receipt: str | None = None
    hold_key: str | None = None
    posting_key: str | None = None
    number: str | None = None


_READ = msgspec.json.Decoder(Body)
_BY_MEMBER = frozenset(
    {"purchases", "accruals", "holds", "spendings", "step-ups", "members/percents", "previews"}
)
_BY_KEY: dict[str, Callable[[Body], Name | None]] = {
    "returns": lambda body: _name("receipt", body.receipt),
    "holds/post": lambda body: _name("hold", body.hold_key),
    "holds/void": lambda body: _name("hold", body.hold_key),
    "reversals": lambda body: _name("key", body.posting_key),
}
_BY_PATH = {"receipts": "receipt", "step-ups": "step_up"}
COMMANDS = {
    "purchase": "purchases",
    "return": "returns",
    "accrual": "accruals",
    "hold": "holds",
    "post": "holds/post",
    "void": "holds/void",
    "spending": "spendings",
    "reversal": "reversals",
}
"""Types of commands in a batch, and the path each has alone."""


def wanted_of(method: str, path: str, key: str, content: bytes, now: datetime) -> Wanted | None:
    """Tell where a request may go; None is the home cell. `path` is what follows `HOME`."""
    first, _, rest = path.partition("/")
    second, _, last = rest.partition("/")
    try:
        if first == "members" and second and second not in {"search", "percents"}:
            return _of_member(UUID(second), method, last, content)
        if first == "codes" and second:
            return Wanted(member_id=UUID(second))  # a question's number says where it was asked
        if first in _BY_PATH and (name := _name(_BY_PATH[first], second)):
            return _by(name)
        if method == "POST":
            return command_wanted(path, key, content, now)
    except (ValueError, msgspec.DecodeError, HansaError):
        return None
    return None


def command_wanted(path: str, key: str, content: bytes, now: datetime) -> Wanted | None:
    """Tell where a command under a key may go; None is the home cell.

    Raises:
        msgspec.DecodeError, ValueError, HansaError: it cannot be read.
    """
    if path in _BY_MEMBER:
        body = _READ.decode(content)
        return _by_member(body.member, now) if body.member is not None else None
    if path in _BY_KEY:
        name = _BY_KEY[path](_READ.decode(content))
        if name is None:
            return None
        names = _known([_name("key", key), name])
        return Wanted(names=names, fallback=_text(name), to_all=path == "returns")
    if path == "members/search":
        return _by_member(_READ.decode(content), now)
    if path in {"codes", "members"}:
        return _enrolment(_READ.decode(content))
    return None


def _of_member(member_id: UUID, method: str, last: str, content: bytes) -> Wanted:
    """A member's own things; a name that is added must not be known by another cell."""
    names: list[Name | None] = []
    if method == "POST" and last in {"cards", "links"}:
        body = _READ.decode(content)
        names = [_name("card", body.number), _name("partner", body.partner_ref)]
    return Wanted(member_id=member_id, names=_known(names), is_one=True)


def _enrolment(body: Body) -> Wanted | None:
    """Whoever is known by one of the names; else where receipts wait; else by the first name.

    A code is asked for in the same way, so that it proves something where they are kept.
    """
    names = _known(
        [
            _name("phone", body.phone),
            _name("card", body.card),
            _name("partner", body.partner_ref),
        ]
    )
    if not names:
        return None
    waiting = _known([_name("waiting", body.partner_ref)])
    return Wanted(names=(*names, *waiting), fallback=_text(names[0]), is_one=True)


def _by_member(member: Member, now: datetime) -> Wanted | None:
    kinds = {"id": member.id, "phone": member.phone, "card": member.card}
    kinds["partner"] = member.partner_ref
    if member.kind is not None:
        kinds[member.kind] = member.value
    if scan := kinds.pop("scan", None):
        ref = members.scanned(scan, at=now)
        kinds[ref.kind.value] = ref.value
    if number := kinds["id"]:
        return Wanted(member_id=UUID(number))
    names = _known([_name(kind, value) for kind, value in kinds.items()])
    return _by(names[0]) if names else None


def _by(name: Name) -> Wanted:
    return Wanted(names=(name,), fallback=_text(name))


def _name(kind: str, value: str | None) -> Name | None:
    """Give a name; what is longer than any is none, and the home cell says so."""
    return Name(kind, value) if value and len(value) <= CHARACTERS_MAX else None


def _known(names: list[Name | None]) -> tuple[Name, ...]:
    return tuple(name for name in names if name is not None)


def _text(name: Name) -> str:
    """Write a name so that it chooses the same cell however it is spelt."""
    value = name.value
    if name.kind in {"phone", "card", "partner"}:
        value = members.normalised(MemberRef(RefKind(name.kind), value), None).value
    return f"{name.kind}|{value}"
