"""JSON API for staff: categories, attributes, dictionaries."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from litestar import Response, get, put
from litestar.params import FromPath, JSONBody

from hansa.modules import accounts
from hansa.modules.catalog import queries, rows, tree
from hansa.modules.catalog.bodies import (
    AttributeBody,
    AttributeView,
    CategoryBody,
    CategoryView,
    ChoiceBody,
    ChoiceView,
)
from hansa.modules.catalog.model import (
    Attribute,
    AttributeChoice,
    AttributeKind,
    Category,
    SaveResult,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT, Cursor, Limit

TAGS = ["Catalogue"]
T = TypeVar("T", Category, Attribute, AttributeChoice)


def _paged(
    request: Request, values: Sequence[T], after: str | None, limit: int, of: str
) -> tuple[list[T], str | None]:
    """Cut a list that is read whole: trees and dictionaries are small."""
    cursor = request.read_cursor(after, of=of, types=(int,))
    start = cursor[0] if cursor else 0
    numbered = list(enumerate(values, 1))[start:]
    shown, following = request.page_of(numbered, limit=limit, of=of, key=lambda pair: [pair[0]])
    return [value for _, value in shown], following


async def _record(
    tx: Transaction, request: Request, *, actor: Actor, kind: str, value: T, result: SaveResult
) -> None:
    """Raise what refused the only row, else write to the audit log that it changed."""
    if result.refused:
        raise result.refused[0].error
    if result.unchanged:
        return
    await accounts.record(
        tx,
        actor=actor,
        action=f"catalog.{kind}_{'created' if result.created else 'changed'}",
        subject_kind=kind,
        subject_id=value.id,
        after=rows.plain_fields(value),
        now=request.received_at,
    )


@get("/api/v1/catalog/all-categories", tags=TAGS, summary="List categories for staff")
async def list_categories(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[CategoryView]:
    """Give every category, hidden ones too; parents are named by id."""
    authorise(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.list_categories(snap)
    shown, following = _paged(request, found, after, limit, "catalog.all-categories")
    return ListPage([CategoryView.of(each) for each in shown], following)


@put("/api/v1/catalog/categories/{category_id:uuid}", tags=TAGS, summary="Save a category")
async def save_category(
    request: Request, category_id: FromPath[UUID], data: JSONBody[CategoryBody]
) -> Response[CategoryView]:
    """Create a category or change it."""
    actor = authorise(request, "catalog.edit")
    category = Category(
        id=category_id,
        name=data.name,
        parent_id=data.parent_id,
        slug=data.slug,
        position=data.position,
        is_hidden=data.is_hidden,
    )

    async def save(tx: Transaction) -> CategoryView:
        result = await tree.save_categories(tx, categories=[category], now=request.received_at)
        await _record(tx, request, actor=actor, kind="category", value=category, result=result)
        saved = {each.id: each for each in await queries.list_categories(tx)}
        return CategoryView.of(saved[category_id])

    return await request.once(save)


@get("/api/v1/catalog/attributes", tags=TAGS, summary="List attributes")
async def list_attributes(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[AttributeView]:
    """Give every attribute, by position."""
    authorise(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.list_attributes(snap)
    shown, following = _paged(request, found, after, limit, "catalog.attributes")
    return ListPage([AttributeView.of(each) for each in shown], following)


@put("/api/v1/catalog/attributes/{attribute_id:uuid}", tags=TAGS, summary="Save an attribute")
async def save_attribute(
    request: Request, attribute_id: FromPath[UUID], data: JSONBody[AttributeBody]
) -> Response[AttributeView]:
    """Create an attribute or change it; a code that is taken gets a mark."""
    actor = authorise(request, "catalog.edit")
    attribute = Attribute(
        id=attribute_id,
        code=data.code,
        name=data.name,
        kind=AttributeKind(data.kind),
        is_facet=data.is_facet,
        position=data.position,
    )

    async def save(tx: Transaction) -> AttributeView:
        result = await tree.save_attributes(tx, attributes=[attribute], now=request.received_at)
        await _record(tx, request, actor=actor, kind="attribute", value=attribute, result=result)
        saved = {each.id: each for each in await queries.list_attributes(tx)}
        return AttributeView.of(saved[attribute_id])

    return await request.once(save)


@get("/api/v1/catalog/choices", tags=TAGS, summary="List entries of dictionaries")
async def list_choices(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[ChoiceView]:
    """Give every entry of every dictionary, by attribute and position."""
    authorise(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.list_choices(snap)
    shown, following = _paged(request, found, after, limit, "catalog.choices")
    return ListPage([ChoiceView.of(each) for each in shown], following)


@put("/api/v1/catalog/choices/{choice_id:uuid}", tags=TAGS, summary="Save an entry of a dictionary")
async def save_choice(
    request: Request, choice_id: FromPath[UUID], data: JSONBody[ChoiceBody]
) -> Response[ChoiceView]:
    """Create an entry or change it."""
    actor = authorise(request, "catalog.edit")
    choice = AttributeChoice(
        id=choice_id,
        attribute_id=data.attribute_id,
        name=data.name,
        swatch=data.swatch,
        position=data.position,
    )

    async def save(tx: Transaction) -> ChoiceView:
        result = await tree.save_choices(tx, choices=[choice], now=request.received_at)
        await _record(tx, request, actor=actor, kind="choice", value=choice, result=result)
        return ChoiceView.of(choice)

    return await request.once(save)


TREE_ROUTES = (
    list_categories,
    save_category,
    list_attributes,
    save_attribute,
    list_choices,
    save_choice,
)
