"""Customers who may be one: pairs that share a telephone or an address, merging and its undoing."""

from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import parties
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request, go_to
from hansa.surfaces.backoffice.customers import HOME, IDENTIFIERS, customer_row, region_of
from hansa.surfaces.backoffice.presenting import asked, done, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

_CANDIDATES = 10


class MergeFields(msgspec.Struct):
    """Whom to take into the card."""

    absorb: UUID


@get("/office/customers/conflicts")
async def list_conflicts(request: Request) -> Page:
    """Show pairs that share identifiers: perhaps they are one."""
    staff(request, "parties.view")
    translate = words(request)
    labels = {str(kind): label for kind, label in IDENTIFIERS.items()}
    async with request.snapshot() as snap:
        found = await parties.list_conflicts(snap)
        known = await parties.get_parties(
            snap, party_ids=[one for pair in found for one in (pair.first_id, pair.second_id)]
        )
    return show(
        request,
        "conflicts.html",
        pairs=[
            {
                "first": customer_row(request, known[one.first_id]),
                "second": customer_row(request, known[one.second_id]),
                "kinds": [translate(labels.get(kind, kind)) for kind in one.kinds],
                "moment": format_moment(one.found_at, request.language, zone_of(request)),
            }
            for one in found
            if one.first_id in known
            and one.second_id in known
            and known[one.first_id].id != known[one.second_id].id
        ],
    )


@get("/office/customers/{party_id:uuid}/merge")
async def show_merge(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Find the other card of a customer."""
    staff(request, "parties.merge")
    return await _merge_page(request, party_id, first_shown(request))


@post("/office/customers/{party_id:uuid}/merge")
async def merge(request: Request, party_id: FromPath[UUID]) -> Response[None] | Page:
    """Take another card into this one; can be undone at any time."""
    actor = staff(request, "parties.merge")
    form = await read_form(request, MergeFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                merge_id = await parties.merge_parties(
                    tx,
                    keep=party_id,
                    absorb=form.value.absorb,
                    by=actor,
                    now=request.received_at,
                )
            return done(request, f"{HOME}/{party_id}", "merged", of=merge_id)
        except (parties.MergeImpossible, parties.AlreadyMerged, parties.PartyNotFound) as refusal:
            form.add("absorb", refusal)
    return await _merge_page(request, party_id, form, status_code=422)


@post("/office/customers/merges/{merge_id:uuid}/undo")
async def undo(request: Request, merge_id: FromPath[UUID]) -> Response[None]:
    """Part two customers again."""
    actor = staff(request, "parties.merge")
    async with request.transaction() as tx:
        undone = await parties.undo_merge(tx, merge_id=merge_id, by=actor, now=request.received_at)
    notice = "parted_but" if undone.left_behind else "parted"
    return done(request, f"{HOME}/{undone.keep_id}", notice)


async def _merge_page(
    request: Request, party_id: UUID, form: Form[MergeFields], *, status_code: int = 200
) -> Response[None] | Page:
    search = asked(request, "q")
    async with request.snapshot() as snap:
        party = await parties.get_party(snap, party_id=party_id)
        if party.id != party_id:
            return go_to(request, f"{HOME}/{party.id}/merge")
        wanted = search or party.display_name
        found, _ = await parties.find_parties(
            snap,
            search=wanted,
            kind=party.kind,
            limit=_CANDIDATES + 1,
            region=region_of(request),
        )
    return show(
        request,
        "merge.html",
        status_code=status_code,
        party=customer_row(request, party),
        candidates=[customer_row(request, one) for one in found if one.id != party.id],
        search=search,
        form=form,
    )
