"""Items: cards of goods and their variants, under the same outside ids as in CommerceML.

A key `<product>` is a card with one variant of the same name, unless the row says that it has
variants; a key `<product>#<characteristic>` is a variant of that card. Of a row only the fields
that are there are taken; each is ordered by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from hansa.kernel.identifiers import new_id
from hansa.kernel.text import Localised
from hansa.modules import catalog
from hansa.modules.erp.commerceml import requisite_key
from hansa.modules.erp.importing import dictionaries
from hansa.modules.erp.importing.desk import NewReference, Reference
from hansa.modules.erp.rest.errors import (
    FieldOfCard,
    FieldOfVariants,
    NameMissing,
    NotOwned,
    UnknownGroup,
)
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

PRODUCT_FIELDS = ("name", "description", "brand", "groups", "is_deleted")
VARIANT_FIELDS = ("sku", "barcode", "unit", "options", "is_deleted")
FIELDS = (*PRODUCT_FIELDS, "sku", "barcode", "unit", "options")
DESCRIPTION_CHARACTERS_MAX = 100_000
SEPARATOR = "#"
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_Short = Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX)]


class ItemRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card or a variant; what is not there stays as it is."""

    name: _Name | UnsetType = UNSET
    description: Annotated[str, msgspec.Meta(max_length=DESCRIPTION_CHARACTERS_MAX)] | UnsetType = (
        UNSET
    )
    brand: _Short | UnsetType = UNSET
    groups: (
        Annotated[list[_Short], msgspec.Meta(max_length=100, description="Outside ids of groups")]
        | UnsetType
    ) = UNSET
    sku: _Short | UnsetType = UNSET
    barcode: _Short | UnsetType = UNSET
    unit: (
        Annotated[str, msgspec.Meta(max_length=10, description="OKEI code; 796 is a piece")]
        | UnsetType
    ) = UNSET
    options: (
        Annotated[
            dict[_Short, _Short],
            msgspec.Meta(max_length=20, description="Characteristics by name: size, colour"),
        ]
        | UnsetType
    ) = UNSET
    is_deleted: bool | UnsetType = UNSET
    has_variants: bool = False


def parts(row: ItemRow) -> frozenset[str]:
    """Name the fields of a row: each is ordered by itself."""
    return frozenset(("", *(name for name in FIELDS if getattr(row, name) is not UNSET)))


def is_card(key: str) -> bool:
    """Say whether a key is of a card; cards come before their variants."""
    return SEPARATOR not in key


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[ItemRow]]) -> None:
    """Make or change cards and variants; a variant of an unknown card waits for it."""
    for message in messages:
        _leave_out_foreign(intake, message)
    cards = {message.row.key.partition(SEPARATOR)[0] for message in messages}
    products = dict(await intake.desk.known(tx, "product", cards))
    changed = await _save_cards(tx, intake, messages, products)
    known = await intake.variants(tx, (message.row.key for message in messages))
    ready = []
    for message in messages:
        if message.fate.outcome is not None:
            continue
        card = message.row.key.partition(SEPARATOR)[0]
        if card not in products:
            intake.wait(message, waits_for=card)
        elif not message.row.has_variants:
            ready.append(message)
    changed |= await _save_variants(tx, intake, ready, products, known)
    for message in messages:
        if message.fate.outcome is None:
            is_changed = message.row.key in changed
            message.fate.settle(Outcome.APPLIED if is_changed else Outcome.UNCHANGED)


def _leave_out_foreign(intake: Intake, message: Message[ItemRow]) -> None:
    fate, row = message.fate, message.row
    for name in sorted(message.takes - {""}):
        if not intake.connection.owns(name):
            fate.leave_out(NotOwned(name), name, for_now=False)
        elif not is_card(row.key) and name not in VARIANT_FIELDS:
            fate.leave_out(FieldOfCard(name), name, for_now=False)
        elif row.has_variants and name not in PRODUCT_FIELDS:
            fate.leave_out(FieldOfVariants(name), name, for_now=False)
        else:
            continue
        message.takes -= {name}


async def _save_cards(
    tx: Transaction,
    intake: Intake,
    messages: Sequence[Message[ItemRow]],
    products: dict[str, Reference],
) -> set[str]:
    """Save the cards among the rows; give the keys of those that changed, add new ones."""
    listed = [message for message in messages if is_card(message.row.key)]
    held = await catalog.get_products(
        tx, product_ids=[each.internal_id for each in products.values()]
    )
    groups = await _groups(tx, intake, listed)
    wanted: dict[UUID, tuple[Message[ItemRow], catalog.Product]] = {}
    for message in listed:
        key = message.row.key
        before = held.get(products[key].internal_id) if key in products else None
        if before is None and "name" not in message.takes:
            if "name" in parts(message.row):
                message.fate.refuse(NotOwned("name"), "name")
            else:
                message.fate.refuse(NameMissing(), "name")
            continue
        begun = before or catalog.Product(
            id=products[key].internal_id if key in products else new_id(intake.now),
            name={},
            status=_shown(intake),
        )
        wanted[begun.id] = (message, _card(intake, message, begun, groups))
    result = await catalog.save_products(
        tx, products=[product for _, product in wanted.values()], now=intake.now, keep_media=True
    )
    for refusal in result.refused:
        wanted.pop(refusal.id)[0].fate.refuse(refusal.error)
    touched = {*result.created, *result.changed}
    await intake.desk.keep(
        tx,
        "product",
        [
            _reference(message, id_, product.status is catalog.Status.ARCHIVED)
            for id_, (message, product) in wanted.items()
            if id_ in touched or message.row.key not in products
        ],
    )
    for id_, (message, _) in wanted.items():
        if message.row.key not in products:
            intake.arrived.append(message.row.key)
            products[message.row.key] = Reference(id_, None, {}, is_gone=False)
    return {message.row.key for id_, (message, _) in wanted.items() if id_ in touched}


def _reference(message: Message[ItemRow], id_: UUID, is_gone: bool) -> NewReference:  # noqa: FBT001 - what became of it
    # An empty digest: the next CommerceML file compares with what it says, not with what it said.
    return NewReference(message.row.key, id_, b"", is_gone=is_gone)


async def _groups(
    tx: Transaction, intake: Intake, messages: Sequence[Message[ItemRow]]
) -> Mapping[str, Reference]:
    named: set[str] = set()
    for message in messages:
        if "groups" in message.takes and message.row.groups is not UNSET:
            named |= set(message.row.groups)
    return await intake.desk.known(tx, "group", named)


def _shown(intake: Intake) -> catalog.Status:
    is_shown = intake.connection.publishes_products
    return catalog.Status.ACTIVE if is_shown else catalog.Status.DRAFT


def _card(
    intake: Intake,
    message: Message[ItemRow],
    product: catalog.Product,
    groups: Mapping[str, Reference],
) -> catalog.Product:
    row, takes = message.row, message.takes
    if "name" in takes and row.name is not UNSET:
        product = replace(product, name={**product.name, **intake.desk.named(row.name)})
    if "description" in takes and row.description is not UNSET:
        text = intake.desk.named(row.description)
        product = replace(product, description={**product.description, **text})
    if "brand" in takes and row.brand is not UNSET:
        product = replace(product, brand=row.brand)
    if "groups" in takes and row.groups is not UNSET:
        for one in row.groups:
            if one not in groups:
                message.fate.note(UnknownGroup(one), "groups")
        ids = tuple(groups[one].internal_id for one in row.groups if one in groups)
        product = replace(product, category_ids=ids)
    if "is_deleted" in takes:
        if row.is_deleted:
            product = replace(product, status=catalog.Status.ARCHIVED)
        elif product.status is catalog.Status.ARCHIVED:
            product = replace(product, status=_shown(intake))
    return product


async def _save_variants(
    tx: Transaction,
    intake: Intake,
    messages: Sequence[Message[ItemRow]],
    products: Mapping[str, Reference],
    known: Mapping[str, Reference],
) -> set[str]:
    held = await catalog.get_variants(tx, variant_ids=[each.internal_id for each in known.values()])
    names = {
        name
        for message in messages
        if "options" in message.takes and message.row.options is not UNSET
        for name in message.row.options
    }
    codes = (
        await dictionaries.ensure_characteristics(tx, intake.desk, names, now=intake.now)
        if names
        else {}
    )
    wanted: dict[UUID, tuple[Message[ItemRow], catalog.Variant]] = {}
    for message in messages:
        key = message.row.key
        before = held.get(known[key].internal_id) if key in known else None
        begun = before or catalog.Variant(
            id=known[key].internal_id if key in known else new_id(intake.now),
            product_id=products[key.partition(SEPARATOR)[0]].internal_id,
        )
        wanted[begun.id] = (message, _variant(intake, message, begun, codes))
    result = await catalog.save_variants(
        tx, variants=[variant for _, variant in wanted.values()], now=intake.now
    )
    for refusal in result.refused:
        wanted.pop(refusal.id)[0].fate.refuse(refusal.error)
    touched = {*result.created, *result.changed}
    await intake.desk.keep(
        tx,
        "variant",
        [
            _reference(message, id_, not variant.is_active)
            for id_, (message, variant) in wanted.items()
            if id_ in touched or message.row.key not in known
        ],
    )
    intake.arrived += [
        message.row.key
        for message, _ in wanted.values()
        if message.row.key not in known and message.row.key not in intake.arrived
    ]
    return {message.row.key for id_, (message, _) in wanted.items() if id_ in touched}


def _variant(
    intake: Intake,
    message: Message[ItemRow],
    variant: catalog.Variant,
    codes: Mapping[str, str],
) -> catalog.Variant:
    row, takes = message.row, message.takes
    if "sku" in takes and row.sku is not UNSET:
        variant = replace(variant, sku=row.sku)
    if "barcode" in takes and row.barcode is not UNSET:
        variant = replace(variant, barcode=row.barcode)
    if "unit" in takes and row.unit is not UNSET:
        variant = replace(variant, unit=row.unit)
    if "options" in takes and row.options is not UNSET:
        options: dict[str, Localised] = {
            codes[requisite_key(name)]: intake.desk.named(text)
            for name, text in row.options.items()
            if text
        }
        variant = replace(variant, options=options)
    if "is_deleted" in takes:
        variant = replace(variant, is_active=not row.is_deleted)
    return variant


ITEMS = Kind(
    name="items",
    title="Make or change items",
    row=ItemRow,
    parts=parts,
    first=is_card,
    apply=apply,
    rows_per_transaction=200,
    example={
        "key": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2",
        "sequence": 1,
        "as_of": "2026-11-22T09:00:00+03:00",
        "sku": "D-42",
        "options": {"Размер": "42"},
    },
)
