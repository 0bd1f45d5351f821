"""A customer's card: names, identifiers, addresses, consents, orders, price group."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import accounts, orders, parties, pricing, receipts
from hansa.modules.parties import IdentifierKind, PartyKind
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Actor, Request, go_to
from hansa.surfaces.backoffice.customers import (
    HOME,
    IDENTIFIERS,
    INVALID,
    KINDS,
    customer_row,
    region_of,
)
from hansa.surfaces.backoffice.orders import order_row
from hansa.surfaces.backoffice.presenting import done, show, words, zone_of
from hansa.surfaces.backoffice.receipts import receipt_row, shop_names
from hansa.surfaces.backoffice.shell import staff

_ORDERS_SHOWN = 20
PURPOSES = {
    "marketing.email": "news by e-mail",
    "marketing.phone": "news by telephone",
    "personal_data": "personal data",
}
_Short = Annotated[str, msgspec.Meta(max_length=200)]


class ProfileFields(msgspec.Struct):
    """What a customer is called."""

    family_name: _Short = ""
    given_name: _Short = ""
    middle_name: _Short = ""
    legal_name: _Short = ""
    display_name: _Short = ""
    language: _Short = ""
    birth_on: date | None = None


class IdentifierFields(msgspec.Struct):
    """A telephone, an address, a number."""

    kind: IdentifierKind
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    system: _Short = ""


class AddressFields(msgspec.Struct):
    """Where goods are wanted."""

    city: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    street: _Short = ""
    house: _Short = ""
    flat: _Short = ""
    postcode: _Short = ""
    label: _Short = ""


class GroupFields(msgspec.Struct):
    """Whose prices a customer has."""

    group: _Short = ""


class ConsentFields(msgspec.Struct):
    """A decision a customer told us."""

    purpose: _Short
    is_granted: bool = False


@get("/office/customers/{party_id:uuid}")
async def show_customer(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Show a card; of one who was merged with another, the other's."""
    staff(request, "parties.view")
    async with request.snapshot() as snap:
        party = await parties.get_party(snap, party_id=party_id)
    if party.id != party_id:
        return go_to(request, f"{HOME}/{party.id}")
    return await customer_page(request, party_id)


async def customer_page(
    request: Request,
    party_id: UUID,
    *,
    profile: Form[Any] | None = None,
    identifier: Form[Any] | None = None,
    living: Form[Any] | None = None,
    status_code: int = 200,
) -> Page:
    """Make the page; a form that was refused is shown as it was sent."""
    actor = staff(request, "parties.view")
    language, translate = request.language, words(request)
    async with request.snapshot() as snap:
        party = await parties.get_party(snap, party_id=party_id)
        addresses = await parties.list_addresses(snap, party_id=party.id)
        consents = await parties.list_consents(snap, party_id=party.id)
        merges = await parties.list_merges(snap, party_id=party.id)
        bought = await _orders(snap, party.id, merges) if actor.may("orders.view") else []
        roles = await _roles(snap, party)
        tills = await _at_tills(request, snap, party.id)
        group = await pricing.group_of_party(snap, party_id=party.id)
        groups = await pricing.list_groups(snap)
    form = profile or first_shown(
        request,
        **{name: getattr(party, name) for name in ProfileFields.__struct_fields__},
    )
    zone = zone_of(request)
    return show(
        request,
        "customer.html",
        status_code=status_code,
        party=party,
        row=customer_row(request, party),
        is_organisation=party.kind is PartyKind.ORGANISATION,
        form=form,
        identifiers=[
            {
                "kind": str(one.kind),
                "label": translate(IDENTIFIERS[IdentifierKind(one.kind)]),
                "value": one.value,
                "system": one.system,
            }
            for one in party.identifiers
        ],
        kinds=[(str(kind), translate(label)) for kind, label in IDENTIFIERS.items()],
        identifier=identifier or first_shown(request, kind="phone"),
        addresses=[
            {"id": one.id, "label": one.label, "text": _in_one_line(one)} for one in addresses
        ],
        living=living or first_shown(request),
        consents=_consents(request, consents),
        orders=[order_row(request, one) for one in bought],
        merges=[
            {
                "id": one.id,
                "moment": format_moment(one.made_at, language, zone),
                "undone": format_moment(one.undone_at, language, zone) if one.undone_at else "",
            }
            for one in merges
            if one.keep_id == party.id
        ],
        roles=roles,
        receipts=tills,
        price_group=group or "",
        price_groups=[
            ("", translate("Usual prices")),
            *((one.code, pick(one.name, language)) for one in groups),
        ],
        kind=translate(KINDS[party.kind]),
    )


async def _at_tills(request: Request, snap: Snapshot, party_id: UUID) -> list[dict[str, Any]]:
    actor = request.actor
    if actor is None or not actor.may("receipts.view"):
        return []
    found = await receipts.list_of_party(snap, party_id=party_id, limit=_ORDERS_SHOWN)
    shops = await shop_names(snap, request.language) if found else {}
    return [receipt_row(request, one, shops) for one in found]


def _consents(request: Request, given: Sequence[parties.Consent]) -> list[dict[str, object]]:
    """Name every purpose we ask about, and those asked about before, with the last decision."""
    return [
        {
            "purpose": purpose,
            "label": words(request)(PURPOSES.get(purpose, purpose)),
            "decision": next((one for one in given if one.purpose == purpose), None),
        }
        for purpose in [*PURPOSES, *(one.purpose for one in given if one.purpose not in PURPOSES)]
    ]


@post("/office/customers/{party_id:uuid}")
async def save_profile(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Save names; the values are not written into the audit log, only that they changed."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, ProfileFields)
    if form.value is None:
        return await customer_page(request, party_id, profile=form, status_code=422)
    profile = parties.Profile(**msgspec.structs.asdict(form.value))
    async with request.transaction() as tx:
        await parties.save_profile(tx, party_id=party_id, profile=profile, now=request.received_at)
        await _note(request, tx, "parties.save_profile", party_id, actor)
    return done(request, f"{HOME}/{party_id}")


@post("/office/customers/{party_id:uuid}/identifiers")
async def add_identifier(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Add a telephone, an address or a number that staff vouch for."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, IdentifierFields)
    if form.value is not None:
        wanted = form.value
        system = wanted.system if wanted.kind is IdentifierKind.OUTSIDE else ""
        try:
            async with request.transaction() as tx:
                await parties.add_identifier(
                    tx,
                    party_id=party_id,
                    identifier=parties.Identifier(
                        kind=wanted.kind, value=wanted.value, system=system
                    ),
                    now=request.received_at,
                    region=region_of(request),
                )
                await _note(
                    request, tx, "parties.add_identifier", party_id, actor, kind=str(wanted.kind)
                )
            return done(request, f"{HOME}/{party_id}")
        except parties.IdentifierInvalid:
            form.add("value", INVALID[wanted.kind])
        except parties.IdentifierTaken:
            form.add(
                "value", "Another customer has it. Look at both and merge them if they are one."
            )
    return await customer_page(request, party_id, identifier=form, status_code=422)


@post("/office/customers/{party_id:uuid}/identifiers/remove")
async def remove_identifier(request: Request, party_id: FromPath[UUID]) -> Response[None]:
    """Take an identifier away."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, IdentifierFields)
    if form.value is not None:
        wanted = form.value
        async with request.transaction() as tx:
            await parties.remove_identifier(
                tx,
                party_id=party_id,
                identifier=parties.Identifier(
                    kind=wanted.kind, value=wanted.value, system=wanted.system
                ),
                region=region_of(request),
            )
            await _note(
                request, tx, "parties.remove_identifier", party_id, actor, kind=str(wanted.kind)
            )
    return done(request, f"{HOME}/{party_id}")


@post("/office/customers/{party_id:uuid}/addresses")
async def add_address(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Keep one more address."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, AddressFields)
    if form.value is not None:
        address = parties.Address(
            id=new_id(request.received_at),
            country=region_of(request),
            **msgspec.structs.asdict(form.value),
        )
        try:
            async with request.transaction() as tx:
                await parties.save_address(
                    tx, party_id=party_id, address=address, now=request.received_at
                )
                await _note(request, tx, "parties.save_address", party_id, actor)
            return done(request, f"{HOME}/{party_id}")
        except HansaError as refusal:
            form.add("city", refusal)
    return await customer_page(request, party_id, living=form, status_code=422)


@post("/office/customers/{party_id:uuid}/addresses/{address_id:uuid}/remove")
async def remove_address(
    request: Request, party_id: FromPath[UUID], address_id: FromPath[UUID]
) -> Response[None]:
    """Forget an address."""
    actor = staff(request, "parties.edit")
    async with request.transaction() as tx:
        await parties.remove_address(tx, party_id=party_id, address_id=address_id)
        await _note(request, tx, "parties.remove_address", party_id, actor)
    return done(request, f"{HOME}/{party_id}")


@post("/office/customers/{party_id:uuid}/consents")
async def set_consent(request: Request, party_id: FromPath[UUID]) -> Response[None]:
    """Keep a decision the customer told a member of staff."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, ConsentFields)
    if form.value is not None:
        async with request.transaction() as tx:
            await parties.set_consent(
                tx,
                party_id=party_id,
                purpose=form.value.purpose,
                is_granted=form.value.is_granted,
                source="office",
                now=request.received_at,
            )
            await _note(
                request,
                tx,
                "parties.set_consent",
                party_id,
                actor,
                purpose=form.value.purpose,
                is_granted=form.value.is_granted,
            )
    return done(request, f"{HOME}/{party_id}")


@post("/office/customers/{party_id:uuid}/group")
async def set_group(request: Request, party_id: FromPath[UUID]) -> Response[None]:
    """Give a customer the prices of a group, or everybody's."""
    actor = staff(request, "pricing.edit")
    form = await read_form(request, GroupFields)
    async with request.transaction() as tx:
        await pricing.set_group(
            tx,
            party_id=party_id,
            group=(form.value.group if form.value else "") or None,
            by=actor,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{party_id}")


async def _note(
    request: Request, tx: Transaction, action: str, party_id: UUID, actor: Actor, **what: object
) -> None:
    await accounts.record(
        tx,
        actor=actor,
        action=action,
        subject_kind="party",
        subject_id=party_id,
        after=what or None,
        now=request.received_at,
    )


async def _orders(
    snap: Snapshot, party_id: UUID, merges: tuple[parties.Merge, ...]
) -> list[orders.OrderSummary]:
    """Give the latest orders, those of parties that were merged into this one too."""
    theirs = {one.absorb_id for one in merges if one.undone_at is None and one.keep_id == party_id}
    found = []
    for one in {party_id, *theirs}:
        found += await orders.list_orders(
            snap, wanted=orders.OrderFilter(party_id=one), limit=_ORDERS_SHOWN
        )
    return sorted(found, key=lambda one: one.placed_at, reverse=True)[:_ORDERS_SHOWN]


async def _roles(snap: Snapshot, party: parties.Party) -> list[tuple[str, str, str]]:
    """Give name, address and role of whom the party is tied to."""
    roles = await parties.list_roles(snap, party_id=party.id)
    others = [one.organisation_id if one.person_id == party.id else one.person_id for one in roles]
    names = await parties.get_parties(snap, party_ids=others)
    return [
        (names[other].display_name, f"{HOME}/{names[other].id}", one.role)
        for one, other in zip(roles, others, strict=True)
        if other in names
    ]


def _in_one_line(one: parties.Address) -> str:
    parts = (one.postcode, one.region, one.city, one.street, one.house, one.flat)
    return ", ".join(part for part in parts if part)
