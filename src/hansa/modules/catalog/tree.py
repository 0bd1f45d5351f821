"""Changes of the tree of categories and of attributes with their dictionaries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.catalog import CategoriesChanged
from hansa.kernel.errors import HansaError
from hansa.modules.catalog import rows, slugs, store
from hansa.modules.catalog.model import (
    Attribute,
    AttributeChoice,
    Category,
    CategoryCycle,
    NameMissing,
    Refusal,
    SaveResult,
    SlugTaken,
    UnknownAttribute,
    UnknownParent,
    cycles,
    slug_of,
)
from hansa.runtime.database import Row, Transaction


async def save_categories(
    tx: Transaction, *, categories: Sequence[Category], now: datetime
) -> SaveResult:
    """Create or change categories by id, parents and children in any order.

    Refused alone, the others are saved: no name, unknown parent, a cycle, a taken address.
    """
    await tx.execute(store.LOCK_TREE)
    held = {row.id: row for row in await tx.all(store.ALL_CATEGORIES)}
    wanted = {category.id: category for category in categories}
    refused = _refused(wanted, held)
    for id_ in refused:
        del wanted[id_]
    claims = [
        slugs.Wanted(category.id, category.slug or slug_of(category.name), not category.slug)
        for category in wanted.values()
        if category.id not in held or category.slug not in {"", held[category.id].slug}
    ]
    claimed = await slugs.claim(tx, kind="category", wanted=claims)
    for claim in claims:
        if claim.target_id not in claimed:
            refused[claim.target_id] = SlugTaken(claim.slug)
            del wanted[claim.target_id]
    await slugs.retire(
        tx, kind="category", present={id_: slug for id_, slug in claimed.items() if id_ in held}
    )
    slug_by_id = {id_: row.slug for id_, row in held.items()} | claimed
    listed = list(wanted.values())
    written = await tx.all(
        store.SAVE_CATEGORIES,
        {
            "ids": [category.id for category in listed],
            "parent_ids": [category.parent_id for category in listed],
            "slugs": [slug_by_id[category.id] for category in listed],
            "names": [rows.to_json(category.name) for category in listed],
            "positions": [category.position for category in listed],
            "hidden": [category.is_hidden for category in listed],
            "now": now,
        },
    )
    result = _result(list(wanted), written, refused)
    if written:
        await tx.publish(CategoriesChanged(category_ids=result.created + result.changed))
    return result


def _refused(wanted: dict[UUID, Category], held: dict[UUID, Row]) -> dict[UUID, HansaError]:
    """Find what cannot be saved; a child of something refused is refused with it."""
    refused: dict[UUID, HansaError] = {}
    for category in wanted.values():
        if not any(text.strip() for text in category.name.values()):
            refused[category.id] = NameMissing(category.id)
    parents = {id_: row.parent_id for id_, row in held.items()}
    parents |= {id_: category.parent_id for id_, category in wanted.items()}
    for id_ in cycles(parents):
        if id_ in wanted:
            refused[id_] = CategoryCycle(id_)
    while True:
        orphans = [
            category.id
            for category in wanted.values()
            if category.id not in refused
            and category.parent_id is not None
            and category.parent_id not in held
            and (category.parent_id not in wanted or category.parent_id in refused)
        ]
        if not orphans:
            return refused
        refused |= {id_: UnknownParent(id_) for id_ in orphans}


async def save_attributes(
    tx: Transaction, *, attributes: Sequence[Attribute], now: datetime
) -> SaveResult:
    """Create or change attributes by id. The code of a known one stays; a taken one gets a mark."""
    wanted = {attribute.id: attribute for attribute in attributes}
    found = await tx.all(
        store.ATTRIBUTE_CODES,
        {"ids": list(wanted), "codes": [attribute.code for attribute in attributes]},
    )
    owner_by_code = {row.code: row.id for row in found}
    codes: list[str] = []
    for attribute in wanted.values():
        code = attribute.code
        if owner_by_code.setdefault(code, attribute.id) != attribute.id:
            code = f"{code}-{attribute.id.hex[-6:]}"
        codes.append(code)
    listed = list(wanted.values())
    written = await tx.all(
        store.SAVE_ATTRIBUTES,
        {
            "ids": [attribute.id for attribute in listed],
            "codes": codes,
            "names": [rows.to_json(attribute.name) for attribute in listed],
            "kinds": [str(attribute.kind) for attribute in listed],
            "facets": [attribute.is_facet for attribute in listed],
            "positions": [attribute.position for attribute in listed],
            "now": now,
        },
    )
    if written:
        await tx.publish(CategoriesChanged(attribute_ids=tuple(row.id for row in written)))
    return _result(list(wanted), written, {})


async def save_choices(
    tx: Transaction, *, choices: Sequence[AttributeChoice], now: datetime
) -> SaveResult:
    """Create or change entries of the dictionaries of attributes by id."""
    known = {row.id for row in await tx.all(store.ALL_ATTRIBUTES)}
    refused: dict[UUID, HansaError] = {
        choice.id: UnknownAttribute(choice.id)
        for choice in choices
        if choice.attribute_id not in known
    }
    wanted = {choice.id: choice for choice in choices if choice.id not in refused}
    listed = list(wanted.values())
    written = await tx.all(
        store.SAVE_CHOICES,
        {
            "ids": [choice.id for choice in listed],
            "attribute_ids": [choice.attribute_id for choice in listed],
            "names": [rows.to_json(choice.name) for choice in listed],
            "swatches": [choice.swatch for choice in listed],
            "positions": [choice.position for choice in listed],
            "now": now,
        },
    )
    if written:
        touched = tuple(sorted({row.attribute_id for row in written}))
        await tx.publish(CategoriesChanged(attribute_ids=touched))
    return _result(list(wanted), written, refused)


def _result(
    ids: Sequence[UUID], written: Sequence[Row], refused: dict[UUID, HansaError]
) -> SaveResult:
    is_new = {row.id: row.is_new for row in written}
    return SaveResult(
        created=tuple(id_ for id_ in ids if is_new.get(id_) is True),
        changed=tuple(id_ for id_ in ids if is_new.get(id_) is False),
        unchanged=tuple(id_ for id_ in ids if id_ not in is_new),
        refused=tuple(Refusal(id=id_, error=error) for id_, error in refused.items()),
    )
