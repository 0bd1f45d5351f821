"""Customers: who they are, how they are found again, whose prices they have.

A customer is known by its key, else by card, registry number, telephone or e-mail, in this order;
the ERP is believed, so what it adds becomes known of the party. What it does not name stays, and
nothing is taken away: a telephone that changed is added to the old one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from hansa.kernel.errors import HansaError
from hansa.modules import markets, parties, pricing
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.modules.parties import Identifier, IdentifierKind, PartyKind
from hansa.runtime.database import Transaction

LISTED_MAX = 20
_Name = Annotated[str, msgspec.Meta(max_length=300)]
_Texts = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_CHARACTERS_MAX)]],
    msgspec.Meta(max_length=LISTED_MAX),
]
NAMES = (
    "display_name",
    "given_name",
    "family_name",
    "middle_name",
    "legal_name",
    "language",
    "birth_on",
)
FINDS = {
    "phones": IdentifierKind.PHONE,
    "emails": IdentifierKind.EMAIL,
    "cards": IdentifierKind.CARD,
    "inn": IdentifierKind.INN,
}


class CustomerRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or an organisation; what is not there stays as it is."""

    is_organisation: bool = False
    display_name: _Name | UnsetType = UNSET
    given_name: _Name | UnsetType = UNSET
    family_name: _Name | UnsetType = UNSET
    middle_name: _Name | UnsetType = UNSET
    legal_name: _Name | UnsetType = UNSET
    language: Annotated[str, msgspec.Meta(pattern="^([a-z]{2,3})?$")] | UnsetType = UNSET
    birth_on: date | UnsetType | None = UNSET
    phones: _Texts | UnsetType = UNSET
    emails: _Texts | UnsetType = UNSET
    cards: _Texts | UnsetType = UNSET
    inn: Annotated[str, msgspec.Meta(min_length=1, max_length=20)] | UnsetType = UNSET
    price_group: (
        Annotated[str, msgspec.Meta(max_length=100, description="Code of the group; empty: none")]
        | UnsetType
    ) = UNSET


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[CustomerRow]]) -> None:
    """Find or make each customer, one by one."""
    market = await markets.get_market(tx, code=intake.connection.market)
    for message in messages:
        try:
            async with tx.connection.transaction():
                is_changed = await _take(tx, intake, message, market.phone_region)
        except HansaError as error:
            message.fate.refuse(error)
        else:
            message.fate.settle(Outcome.APPLIED if is_changed else Outcome.UNCHANGED)


async def _take(
    tx: Transaction, intake: Intake, message: Message[CustomerRow], region: str
) -> bool:
    row = message.row
    own = Identifier(kind=IdentifierKind.OUTSIDE, value=row.key, system=intake.connection.source)
    identifiers = [own, *_identifiers(message, region)]
    known_id = await parties.find_match(tx, identifiers=identifiers, region=region)
    before = None if known_id is None else await parties.get_party(tx, party_id=known_id)
    kind = PartyKind.ORGANISATION if row.is_organisation else PartyKind.PERSON
    party_id = await parties.match_or_create(
        tx,
        party=parties.NewParty(kind=kind, **_names(row)),
        identifiers=identifiers,
        now=intake.now,
        region=region,
        trusted=True,
    )
    if before is not None:
        held = {one.name: getattr(before, one.name) for one in fields(parties.Profile)}
        profile = parties.Profile(**{**held, **_names(row)})
        await parties.save_profile(tx, party_id=party_id, profile=profile, now=intake.now)
    is_changed = before is None or before != await parties.get_party(tx, party_id=party_id)
    if row.price_group is not UNSET:
        wanted = row.price_group or None
        if wanted != await pricing.group_of_party(tx, party_id=party_id):
            await pricing.set_group(tx, party_id=party_id, group=wanted, now=intake.now)
            is_changed = True
    return is_changed


def _names(row: CustomerRow) -> dict[str, Any]:
    named = {name: getattr(row, name) for name in NAMES if getattr(row, name) is not UNSET}
    if "display_name" not in named:
        parts = (named.get("family_name"), named.get("given_name"), named.get("middle_name"))
        shown = " ".join(str(part) for part in parts if part) or named.get("legal_name")
        if shown:
            named["display_name"] = shown
    return named


def _identifiers(message: Message[CustomerRow], region: str) -> Iterator[Identifier]:
    """Give what the customer may be found by; what is none is left out and told."""
    for field, kind in FINDS.items():
        sent = getattr(message.row, field)
        if sent is UNSET:
            continue
        for place, value in enumerate([sent] if isinstance(sent, str) else sent):
            one = Identifier(kind=kind, value=value)
            try:
                parties.normalise(one, region=region)
            except parties.IdentifierInvalid as error:
                at = field if isinstance(sent, str) else f"{field}[{place}]"
                message.fate.leave_out(error, at, for_now=False)
            else:
                yield one


CUSTOMERS = Kind(
    name="customers",
    title="Make or change customers",
    owned="customers",
    row=CustomerRow,
    apply=apply,
    rows_per_transaction=100,
    example={
        "key": "0b6f2f5e-7a01-11ee-9c3e-00155d0a0b01",
        "sequence": 1,
        "as_of": "2026-11-22T09:00:00+03:00",
        "family_name": "Иванова",
        "given_name": "Анна",
        "phones": ["+7 916 123-45-67"],
        "cards": ["2200 0001"],
    },
)
