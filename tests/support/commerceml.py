"""Makes CommerceML exports of any size, in any dialect, for tests and benchmarks.

Names and numbers come from the seed alone, so the same arguments give the same bytes.
"""

import io
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal
from xml.sax.saxutils import escape

Dialect = Literal["total", "attributes", "changes", "rests"]

FORMED_AT = "2026-11-21T09:00:00"
PRICE_TYPE = "11111111-0000-4000-8000-000000000001"
CATALOG = "22222222-0000-4000-8000-000000000001"

_COLOURS = ("чёрный", "молочный", "песочный", "графит", "хвоя", "терракота", "лён", "вишня")
_SIZES = ("XS", "S", "M", "L", "XL", "XXL")
_KINDS = ("Платье", "Рубашка", "Пальто", "Брюки", "Жакет", "Юбка", "Свитер", "Пуховик")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to make: `variants` offers per product."""

    products: int
    variants: int = 1
    warehouses: int = 8
    groups: int = 12
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Style:
    """How to write it. `changes_only` None leaves the flag out."""

    schema_version: str = "2.08"
    dialect: Dialect = "attributes"
    encoding: str = "utf-8"
    bom: bool = False
    changes_only: bool | None = False
    formed_at: str = FORMED_AT
    with_prices: bool = True
    with_stock: bool = True


def external_id(kind: str, number: int, seed: int) -> str:
    """Give the id of the numbered thing; stable for a seed."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{kind}/{number}"))


def generate_catalog(
    products: int,
    variants: int = 1,
    warehouses: int = 8,
    seed: int = 1,
    style: Style | None = None,
) -> tuple[bytes, bytes]:
    """Give import.xml and offers.xml as bytes."""
    sizes = Sizes(products, variants, warehouses, seed=seed)
    goods, offers = io.BytesIO(), io.BytesIO()
    write_import(goods, sizes, style or Style())
    write_offers(offers, sizes, style or Style())
    return goods.getvalue(), offers.getvalue()


def write_catalog(folder: Path, sizes: Sizes, style: Style | None = None) -> tuple[Path, Path]:
    """Write import.xml and offers.xml into a folder piece by piece; give their paths."""
    goods, offers = folder / "import.xml", folder / "offers.xml"
    with goods.open("wb") as stream:
        write_import(stream, sizes, style or Style())
    with offers.open("wb") as stream:
        write_offers(stream, sizes, style or Style())
    return goods, offers


def write_import(stream: BinaryIO, sizes: Sizes, style: Style) -> None:
    """Write the goods."""
    _write(stream, style, _import_parts(sizes, style))


def write_offers(stream: BinaryIO, sizes: Sizes, style: Style) -> None:
    """Write the offers with prices and stock."""
    _write(stream, style, _offer_parts(sizes, style))


def _write(stream: BinaryIO, style: Style, parts: Iterator[str]) -> None:
    if style.bom:
        stream.write(b"\xef\xbb\xbf")
    gathered: list[str] = []
    for part in parts:
        gathered.append(part)
        if len(gathered) >= 512:
            stream.write("".join(gathered).encode(style.encoding, "xmlcharrefreplace"))
            gathered.clear()
    stream.write("".join(gathered).encode(style.encoding, "xmlcharrefreplace"))


def _head(style: Style) -> str:
    major, _, minor = style.schema_version.partition(".")
    old = (int(major), int(minor)) <= (2, 5)
    namespace = "" if old else f' xmlns="urn:1C.ru:commerceml_{major}"'
    return (
        f'<?xml version="1.0" encoding="{style.encoding}"?>\n'
        f'<КоммерческаяИнформация{namespace} ВерсияСхемы="{style.schema_version}"'
        f' ДатаФормирования="{style.formed_at}">\n'
    )


def _flag(style: Style) -> str:
    if style.changes_only is None:
        return ""
    return f' СодержитТолькоИзменения="{"true" if style.changes_only else "false"}"'


def _import_parts(sizes: Sizes, style: Style) -> Iterator[str]:
    chance = random.Random(sizes.seed)
    yield _head(style)
    yield f"<Классификатор><Ид>{CATALOG}</Ид><Наименование>Каталог</Наименование><Группы>\n"
    for number in range(sizes.groups):
        yield (
            f"<Группа><Ид>{external_id('group', number, sizes.seed)}</Ид>"
            f"<Наименование>{_KINDS[number % len(_KINDS)]} {number}</Наименование></Группа>\n"
        )
    yield f"</Группы></Классификатор>\n<Каталог{_flag(style)}><Ид>{CATALOG}</Ид><Товары>\n"
    for number in range(sizes.products):
        kind = chance.choice(_KINDS)
        yield (
            f"<Товар><Ид>{external_id('product', number, sizes.seed)}</Ид>"
            f"<Артикул>A-{number:06d}</Артикул>"
            f"<Наименование>{kind} {number} & Ко</Наименование>".replace("&", "&amp;")
            + '<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука">шт</БазоваяЕдиница>'
            f"<Группы><Ид>{external_id('group', number % sizes.groups, sizes.seed)}</Ид></Группы>"
            f"<Описание>{escape(kind)} из плотной ткани.</Описание></Товар>\n"
        )
    yield "</Товары></Каталог></КоммерческаяИнформация>\n"


def _offer_parts(sizes: Sizes, style: Style) -> Iterator[str]:
    chance = random.Random(sizes.seed)
    places = [external_id("warehouse", n, sizes.seed) for n in range(sizes.warehouses)]
    package = "ИзмененияПакетаПредложений" if style.dialect == "changes" else "ПакетПредложений"
    yield _head(style)
    yield f"<{package}{_flag(style)}><Ид>{CATALOG}#</Ид><ИдКаталога>{CATALOG}</ИдКаталога>"
    if style.with_prices:
        yield (
            f"<ТипыЦен><ТипЦены><Ид>{PRICE_TYPE}</Ид><Наименование>Розничная</Наименование>"
            "<Валюта>руб.</Валюта></ТипЦены></ТипыЦен>"
        )
    yield "<Склады>"
    for number, place in enumerate(places):
        yield f"<Склад><Ид>{place}</Ид><Наименование>Склад {number}</Наименование></Склад>"
    yield "</Склады><Предложения>\n"
    for number in range(sizes.products):
        product = external_id("product", number, sizes.seed)
        for variant in range(sizes.variants):
            suffix = f"#{external_id(product, variant, sizes.seed)}" if sizes.variants > 1 else ""
            yield f"<Предложение><Ид>{product}{suffix}</Ид><Артикул>A-{number:06d}</Артикул>"
            yield f"<Наименование>Товар {number}</Наименование>"
            if suffix:
                yield _characteristics(variant)
            if style.with_prices:
                yield (
                    f"<Цены><Цена><ИдТипаЦены>{PRICE_TYPE}</ИдТипаЦены><ЦенаЗаЕдиницу>"
                    f"{chance.randrange(100, 90_000)},{chance.randrange(100):02d}"
                    "</ЦенаЗаЕдиницу><Валюта>руб</Валюта></Цена></Цены>"
                )
            if style.with_stock:
                yield _stock(style.dialect, places, [chance.randrange(200) for _ in places])
            yield "</Предложение>\n"
    yield f"</Предложения></{package}></КоммерческаяИнформация>\n"


def _characteristics(variant: int) -> str:
    colour = _COLOURS[variant // len(_SIZES) % len(_COLOURS)]
    size = _SIZES[variant % len(_SIZES)]
    return (
        "<ХарактеристикиТовара>"
        f"<ХарактеристикаТовара><Наименование>Цвет</Наименование><Значение>{colour}</Значение>"
        "</ХарактеристикаТовара>"
        f"<ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>{size}</Значение>"
        "</ХарактеристикаТовара></ХарактеристикиТовара>"
    )


def _stock(dialect: Dialect, places: list[str], quantities: list[int]) -> str:
    rows = list(zip(places, quantities, strict=True))
    match dialect:
        case "total":
            return f"<Количество>{sum(quantities)}</Количество>"
        case "attributes":
            return f"<Количество>{sum(quantities)}</Количество>" + "".join(
                f'<Склад ИдСклада="{place}" КоличествоНаСкладе="{quantity}"/>'
                for place, quantity in rows
            )
        case "changes":
            return "".join(
                f'<Склады ИдСклада="{place}" КоличествоНаСкладе="{quantity}"/>'
                for place, quantity in rows
            )
        case "rests":
            inner = "".join(
                f"<Остаток><Склад><Ид>{place}</Ид><Количество>{quantity}</Количество></Склад>"
                "</Остаток>"
                for place, quantity in rows
            )
            return f"<Остатки>{inner}</Остатки>"
