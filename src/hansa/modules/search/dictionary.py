"""The tree, the attributes and the values of facets, with the numbers the projection gives them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from hansa.kernel.text import Localised, pick
from hansa.modules import catalog
from hansa.modules.search.documents import value_key, value_position
from hansa.modules.search.store import projecting
from hansa.runtime.database import Row, Snapshot, Transaction


class Branch(NamedTuple):
    """A category as the projection knows it; `path` are numbers from the top to itself."""

    id: int
    category_id: UUID
    parent_id: UUID | None
    slug: str
    name: Localised
    position: int
    is_hidden: bool
    path: tuple[int, ...]


class Property(NamedTuple):
    """An attribute as the projection knows it."""

    attribute_id: UUID
    code: str
    name: Localised
    kind: str
    is_facet: bool
    position: int


class FacetValue(NamedTuple):
    """A value of a facet: the code of its attribute, how filters call it, how people do."""

    attribute: str
    value: str
    label: Localised
    swatch: str | None
    position: int


@dataclass(slots=True, kw_only=True)
class Dictionary:
    """All of them, in memory for as long as some products are projected."""

    branches: dict[UUID, Branch]
    properties: dict[UUID, Property]
    choices: dict[UUID, catalog.AttributeChoice]
    numbers: dict[tuple[str, str], int]
    swatches: dict[tuple[str, str], tuple[str | None, int]]
    hidden: set[int] = field(default_factory=set)
    names: dict[str, Localised] = field(default_factory=dict)
    facets: set[str] = field(default_factory=set)
    by_number: dict[int, Branch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_number = {branch.id: branch for branch in self.branches.values()}
        self.hidden = {branch.id for branch in self.branches.values() if branch.is_hidden}
        ordered = sorted(self.properties.values(), key=lambda each: (each.position, each.code))
        self.names = {each.code: each.name for each in ordered}
        self.facets = {each.code for each in self.properties.values() if each.is_facet}

    def placed(self, category_ids: Iterable[UUID]) -> list[Branch]:
        """Give the visible categories among these, without those under a hidden one."""
        return [
            branch
            for category_id in category_ids
            if (branch := self.branches.get(category_id)) is not None
            and not self.hidden.intersection(branch.path)
        ]

    def value_of(self, value: catalog.AttributeValue) -> tuple[str, Localised] | None:
        """Give the code of the attribute and the value in words."""
        attribute = self.properties.get(value.attribute_id)
        if attribute is None:
            return None
        if value.choice_id is not None:
            choice = self.choices.get(value.choice_id)
            return None if choice is None else (attribute.code, choice.name)
        if value.text is not None:
            return attribute.code, value.text
        if value.number is not None:
            return attribute.code, {"ru": _number(value.number)}
        return None

    def facet_value(self, code: str, label: Localised) -> FacetValue | None:
        """Give the value as filters know it, if the attribute is a facet and it says anything."""
        if code not in self.facets or not pick(label, "ru").strip():
            return None
        key = value_key(label)
        swatch, position = self.swatches.get((code, key), (None, value_position(label)))
        return FacetValue(code, key, label, swatch, position)


def _number(number: Decimal) -> str:
    return f"{number.normalize():f}"


class TreeChange(NamedTuple):
    """What was found different in the catalogue: numbers of known categories; any attribute."""

    categories: tuple[int, ...]
    attributes: bool
    is_anything: bool = True


async def take_over(tx: Transaction) -> tuple[Dictionary, TreeChange]:
    """Bring tree and attributes up to the catalogue; tell what known ones changed.

    Compared here and not by an upsert: that would lock every row and use up numbers each time.
    """
    held = await load(tx)
    categories = [
        each
        for each in await catalog.list_categories(tx)
        if (known := held.branches.get(each.id)) is None
        or known[2:7] != (each.parent_id, each.slug, each.name, each.position, each.is_hidden)
    ]
    attributes = [
        each
        for each in await catalog.list_attributes(tx)
        if held.properties.get(each.id) != _property(each)
    ]
    values = _repainted(held, await tx.all(projecting.VALUES))
    if not categories and not attributes and not values:
        return held, TreeChange((), attributes=False, is_anything=False)
    if categories:
        await _save_categories(tx, categories)
    if attributes:
        await _save_attributes(tx, attributes)
    if values:
        await _save_values(tx, values)
    changed = tuple(held.branches[each.id].id for each in categories if each.id in held.branches)
    are_known = any(each.id in held.properties for each in attributes)
    return await load(tx), TreeChange(changed, attributes=are_known)


def _property(attribute: catalog.Attribute) -> Property:
    return Property(
        attribute.id,
        attribute.code,
        attribute.name,
        str(attribute.kind),
        attribute.is_facet,
        attribute.position,
    )


def _repainted(held: Dictionary, rows: Sequence[Row]) -> list[FacetValue]:
    """Find values whose colour or place in the dictionary is another now."""
    return [
        FacetValue(row.attribute, row.value, row.label, *held.swatches[row.attribute, row.value])
        for row in rows
        if held.swatches.get((row.attribute, row.value), (row.swatch, row.position))
        != (row.swatch, row.position)
    ]


async def _save_categories(tx: Transaction, categories: Sequence[catalog.Category]) -> None:
    await tx.execute(
        projecting.SAVE_CATEGORIES,
        {
            "category_ids": [each.id for each in categories],
            "parent_ids": [each.parent_id for each in categories],
            "slugs": [each.slug for each in categories],
            "names": [_json(each.name) for each in categories],
            "positions": [each.position for each in categories],
            "hidden": [each.is_hidden for each in categories],
        },
    )
    await _save_paths(tx)


async def _save_attributes(tx: Transaction, attributes: Sequence[catalog.Attribute]) -> None:
    await tx.execute(
        projecting.SAVE_ATTRIBUTES,
        {
            "attribute_ids": [each.id for each in attributes],
            "codes": [each.code for each in attributes],
            "names": [_json(each.name) for each in attributes],
            "kinds": [str(each.kind) for each in attributes],
            "facets": [each.is_facet for each in attributes],
            "positions": [each.position for each in attributes],
        },
    )


async def _save_paths(tx: Transaction) -> None:
    rows = {row.category_id: row for row in await tx.all(projecting.CATEGORIES)}
    paths: list[str] = []
    for row in rows.values():
        path: list[int] = []
        node = row
        while node is not None and node.id not in path:
            path.append(node.id)
            node = rows.get(node.parent_id)
        paths.append("{" + ",".join(map(str, reversed(path))) + "}")
    await tx.execute(
        projecting.SAVE_PATHS, {"ids": [row.id for row in rows.values()], "paths": paths}
    )


async def load(snap: Snapshot) -> Dictionary:
    """Read tree, attributes, dictionaries and numbered values."""
    branches = {
        row.category_id: Branch._make((*row[:7], tuple(row.path)))
        for row in await snap.all(projecting.CATEGORIES)
    }
    properties = {row.attribute_id: Property(*row) for row in await snap.all(projecting.ATTRIBUTES)}
    choices = {each.id: each for each in await catalog.list_choices(snap)}
    swatches = {
        (properties[each.attribute_id].code, value_key(each.name)): (each.swatch, each.position)
        for each in choices.values()
        if each.attribute_id in properties
    }
    numbers = {(row.attribute, row.value): row.id for row in await snap.all(projecting.VALUES)}
    return Dictionary(
        branches=branches,
        properties=properties,
        choices=choices,
        numbers=numbers,
        swatches=swatches,
    )


async def number_values(
    tx: Transaction, dictionary: Dictionary, values: Mapping[tuple[str, str], FacetValue]
) -> None:
    """Give numbers to values that have none yet."""
    new: Sequence[FacetValue] = [
        value for key, value in values.items() if key not in dictionary.numbers
    ]
    if not new:
        return
    saved = await _save_values(tx, new)
    dictionary.numbers |= {(row.attribute, row.value): row.id for row in saved}


async def _save_values(tx: Transaction, values: Sequence[FacetValue]) -> list[Row]:
    return await tx.all(
        projecting.SAVE_VALUES,
        {
            "attributes": [value.attribute for value in values],
            "values": [value.value for value in values],
            "labels": [_json(value.label) for value in values],
            "swatches": [value.swatch for value in values],
            "positions": [value.position for value in values],
        },
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
