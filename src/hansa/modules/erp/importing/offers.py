"""Offers: variants with their prices and stock. The part that comes a hundred thousand times."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.kernel.text import Localised
from hansa.modules import catalog
from hansa.modules.erp.commerceml import Offer, requisite_key
from hansa.modules.erp.importing import dictionaries, owning
from hansa.modules.erp.importing import offer_values as values
from hansa.modules.erp.importing.desk import Desk, NewReference, Reference, digest_of
from hansa.modules.erp.importing.offer_values import Batch
from hansa.modules.erp.model import Action
from hansa.modules.erp.store import references as sql
from hansa.runtime.database import Transaction

PIECE = "796"
_WAITING = {
    "erp.unknown_product": "The product {} is not known; the offer is kept until it comes.",
    "erp.deleted_product": "The product {} is deleted; the offer is kept until it is back.",
    "erp.unknown_offer": "The variant {} is not known; this is kept until it comes.",
}


async def apply_offers(
    tx: Transaction,
    desk: Desk,
    offers: Sequence[Offer],
    *,
    now: datetime,
    as_of: datetime | None = None,
) -> None:
    """Make or change variants, set prices and stock; offers of unknown goods are put aside."""
    wanted = desk.last_of_each("offer", offers) if as_of is None else _merged(offers)
    variants = await desk.known(tx, "variant", wanted)
    products = await desk.known(tx, "product", {offer.product_id for offer in wanted.values()})
    if desk.connection.products_from_offers:
        products |= await _products_of_offers(tx, desk, wanted, products, now=now)
    ready: dict[str, Offer] = {}
    waiting: dict[str, str] = {}
    for one, offer in wanted.items():
        product = products.get(offer.product_id)
        if product is None or (product.is_gone and one not in variants):
            waiting[one] = offer.product_id
        elif one not in variants and offer.characteristic_id and not _has_card(offer):
            waiting[one] = one
        else:
            ready[one] = offer
    await _defer(tx, desk, wanted, waiting, set(products), as_of or desk.as_of)
    variant_ids, made = await _apply_cards(tx, desk, ready, variants, products, now=now)
    batch = Batch({one: ready[one] for one in variant_ids}, variant_ids)
    await values.apply_prices(tx, desk, batch, now=now)
    await values.apply_stock(tx, desk, batch, as_of=as_of or desk.as_of, now=now)
    desk.arrived += made
    await _take_waiting(tx, desk, made, now=now)


async def _take_waiting(tx: Transaction, desk: Desk, made: Sequence[str], *, now: datetime) -> None:
    """Take prices and stock that came before their variants."""
    of_variants = [one for one in made if "#" in one]
    if not of_variants:
        return
    rows = await tx.all(
        sql.TAKE_DEFERRED, {"connection_id": desk.connection.id, "arrived": sorted(of_variants)}
    )
    for as_of in sorted({row.as_of for row in rows}):
        held = [msgspec.json.decode(row.payload, type=Offer) for row in rows if row.as_of == as_of]
        await apply_offers(tx, desk, held, now=now, as_of=as_of)


def _merged(offers: Iterable[Offer]) -> dict[str, Offer]:
    """Put what several deferred files of one instant said of an offer together."""
    found: dict[str, Offer] = {}
    for offer in offers:
        before = found.get(offer.external_id)
        if before is None:
            found[offer.external_id] = offer
            continue
        card = offer if _has_card(offer) else before
        found[offer.external_id] = replace(
            card,
            prices=before.prices if offer.prices is None else offer.prices,
            stock=before.stock if offer.stock is None else offer.stock,
        )
    return found


def _has_card(offer: Offer) -> bool:
    return bool(
        offer.name
        or offer.article
        or offer.barcode
        or offer.characteristics
        or offer.properties
        or offer.deleted
    )


async def _defer(  # noqa: PLR0917 - one batch, prepared by its only caller
    tx: Transaction,
    desk: Desk,
    wanted: Mapping[str, Offer],
    waiting: Mapping[str, str],
    gone: set[str],
    as_of: datetime,
) -> None:
    if not waiting:
        return
    for one, missing in waiting.items():
        offer = wanted[one]
        if missing == offer.product_id:
            code = "erp.deleted_product" if missing in gone else "erp.unknown_product"
        else:
            code = "erp.unknown_offer"
        desk.note(
            "offer",
            Action.REFUSED,
            external_id=one,
            title=offer.name or "",
            code=code,
            reason=_WAITING[code].format(missing),
            ordinal=offer.ordinal,
        )
        desk.counts["deferred"] += 1
    listed = [(missing, one, wanted[one]) for one, missing in waiting.items()]
    await tx.execute(
        sql.DEFER,
        {
            "connection_id": desk.connection.id,
            "file_id": desk.file.id,
            "as_of": as_of,
            "waits_for": [missing for missing, _, _ in listed],
            "external_ids": [one for _, one, _ in listed],
            "aspects": [_aspects(offer) for _, _, offer in listed],
            "payloads": [msgspec.json.encode(offer).decode() for _, _, offer in listed],
        },
    )


def _aspects(offer: Offer) -> str:
    told = (
        ("card", _has_card(offer)),
        ("prices", offer.prices is not None),
        ("stock", offer.stock is not None),
    )
    return "+".join(name for name, is_told in told if is_told)


async def _products_of_offers(
    tx: Transaction,
    desk: Desk,
    wanted: Mapping[str, Offer],
    products: Mapping[str, Reference],
    *,
    now: datetime,
) -> dict[str, Reference]:
    """Make products of named offers without goods, if the connection wants that."""
    named = {
        offer.product_id: offer
        for offer in wanted.values()
        if offer.name and offer.product_id not in products and not offer.deleted
    }
    if not named:
        return {}
    ids = {one: new_id(now) for one in named}
    result = await catalog.save_products(
        tx,
        products=[
            catalog.Product(
                id=ids[one],
                name=desk.named(offer.name or one),
                status=catalog.Status.ACTIVE
                if desk.connection.publishes_products
                else catalog.Status.DRAFT,
            )
            for one, offer in named.items()
        ],
        now=now,
        keep_media=True,
    )
    titles = {one: offer.name or "" for one, offer in named.items()}
    external = {id_: one for one, id_ in ids.items()}
    saved = dictionaries.log_result(desk, "product", result, external, titles)
    kept = [NewReference(one, ids[one]) for one in named if one in saved]
    await desk.keep(tx, "product", kept)
    return {one.external_id: Reference(one.internal_id, None, {}, is_gone=False) for one in kept}


async def _apply_cards(
    tx: Transaction,
    desk: Desk,
    offers: Mapping[str, Offer],
    variants: Mapping[str, Reference],
    products: Mapping[str, Reference],
    *,
    now: datetime,
) -> tuple[dict[str, UUID], list[str]]:
    """Save variants; give the ids of all that exist now, and the outside ids of the new ones."""
    names = {each.name for offer in offers.values() for each in offer.characteristics}
    codes = await dictionaries.ensure_characteristics(tx, desk, names, now=now) if names else {}
    choices = await _choices(tx, desk, offers.values())
    properties = await desk.all_of(tx, "property") if choices or _has_properties(offers) else {}
    ids: dict[str, UUID] = {}
    places: Counter[str] = Counter()
    wanted: dict[str, catalog.Variant] = {}
    digests: dict[str, bytes] = {}
    named: list[str] = []
    for one, offer in offers.items():
        before = variants.get(one)
        if before is not None:
            ids[one] = before.internal_id
        if before is not None and not _has_card(offer):
            continue
        named.append(one)
        product = products[offer.product_id]
        options = _options(desk, offer, codes, properties, choices)
        places[offer.product_id] += 1
        digests[one] = digest_of(
            offer.article, offer.barcode, options, offer.unit, offer.deleted, product.details
        )
        if before is not None and before.digest == digests[one] and not before.is_gone:
            desk.counts["unchanged"] += 1
            continue
        ids.setdefault(one, new_id(now))
        unit = offer.unit.code if offer.unit is not None else None
        wanted[one] = catalog.Variant(
            id=ids[one],
            product_id=product.internal_id,
            sku=offer.article or product.details.get("sku", ""),
            barcode=offer.barcode or product.details.get("barcode", ""),
            options=options,
            position=places[offer.product_id],
            unit=unit or product.details.get("unit", PIECE),
            is_active=not offer.deleted,
        )
    made = await owning.owned_variants(tx, desk, list(wanted.values()))
    result = await catalog.save_variants(tx, variants=made, now=now)
    titles = {one: offers[one].name or "" for one in wanted}
    external = {variant.id: one for one, variant in wanted.items()}
    saved = dictionaries.log_result(
        desk, "offer", result, {variant.id: external[variant.id] for variant in made}, titles
    )
    await desk.keep(
        tx,
        "variant",
        [NewReference(one, ids[one], digests[one], {}, offers[one].deleted) for one in saved],
        scope=desk.scope,
    )
    await desk.see(tx, "variant", [one for one in named if one not in wanted])
    if named:
        desk.name_scope("variant")
    lost = wanted.keys() - saved
    present = {one: id_ for one, id_ in ids.items() if one not in lost}
    return present, [one for one in saved if one not in variants]


def _has_properties(offers: Mapping[str, Offer]) -> bool:
    return any(offer.properties for offer in offers.values())


async def _choices(tx: Transaction, desk: Desk, offers: Iterable[Offer]) -> Mapping[str, Reference]:
    wanted = {
        f"{value.property_id}/{one}"
        for offer in offers
        for value in offer.properties
        for one in value.values
    }
    return await desk.known(tx, "choice", wanted)


def _options(
    desk: Desk,
    offer: Offer,
    codes: Mapping[str, str],
    properties: Mapping[str, Reference],
    choices: Mapping[str, Reference],
) -> dict[str, Localised]:
    found: dict[str, Localised] = {}
    for each in offer.characteristics:
        if each.value:
            found[codes[requisite_key(each.name)]] = desk.named(each.value)
    for value in offer.properties:
        prop = properties.get(value.property_id)
        if prop is None or not value.values or "code" not in prop.details:
            continue
        choice = choices.get(f"{value.property_id}/{value.values[0]}")
        text = choice.details.get("name") if choice is not None else value.values[0]
        if text:
            found.setdefault(prop.details["code"], desk.named(text))
    return found
