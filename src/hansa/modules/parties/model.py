"""Persons and organisations, and how their identifiers are made comparable.

Personal data never shows in `repr`, so that it cannot slip into a log or a traceback.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.ru import inn as stdnum_inn
from stdnum.ru import ogrn as stdnum_ogrn

from hansa.kernel.errors import Invalid

VALUE_CHARACTERS_MAX = 254

_EMAIL = re.compile(
    r"[^\s@<>(),;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>(),;:\"\\\x00-\x1f\x7f.-][^\s@]*\.[^\s@.]{2,63}"
)
_KPP = re.compile(r"\d{4}[0-9A-Z]{2}\d{3}")
_CARD = re.compile(r"[0-9A-Z]{4,40}")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]+")


class PartyKind(StrEnum):
    """A human being, or a company, sole trader or other body."""

    PERSON = "person"
    ORGANISATION = "organisation"


class IdentifierKind(StrEnum):
    """What names a party; `outside` is its number in another system, which `system` names."""

    EMAIL = "email"
    PHONE = "phone"
    INN = "inn"
    KPP = "kpp"
    OGRN = "ogrn"
    CARD = "card"
    OUTSIDE = "outside"


# Which match counts when several parties match: the most personal first. A KPP alone matches none.
MATCHING = (
    IdentifierKind.OUTSIDE,
    IdentifierKind.CARD,
    IdentifierKind.INN,
    IdentifierKind.OGRN,
    IdentifierKind.PHONE,
    IdentifierKind.EMAIL,
)


@dataclass(eq=False)
class IdentifierInvalid(Invalid):
    """A telephone, e-mail or registry number that is none. The value itself is not repeated."""

    code: ClassVar[str] = "parties.identifier_invalid"
    message: ClassVar[str] = "This is not right: {kind}."

    kind: str


@dataclass(eq=False)
class PhoneInvalid(IdentifierInvalid):
    """A telephone number that nobody can have."""

    message: ClassVar[str] = "There is no such telephone number. Please check its digits."


@dataclass(eq=False)
class EmailInvalid(IdentifierInvalid):
    """No e-mail address."""

    message: ClassVar[str] = "This is no e-mail address. It looks like name@example.com."


@dataclass(eq=False)
class CardInvalid(IdentifierInvalid):
    """No number of a card."""

    message: ClassVar[str] = "This is no card number. Please check its digits."


@dataclass(eq=False)
class NumberInvalid(IdentifierInvalid):
    """A registry number whose control digits or length are wrong."""

    message: ClassVar[str] = "There is no such number. Please check its digits."


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """What names a party. Any spelling may be given; `normalise` makes it comparable."""

    kind: IdentifierKind | str
    value: str = field(repr=False)
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """What is known of a party when it is first met."""

    kind: PartyKind | str = PartyKind.PERSON
    display_name: str = field(default="", repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    legal_name: str = field(default="", repr=False)
    language: str = ""
    birth_on: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(NewParty):
    """What a party says of itself; replaces all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person or an organisation, known once."""

    id: UUID
    kind: PartyKind
    display_name: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    legal_name: str = field(default="", repr=False)
    language: str = ""
    birth_on: date | None = field(default=None, repr=False)
    created_at: datetime
    updated_at: datetime
    identifiers: tuple[Identifier, ...] = ()

    def value_of(self, kind: IdentifierKind) -> str | None:
        """Give the first identifier of a kind."""
        return next((found.value for found in self.identifiers if found.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a party wants its goods."""

    id: UUID
    label: str = ""
    recipient: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    country: str = ""
    region: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    street: str = field(default="", repr=False)
    house: str = field(default="", repr=False)
    flat: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    comment: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a person is in an organisation: `employee`, `buyer`, `director`, ..."""

    person_id: UUID
    organisation_id: UUID
    role: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A decision: may we use the data for this purpose? `document` names the text agreed to."""

    party_id: UUID
    purpose: str
    is_granted: bool
    document: str
    source: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two parties that share identifiers of these kinds: perhaps they are one."""

    first_id: UUID
    second_id: UUID
    kinds: tuple[str, ...]
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two parties made one; `undone_at` is set when they were parted again."""

    id: UUID
    keep_id: UUID
    absorb_id: UUID
    made_at: datetime
    made_by: UUID | None
    undone_at: datetime | None


def normalise(identifier: Identifier, *, region: str = "RU") -> Identifier:
    """Give the one spelling an identifier is kept and compared in.

    Telephones become E.164 (without a country code they are of `region`), e-mail addresses lower
    case, registry numbers are checked by their control digits, cards lose blanks and hyphens.

    Raises:
        IdentifierInvalid: it is none of its kind.
    """
    try:
        kind = IdentifierKind(identifier.kind)
    except ValueError:
        raise IdentifierInvalid("kind") from None
    value = identifier.value.strip()
    invalid = _INVALID.get(kind, IdentifierInvalid)
    if len(value) > VALUE_CHARACTERS_MAX or len(identifier.system) > VALUE_CHARACTERS_MAX:
        raise invalid(kind.value)
    normal = _normal(kind, value, region)
    if normal is None or (kind is IdentifierKind.OUTSIDE) != bool(identifier.system):
        raise invalid(kind.value)
    return Identifier(kind=kind, value=normal, system=identifier.system)


def _normal(kind: IdentifierKind, value: str, region: str) -> str | None:
    if kind is IdentifierKind.PHONE:
        return _phone(value, region)
    return _NORMAL[kind](value)


def _matching(pattern: re.Pattern[str], value: str) -> str | None:
    return value if pattern.fullmatch(value) else None


def _phone(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _registered(validate: Callable[[str], str], value: str) -> str | None:
    try:
        return validate(value)
    except ValidationError:
        return None


def keys_of(identifiers: Sequence[Identifier]) -> dict[tuple[str, str, str], Identifier]:
    """Give the matching key (kind, system, text) of each normalised identifier.

    An INN given together with a KPP matches by both: branches of a company share its INN.
    """
    branch = next((one.value for one in identifiers if one.kind == IdentifierKind.KPP), None)
    keys: dict[tuple[str, str, str], Identifier] = {}
    for one in identifiers:
        text = one.value
        if one.kind == IdentifierKind.INN and branch is not None:
            text = f"{one.value}/{branch}"
        if one.kind != IdentifierKind.KPP:
            keys[str(one.kind), one.system, text] = one
    return keys


def name_of(party: NewParty) -> str:
    """Give what to call a party: the name it has, else one made of its parts."""
    parts = (party.family_name, party.given_name, party.middle_name)
    return party.display_name or party.legal_name or " ".join(part for part in parts if part)


_INVALID: dict[IdentifierKind, type[IdentifierInvalid]] = {
    IdentifierKind.PHONE: PhoneInvalid,
    IdentifierKind.EMAIL: EmailInvalid,
    IdentifierKind.CARD: CardInvalid,
    IdentifierKind.INN: NumberInvalid,
    IdentifierKind.OGRN: NumberInvalid,
    IdentifierKind.KPP: NumberInvalid,
}
_NORMAL: dict[IdentifierKind, Callable[[str], str | None]] = {
    IdentifierKind.EMAIL: lambda value: _matching(_EMAIL, value.lower()),
    IdentifierKind.INN: lambda value: _registered(stdnum_inn.validate, value),
    IdentifierKind.OGRN: lambda value: _registered(stdnum_ogrn.validate, value),
    IdentifierKind.KPP: lambda value: _matching(_KPP, value.upper()),
    IdentifierKind.CARD: lambda value: _matching(_CARD, re.sub(r"[\s-]", "", value).upper()),
    IdentifierKind.OUTSIDE: lambda value: _matching(_PRINTABLE, value),
}
