"""Goods: products of the catalogue with their groups, properties and pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules import catalog
from hansa.modules.erp.commerceml import Offer, Product
from hansa.modules.erp.commerceml.values import Unreadable, number
from hansa.modules.erp.importing import dictionaries, offers, owning
from hansa.modules.erp.importing.desk import Desk, NewReference, Reference, digest_of
from hansa.modules.erp.model import Action
from hansa.modules.erp.rows import texts
from hansa.modules.erp.store import references as sql
from hansa.runtime.database import Transaction

ALPHABET_OF_NAMES = 500


@dataclass(frozen=True, slots=True)
class _Words:
    """What the products of a batch point to."""

    groups: Mapping[str, Reference]
    properties: Mapping[str, Reference]
    choices: Mapping[str, Reference]


async def apply_products(
    tx: Transaction, desk: Desk, products: Sequence[Product], *, now: datetime
) -> None:
    """Make or change products, archive deleted ones, then take offers that waited for them."""
    wanted = desk.last_of_each("product", products)
    known = await desk.known(tx, "product", wanted)
    words = await _words(tx, desk, wanted.values())
    ids = {one: known[one].internal_id if one in known else new_id(now) for one in wanted}
    digests = {one: _digest(desk, product, words) for one, product in wanted.items()}
    changed = []
    for one, product in wanted.items():
        before = known.get(one)
        if before is not None and before.digest == digests[one] and not before.is_gone:
            desk.counts["unchanged"] += 1
        elif product.name is None and not product.deleted:
            desk.note(
                "product",
                Action.REFUSED,
                external_id=one,
                code="erp.name_missing",
                reason="The product has no name.",
                ordinal=product.ordinal,
            )
        else:
            changed.append(one)
    await _save(tx, desk, {one: wanted[one] for one in changed}, ids, digests, words, now=now)
    await desk.see(tx, "product", wanted.keys() - set(changed))
    desk.name_scope("product")
    for one in changed:
        if wanted[one].pictures and not wanted[one].deleted and owning.owned(desk, "pictures"):
            title = wanted[one].name or ""
            desk.pictures.append((ids[one], title, wanted[one].pictures))
    desk.arrived += [one for one in changed if one not in known]
    await take_deferred(
        tx, desk, [one for one in wanted if one not in known or known[one].is_gone], now=now
    )


async def _save(  # noqa: PLR0917 - one batch, prepared by its only caller
    tx: Transaction,
    desk: Desk,
    changed: Mapping[str, Product],
    ids: Mapping[str, UUID],
    digests: Mapping[str, bytes],
    words: _Words,
    *,
    now: datetime,
) -> None:
    if not changed:
        return
    told = [
        _product(desk, product, ids[one], words)
        for one, product in changed.items()
        if product.name is not None
    ]
    made = await owning.owned_products(tx, desk, told)
    nameless = [ids[one] for one, product in changed.items() if product.name is None]
    if nameless and not owning.owned(desk, "is_deleted"):
        nameless = []
    result = await catalog.save_products(tx, products=made, now=now, keep_media=True)
    external = {ids[one]: one for one in changed}
    titles = {one: product.name or one for one, product in changed.items()}
    saved = dictionaries.log_result(
        desk,
        "product",
        result,
        {one.id: external[one.id] for one in made},
        titles,
    )
    archived = [
        external[one] for one in await catalog.archive_products(tx, product_ids=nameless, now=now)
    ]
    archived += [one for one in saved if changed[one].deleted and owning.owned(desk, "is_deleted")]
    for one in archived:
        desk.note(
            "product", Action.ARCHIVED, external_id=one, internal_id=ids[one], title=titles[one]
        )
    await desk.keep(
        tx,
        "product",
        [
            NewReference(one, ids[one], digests[one], _details(product), product.deleted)
            for one, product in changed.items()
            if one in saved
        ],
        scope=desk.scope,
    )


async def _words(tx: Transaction, desk: Desk, products: Iterable[Product]) -> _Words:
    listed: list[Product] = list(products)
    choices = {
        f"{value.property_id}/{one}"
        for product in listed
        for value in product.properties
        for one in value.values
    }
    return _Words(
        groups=await desk.known(
            tx, "group", {one for product in listed for one in product.group_ids}
        ),
        properties=await desk.all_of(tx, "property"),
        choices=await desk.known(tx, "choice", choices),
    )


def _product(desk: Desk, product: Product, id_: UUID, words: _Words) -> catalog.Product:
    if product.deleted:
        status = catalog.Status.ARCHIVED
    elif desk.connection.publishes_products:
        status = catalog.Status.ACTIVE
    else:
        status = catalog.Status.DRAFT
    maker = product.manufacturer
    return catalog.Product(
        id=id_,
        name=desk.named((product.name or "")[:ALPHABET_OF_NAMES]),
        description=desk.named(product.description) if product.description else {},
        brand=(maker.name or "") if maker is not None else "",
        category_ids=tuple(
            words.groups[one].internal_id for one in product.group_ids if one in words.groups
        ),
        attributes=tuple(_attributes(desk, product, words)),
        status=status,
    )


def _attributes(desk: Desk, product: Product, words: _Words) -> list[catalog.AttributeValue]:
    found: dict[UUID, catalog.AttributeValue] = {}
    for value in product.properties:
        prop = words.properties.get(value.property_id)
        if prop is None:
            continue
        for one in value.values:
            made = _attribute(desk, prop, words.choices.get(f"{value.property_id}/{one}"), one)
            if made is not None:
                found.setdefault(prop.internal_id, made)
    return list(found.values())


def _attribute(
    desk: Desk, prop: Reference, choice: Reference | None, text: str
) -> catalog.AttributeValue | None:
    kind = prop.details.get("kind")
    if choice is not None:
        return catalog.AttributeValue(attribute_id=prop.internal_id, choice_id=choice.internal_id)
    if kind == catalog.AttributeKind.NUMBER:
        try:
            value = number(text)
        except Unreadable:
            return None
        if value is None:
            return None
        return catalog.AttributeValue(attribute_id=prop.internal_id, number=value)
    if kind == catalog.AttributeKind.CHOICE:
        return None
    return catalog.AttributeValue(attribute_id=prop.internal_id, text=desk.named(text))


def _digest(desk: Desk, product: Product, words: _Words) -> bytes:
    return digest_of(
        product.name,
        product.article,
        product.barcode,
        product.description,
        product.unit,
        product.manufacturer,
        product.properties,
        product.pictures,
        product.deleted,
        # What a group or property means now is part of it: they may have come later.
        [one for one in product.group_ids if one in words.groups],
        [one.property_id in words.properties for one in product.properties],
        desk.connection.publishes_products,
    )


def _details(product: Product) -> dict[str, str]:
    unit = product.unit.code if product.unit is not None else None
    found = {"sku": product.article, "barcode": product.barcode, "unit": unit}
    return {name: value for name, value in found.items() if value}


async def take_deferred(
    tx: Transaction, desk: Desk, arrived: Sequence[str], *, now: datetime
) -> None:
    """Take the offers that waited for goods which are here now, oldest file first."""
    if not arrived:
        return
    rows = await tx.all(
        sql.TAKE_DEFERRED, {"connection_id": desk.connection.id, "arrived": texts(arrived)}
    )
    for as_of in sorted({row.as_of for row in rows}):
        waiting = [
            msgspec.json.decode(row.payload, type=Offer) for row in rows if row.as_of == as_of
        ]
        await offers.apply_offers(tx, desk, waiting, now=now, as_of=as_of)
