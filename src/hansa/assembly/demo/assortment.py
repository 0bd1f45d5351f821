"""The demo's goods, prices and stock, made of the wardrobe: always the same, whoever makes them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid5

from hansa.assembly.demo.kinds import KINDS, Kind
from hansa.assembly.demo.places import PLACES
from hansa.assembly.demo.wardrobe import CATEGORIES, COLOURS, FABRICS, SIZES, Colour
from hansa.modules import catalog, pricing, stock

_NAMESPACE = UUID("6f1d8c52-3a0b-4c52-9f0e-2b7a5d1c9e34")
_NEW_ARRIVALS = 48
_TENGE_PER_ROUBLE = Decimal("5.6")
_PARTNER_RATE = Decimal("0.88")
# Of this dress one piece is left, in one shop: it cannot be promised before the shop is asked.
LAST_DRESS_SLUG = "plate-midi-iz-viskozy-s-zapakhom"
_LAST_DRESS = "DRESS_MIDI-061-"
_LAST_PIECE = ("DRESS_MIDI-061-BRICK-M", "petrovka")
_BASES = {"ru": "RUB", "kz": "KZT"}


def demo_id(kind: str, code: str) -> UUID:
    """Give the identifier of a thing of the demo: the same at every start."""
    return uuid5(_NAMESPACE, f"{kind}:{code}")


@dataclass(frozen=True, slots=True)
class Look:
    """A product in one colour, as it is drawn."""

    kind: str
    colour: Colour
    style: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A product of the demo with all that belongs to it."""

    product: catalog.Product
    variants: tuple[catalog.Variant, ...]
    looks: tuple[Look, ...]
    price: Decimal
    compare_at: Decimal | None


def categories() -> list[catalog.Category]:
    """Give the tree of categories, parents before children."""
    return [
        catalog.Category(
            id=demo_id("category", code),
            parent_id=None if parent is None else demo_id("category", parent),
            slug=code,
            name={"ru": ru, "en": en},
            position=position,
        )
        for position, (code, parent, ru, en) in enumerate(CATEGORIES)
    ]


def attributes() -> list[catalog.Attribute]:
    """Give the attributes that goods are filtered by, and their care."""
    kinds = catalog.AttributeKind
    rows = (
        ("size", "Размер", "Size", kinds.CHOICE, True),
        ("colour", "Цвет", "Colour", kinds.COLOUR, True),
        ("material", "Материал", "Fabric", kinds.CHOICE, True),
        ("care", "Уход", "Care", kinds.TEXT, False),
    )
    return [
        catalog.Attribute(
            id=demo_id("attribute", code),
            code=code,
            name={"ru": ru, "en": en},
            kind=kind,
            is_facet=is_facet,
            position=position,
        )
        for position, (code, ru, en, kind, is_facet) in enumerate(rows)
    ]


def choices() -> list[catalog.AttributeChoice]:
    """Give the dictionaries of sizes, colours and fabrics."""
    sizes = dict.fromkeys(size for group in SIZES.values() for size in group if size != "one")
    found: list[tuple[str, str, dict[str, str], str | None]] = [
        ("size", size, {"ru": size, "en": size}, None) for size in sizes
    ]
    found += [("colour", one.code, {"ru": one.ru, "en": one.en}, one.hex) for one in COLOURS]
    found += [("material", en, {"ru": ru, "en": en}, None) for en, ru in FABRICS.items()]
    return [
        catalog.AttributeChoice(
            id=demo_id("choice", f"{attribute}:{code}"),
            attribute_id=demo_id("attribute", attribute),
            name=name,
            swatch=swatch,
            position=position,
        )
        for position, (attribute, code, name, swatch) in enumerate(found)
    ]


def pieces(now: datetime) -> Iterator[Piece]:
    """Give every product: each kind in each fabric and cut."""
    number = 0
    for kind in KINDS:
        for material in kind.materials:
            for style, detail in enumerate(kind.details):
                number += 1
                yield _piece(kind, material, detail, style=style, number=number, now=now)


def _piece(
    kind: Kind,
    material: tuple[str, str],
    detail: tuple[str, str],
    *,
    style: int,
    number: int,
    now: datetime,
) -> Piece:
    code = f"{kind.code}-{number:03d}"
    random = _random(code)
    colours = random.sample(COLOURS, random.choice((1, 2, 2, 3, 3, 4)))
    steps = (kind.price_to - kind.price_from) // 500
    price = Decimal(kind.price_from + 500 * random.randint(0, steps))
    is_reduced = random.random() < 0.18
    is_new = _mark(code) % 409 < _NEW_ARRIVALS
    product = catalog.Product(
        id=demo_id("product", code),
        name={
            "ru": f"{kind.ru} {material[0]} {detail[0]}",
            "en": _sentence(f"{material[1]} {kind.en} {detail[1]}"),
        },
        description=_description(kind, material, detail, random),
        brand="Ольха",
        category_ids=(
            demo_id("category", kind.category),
            *((demo_id("category", "new"),) if is_new else ()),
        ),
        attributes=(
            catalog.AttributeValue(
                attribute_id=demo_id("attribute", "material"),
                choice_id=demo_id("choice", f"material:{material[1]}"),
            ),
            catalog.AttributeValue(
                attribute_id=demo_id("attribute", "care"), text=_care(material[1])
            ),
        ),
        publish_from=now - timedelta(days=1 + _mark(code) % 6 if is_new else 30 + number % 200),
    )
    return Piece(
        product=product,
        variants=tuple(_variants(product.id, code, colours, SIZES[kind.sizes])),
        looks=tuple(Look(kind.code, colour, style) for colour in colours),
        price=price,
        compare_at=_rounded(price / Decimal("0.8")) if is_reduced else None,
    )


def _variants(
    product_id: UUID, code: str, colours: list[Colour], sizes: tuple[str, ...]
) -> Iterator[catalog.Variant]:
    position = 0
    for colour in colours:
        for size in sizes:
            options = {"colour": {"ru": colour.ru, "en": colour.en}}
            if size != "one":
                options["size"] = {"ru": size, "en": size}
            sku = f"{code}-{colour.code}-{size}".upper()
            yield catalog.Variant(
                id=demo_id("variant", sku),
                product_id=product_id,
                sku=sku,
                barcode=_ean13(_mark(sku)),
                options=options,
                position=position,
            )
            position += 1


def price_lists() -> list[pricing.PriceList]:
    """Give the three price lists: two markets, and the partners of the first."""
    return [
        pricing.PriceList(
            id=demo_id("price-list", "ru"),
            code="ru-retail",
            name={"ru": "Розница, Россия", "en": "Retail, Russia"},
            market="ru",
            currency="RUB",
        ),
        pricing.PriceList(
            id=demo_id("price-list", "partners"),
            code="ru-partners",
            name={"ru": "Партнёры", "en": "Partners"},
            market="ru",
            currency="RUB",
            customer_group="partners",
            priority=10,
        ),
        pricing.PriceList(
            id=demo_id("price-list", "kz"),
            code="kz-retail",
            name={"ru": "Розница, Казахстан", "en": "Retail, Kazakhstan"},
            market="kz",
            currency="KZT",
        ),
    ]


def prices(piece: Piece) -> Iterator[pricing.Price]:
    """Give the prices of a product's variants in every list."""
    for variant in piece.variants:
        yield pricing.Price(
            price_list_id=demo_id("price-list", "ru"),
            variant_id=variant.id,
            amount=piece.price,
            compare_at=piece.compare_at,
        )
        yield pricing.Price(
            price_list_id=demo_id("price-list", "partners"),
            variant_id=variant.id,
            amount=_rounded(piece.price * _PARTNER_RATE),
            compare_at=piece.price,
        )
        yield pricing.Price(
            price_list_id=demo_id("price-list", "kz"),
            variant_id=variant.id,
            amount=_rounded(piece.price * _TENGE_PER_ROUBLE),
            compare_at=_rounded(piece.compare_at * _TENGE_PER_ROUBLE) if piece.compare_at else None,
        )


def warehouses() -> list[stock.Warehouse]:
    """Give the eight warehouses, six of which are shops."""
    return [
        stock.Warehouse(
            id=demo_id("warehouse", code),
            code=code,
            name={"ru": ru, "en": en},
            kind=stock.WarehouseKind(kind),
            city=city,
            address=address,
            phone=phone,
            hours=hours,
            latitude=latitude,
            longitude=longitude,
            channels=channels,
            position=position,
        )
        for position, (
            code,
            ru,
            en,
            kind,
            city,
            address,
            phone,
            hours,
            latitude,
            longitude,
            channels,
        ) in enumerate(PLACES)
    ]


def levels(piece: Piece, now: datetime) -> Iterator[stock.Level]:
    """Give what each warehouse has of a product's variants: deep in the centre, thin in shops."""
    for variant in piece.variants:
        random = _random(variant.sku)
        is_scarce = random.random() < 0.12
        for code, _, _, kind, *_ in PLACES:
            if variant.sku.startswith(_LAST_DRESS):
                amount = int((variant.sku, code) == _LAST_PIECE)
            elif is_scarce:
                amount = 1 if random.random() < 0.12 else 0
            elif kind == "warehouse":
                amount = random.choice((0, 4, 8, 12, 20, 32))
            else:
                amount = random.choice((0, 0, 0, 1, 1, 2, 3))
            yield stock.Level(
                warehouse_id=demo_id("warehouse", code),
                variant_id=variant.id,
                on_hand=Decimal(amount),
                as_of=now,
            )


def is_last(piece: Piece) -> bool:
    """Say whether this is the dress of which one piece is left."""
    return piece.variants[0].sku.startswith(_LAST_DRESS)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _mark(code: str) -> int:
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:6], "big")


def _random(code: str) -> Random:
    return Random(_mark(code))


def _rounded(amount: Decimal) -> Decimal:
    """Round to the next price that ends in 90."""
    return Decimal(int(amount / 100) * 100 + 90)


def _ean13(mark: int) -> str:
    digits = f"460{mark % 10**9:09d}"
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return digits + str(-total % 10)


_CARE = {
    "wool": {"ru": "Сухая чистка", "en": "Dry clean"},
    "cashmere": {"ru": "Ручная стирка до 30°", "en": "Hand wash at 30°"},
    "smooth leather": {"ru": "Протирать мягкой тканью", "en": "Wipe with a soft cloth"},
    "suede": {"ru": "Чистить щёткой для замши", "en": "Brush with a suede brush"},
    "silk": {"ru": "Деликатная стирка до 30°", "en": "Delicate wash at 30°"},
}
_CARE_ELSE = {"ru": "Стирка при 30°", "en": "Wash at 30°"}


def _care(fabric: str) -> dict[str, str]:
    return _CARE.get(fabric, _CARE_ELSE)


_OPENINGS = (
    ("Вещь, с которой легко начать утро.", "An easy thing to start the morning with."),
    ("Спокойная форма и честный материал.", "A calm shape and an honest fabric."),
    ("Сшито так, чтобы носить годами.", "Made to be worn for years."),
    (
        "Держит форму и не спорит с остальным гардеробом.",
        "Keeps its shape and goes with everything you have.",
    ),
    ("Мягко ложится и не мнётся в дороге.", "Falls softly and travels without creases."),
)
_ENDINGS = (
    ("Маломерит на полразмера.", "Runs half a size small."),
    ("Садится точно в размер.", "True to size."),
    (
        "Свободная посадка: при сомнении берите меньший размер.",
        "A loose fit: when in doubt, take the smaller size.",
    ),
)


def _description(
    kind: Kind, material: tuple[str, str], detail: tuple[str, str], random: Random
) -> dict[str, str]:
    opening, ending = random.choice(_OPENINGS), random.choice(_ENDINGS)
    fits = kind.sizes not in {"one", "belt"}
    ru = f"{opening[0]} {kind.ru} {material[0]}, {detail[0]}."
    en = f"{opening[1]} {_sentence(material[1])} {kind.en}, {detail[1]}."
    return {
        "ru": f"{ru} {ending[0]}" if fits else ru,
        "en": f"{en} {ending[1]}" if fits else en,
    }
