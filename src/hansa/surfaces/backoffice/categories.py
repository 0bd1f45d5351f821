"""Categories: made, renamed, moved, hidden."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, catalog
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.catalogue import HOME, category_choices
from hansa.surfaces.backoffice.presenting import asked, by_language, done, localised, show, words
from hansa.surfaces.backoffice.shell import staff

_PLACES = {
    "catalog.category_cycle": "parent",
    "catalog.unknown_parent": "parent",
    "catalog.slug_taken": "slug",
}
_Short = Annotated[str, msgspec.Meta(max_length=500)]


class CategoryFields(msgspec.Struct):
    """What a category is called and where it lies."""

    name_ru: _Short = ""
    name_en: _Short = ""
    parent: UUID | None = None
    slug: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[a-z0-9-]*$")] = ""
    position: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    is_hidden: bool = False


@get("/office/catalogue/categories/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new category."""
    staff(request, "catalog.edit")
    return await _page(request, None, first_shown(request, parent=asked(request, "parent")))


@post("/office/catalogue/categories/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a category."""
    staff(request, "catalog.edit")
    return await _save(request, None)


@get("/office/catalogue/categories/{category_id:uuid}")
async def show_category(request: Request, category_id: FromPath[UUID]) -> Page:
    """Show a category."""
    staff(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        found = await _category(snap, category_id)
    form = first_shown(
        request,
        **by_language("name", found.name),
        parent=str(found.parent_id or ""),
        slug=found.slug,
        position=str(found.position),
        is_hidden="1" if found.is_hidden else None,
    )
    return await _page(request, category_id, form)


@post("/office/catalogue/categories/{category_id:uuid}")
async def save(request: Request, category_id: FromPath[UUID]) -> Response[None] | Page:
    """Rename, move or hide a category."""
    staff(request, "catalog.edit")
    return await _save(request, category_id)


async def _save(request: Request, category_id: UUID | None) -> Response[None] | Page:
    by = staff(request, "catalog.edit")
    form = await read_form(request, CategoryFields)
    typed = form.value
    if typed is None:
        return await _page(request, category_id, form, status_code=422)
    now = request.received_at
    try:
        async with request.transaction() as tx:
            before = None if category_id is None else await _category(tx, category_id)
            wanted = replace(
                before or catalog.Category(id=new_id(now), name={}),
                name=localised(before.name if before else {}, form, "name"),
                parent_id=typed.parent,
                slug=typed.slug or (before.slug if before else ""),
                position=typed.position,
                is_hidden=typed.is_hidden,
            )
            result = await catalog.save_categories(tx, categories=[wanted], now=now)
            if result.refused:
                raise result.refused[0].error
            if not result.unchanged:
                await accounts.record(
                    tx,
                    actor=by,
                    action="catalog.category_changed" if before else "catalog.category_created",
                    subject_kind="category",
                    subject_id=wanted.id,
                    before=msgspec.to_builtins(before) if before else None,
                    after=msgspec.to_builtins(wanted),
                    now=now,
                )
    except HansaError as refusal:
        form.add(_PLACES.get(refusal.code, "name_ru"), refusal)
        return await _page(request, category_id, form, status_code=422)
    return done(request, f"{HOME}?category={wanted.id}")


async def _category(snap: Snapshot, category_id: UUID) -> catalog.Category:
    for one in await catalog.list_categories(snap):
        if one.id == category_id:
            return one
    raise catalog.NoSuchCategory(str(category_id))


async def _page(
    request: Request, category_id: UUID | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        category = None if category_id is None else await _category(snap, category_id)
        choices = await category_choices(snap, request.language)
    return show(
        request,
        "category.html",
        status_code=status_code,
        category=category,
        form=form,
        parents=[
            ("", words(request)("At the top")),
            *(one for one in choices if one[0] != str(category_id)),
        ],
    )
