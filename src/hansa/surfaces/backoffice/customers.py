"""Customers: persons and organisations, found by name, telephone, e-mail or number."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post

from hansa.modules import accounts, markets, parties
from hansa.modules.parties import IdentifierKind, Party, PartyKind
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_day, format_number
from hansa.runtime.http import Request
from hansa.runtime.http.paging import write_cursor
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/customers"
KINDS = {PartyKind.PERSON: "person", PartyKind.ORGANISATION: "organisation"}
IDENTIFIERS = {
    IdentifierKind.PHONE: "Telephone",
    IdentifierKind.EMAIL: "E-mail",
    IdentifierKind.CARD: "Card",
    IdentifierKind.INN: "INN",
    IdentifierKind.KPP: "KPP",
    IdentifierKind.OGRN: "OGRN",
    IdentifierKind.OUTSIDE: "Number elsewhere",
}
INVALID = {
    IdentifierKind.PHONE: "This is not a telephone number.",
    IdentifierKind.EMAIL: "This is not an e-mail address. It looks like name@example.com.",
    IdentifierKind.CARD: "This is not a card number: 4 to 40 letters and digits.",
    IdentifierKind.INN: "This is not an INN: its check digits do not fit.",
    IdentifierKind.KPP: "This is not a KPP: it has nine characters.",
    IdentifierKind.OGRN: "This is not an OGRN: its check digit does not fit.",
    IdentifierKind.OUTSIDE: "Name the system and the number there.",
}
_CURSOR = "office.customers"
_EXPORT_STEP = 1_000


class NewCustomer(msgspec.Struct):
    """What is known of a customer at first."""

    kind: PartyKind = PartyKind.PERSON
    family_name: str = ""
    given_name: str = ""
    legal_name: str = ""
    phone: str = ""
    email: str = ""


@get("/office/customers")
async def list_customers(request: Request) -> Page:
    """Show a page of customers by name."""
    staff(request, "parties.view")
    search, kind = _filters(request)
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str, UUID))
    async with request.snapshot() as snap:
        found, following = await parties.find_parties(
            snap,
            search=search,
            kind=kind,
            after=after,
            limit=PAGE_ROWS,
            region=region_of(request),
        )
        count = await parties.count_parties(snap)
        conflicts = await parties.list_conflicts(snap)
    cursor = write_cursor(request.visit.wiring.secret, following, of=_CURSOR) if following else None
    translate = words(request)
    labels = ((None, "All"), (PartyKind.PERSON, "Persons"), (PartyKind.ORGANISATION, "Companies"))
    return show(
        request,
        "customers.html",
        rows=[customer_row(request, one) for one in found],
        count=count,
        conflicts=len(conflicts),
        search=search,
        kind=str(kind or ""),
        tabs=[
            {
                "label": translate(label),
                "href": address(request, kind=str(one) if one else None),
                "current": kind is one,
            }
            for one, label in labels
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        csv_url=address(request).replace(HOME, f"{HOME}.csv", 1),
    )


@get("/office/customers.csv")
async def download_customers(request: Request) -> Response[bytes]:
    """Give the list as a file; that personal data was taken out is written down."""
    actor = staff(request, "parties.view")
    search, kind = _filters(request)
    translate = words(request)
    rows: list[tuple[object, ...]] = []
    after: tuple[str, UUID] | None = None
    async with request.snapshot() as snap:
        while len(rows) < EXPORT_ROWS_MAX:
            found, after = await parties.find_parties(
                snap,
                search=search,
                kind=kind,
                after=after,
                limit=_EXPORT_STEP,
                region=region_of(request),
            )
            rows += [
                (
                    one.display_name,
                    translate(KINDS[one.kind]),
                    one.value_of(IdentifierKind.PHONE),
                    one.value_of(IdentifierKind.EMAIL),
                    one.value_of(IdentifierKind.INN),
                    format_day(one.created_at, request.language, zone_of(request)),
                )
                for one in found
            ]
            if after is None:
                break
    async with request.transaction() as tx:
        await accounts.record(
            tx,
            actor=actor,
            action="parties.export",
            subject_kind="party",
            subject_id="*",
            after={"rows": len(rows)},
            now=request.received_at,
        )
    labels = ("Name", "Kind", "Telephone", "E-mail", "INN", "Known since")
    return csv_file("customers", [translate(label) for label in labels], rows)


@get("/office/customers/new")
async def show_new(request: Request) -> Page:
    """Show the form that begins a customer."""
    staff(request, "parties.edit")
    return _new_page(request, first_shown(request, kind="person"))


@post("/office/customers/new")
async def create(request: Request) -> Response[None] | Page:
    """Begin a customer; one who is known by telephone or e-mail is opened instead."""
    actor = staff(request, "parties.edit")
    form = await read_form(request, NewCustomer)
    identifiers = _identifiers(request, form) if form.value else []
    if form.value is not None:
        wanted = form.value
        async with request.transaction() as tx:
            party_id = await parties.match_or_create(
                tx,
                party=parties.NewParty(
                    kind=wanted.kind,
                    given_name=wanted.given_name,
                    family_name=wanted.family_name,
                    legal_name=wanted.legal_name,
                ),
                identifiers=identifiers,
                now=request.received_at,
                region=region_of(request),
                trusted=True,
            )
            await accounts.record(
                tx,
                actor=actor,
                action="parties.create",
                subject_kind="party",
                subject_id=party_id,
                now=request.received_at,
            )
        return done(request, f"{HOME}/{party_id}", "created")
    return _new_page(request, form, status_code=422)


def _new_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    translate = words(request)
    return show(
        request,
        "customer_new.html",
        status_code=status_code,
        form=form,
        kinds=[(str(kind), translate(label)) for kind, label in KINDS.items()],
    )


def customer_row(request: Request, party: Party) -> dict[str, Any]:
    """Give a customer as a line of a table shows it."""
    return {
        "id": party.id,
        "url": f"{HOME}/{party.id}",
        "name": party.display_name or words(request)("without a name"),
        "kind": words(request)(KINDS[party.kind]),
        "is_organisation": party.kind is PartyKind.ORGANISATION,
        "phone": party.value_of(IdentifierKind.PHONE) or "",
        "email": party.value_of(IdentifierKind.EMAIL) or "",
        "inn": party.value_of(IdentifierKind.INN) or "",
        "since": format_day(party.created_at, request.language, zone_of(request)),
        "identifiers": format_number(len(party.identifiers), request.language),
    }


def region_of(request: Request) -> str:
    """Give the country telephones without a code belong to."""
    return request.context.service(markets.MarketDirectory).get(request.market).phone_region


def _filters(request: Request) -> tuple[str, PartyKind | None]:
    told = asked(request, "kind")
    return asked(request, "q"), PartyKind(told) if told in set(PartyKind) else None


def _identifiers(request: Request, form: Form[NewCustomer]) -> list[parties.Identifier]:
    """Read what a new customer is found by; what is wrong is noted at its field."""
    typed = ((IdentifierKind.PHONE, form.text("phone")), (IdentifierKind.EMAIL, form.text("email")))
    found = [parties.Identifier(kind=kind, value=value) for kind, value in typed if value]
    for identifier in found:
        try:
            parties.normalise(identifier, region=region_of(request))
        except parties.IdentifierInvalid:
            form.add(str(identifier.kind), INVALID[IdentifierKind(identifier.kind)])
    if not any(form.text(name) for name in ("family_name", "given_name", "legal_name")):
        is_company = form.text("kind") == PartyKind.ORGANISATION
        form.add("legal_name" if is_company else "given_name", "A name is needed.")
    return found
