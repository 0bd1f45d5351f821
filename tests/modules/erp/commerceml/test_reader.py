"""The reader: real exports, dialects, spellings, limits, hostile and broken files."""

import io
import tracemalloc
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.modules.erp import commerceml
from hansa.modules.erp.commerceml import (
    FileHeader,
    Group,
    Limits,
    MalformedFile,
    Offer,
    PriceType,
    Product,
    Property,
    Refusal,
    Unit,
    Warehouse,
)
from tests.support.commerceml import Sizes, Style, generate_catalog, write_offers

REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "commerceml"


def read(content: bytes | str, **options):
    if isinstance(content, str):
        content = content.encode()
    return list(commerceml.read(io.BytesIO(content), **options))


def package(inner: str, *, flag: str = "", root: str = "", declaration: str = "") -> str:
    return (
        f"{declaration}<КоммерческаяИнформация {root}><ПакетПредложений {flag}><Ид>c#</Ид>"
        f"{inner}</ПакетПредложений></КоммерческаяИнформация>"
    )


def offer(inner: str) -> str:
    return package(f"<Предложения><Предложение><Ид>a</Ид>{inner}</Предложение></Предложения>")


def one_offer(inner: str) -> Offer:
    found = [r for r in read(offer(inner)) if isinstance(r, Offer)]
    assert len(found) == 1
    return found[0]


def refusals(inner: str) -> list[Refusal]:
    return [r for r in read(offer(inner)) if isinstance(r, Refusal)]


def kinds(records) -> Counter:
    return Counter(type(r).__name__ for r in records)


def real(name: str) -> bytes:
    path = REAL / name
    if not path.exists():
        pytest.skip("the folder of real exports is not beside this checkout")
    return path.read_bytes()


def test_a_real_import_is_read_whole():
    records = read(real("dobromyslov-import0_1.xml"))

    assert kinds(records) == {"FileHeader": 2, "Group": 1, "Property": 12, "Product": 36}
    products = [r for r in records if isinstance(r, Product)]
    assert [p.deleted for p in products].count(True) == 1
    assert products[0].article == "PM-421-WP"
    assert products[0].unit == Unit("796", None, "Штука", "PCE")
    assert products[0].manufacturer.name == "Crazy Boom"
    assert products[0].taxes[0].rate == "20"
    header = next(r for r in records if isinstance(r, FileHeader) and r.section == "catalog")
    assert not header.changes_only
    assert header.formed_at == datetime(2020, 4, 7, 13, 16, 6)  # noqa: DTZ001 - 1C's local time
    dictionary = next(r for r in records if isinstance(r, Property) and r.kind == "Справочник")
    assert dictionary.values[0][1] == "КОРЕЯ, РЕСПУБЛИКА"


def test_real_offers_agree_with_their_totals():
    records = read(real("dobromyslov-offers0_1.xml"))

    offers = [r for r in records if isinstance(r, Offer)]
    assert kinds(records) == {"FileHeader": 2, "PriceType": 1, "Warehouse": 3, "Offer": 44}
    assert all(sum(q for _, q in o.stock) == o.quantity for o in offers)
    assert all(o.prices[0].currency == "RUB" for o in offers)


def test_real_split_files_speak_of_the_same_offers():
    ids = []
    for name in ("gillbeits-offers.xml", "gillbeits-prices.xml", "gillbeits-rests.xml"):
        records = read(real(name))
        assert kinds(records) == {"FileHeader": 1, "Offer": 978}
        assert records[0].changes_only
        ids.append({r.external_id for r in records[1:]})
    assert ids[0] == ids[1] == ids[2]

    rests = read(real("gillbeits-rests.xml"))[1:]
    assert sum(1 for o in rests if o.stock[0][1] == 0) == 752


def test_a_real_order_in_windows_1251_is_read():
    document = next(
        r for r in read(real("carono-orders.xml")) if isinstance(r, commerceml.Document)
    )

    assert document.number == "20"
    assert document.total == Decimal("9683.42")
    assert [line.is_delivery for line in document.lines] == [True, False]
    assert document.counterparties[0].last_name == "Петров"
    assert document.flag("заказоплачен") is True
    assert document.flag("Отменен") is False


@pytest.mark.parametrize("dialect", ["attributes", "changes", "rests"])
@pytest.mark.parametrize("version", ["2.03", "2.07", "2.09", "3.1"])
def test_every_dialect_and_namespace_gives_the_same_stock(dialect, version):
    style = Style(schema_version=version, dialect=dialect)
    _, content = generate_catalog(5, 2, 3, style=style)
    _, plain = generate_catalog(5, 2, 3, style=Style(dialect="attributes"))

    stock = [r.stock for r in read(content) if isinstance(r, Offer)]

    assert stock == [r.stock for r in read(plain) if isinstance(r, Offer)]
    assert all(len(rows) == 3 for rows in stock)


def test_a_bare_total_is_stock_without_a_warehouse():
    assert one_offer("<Количество>-2,5</Количество>").stock == ((None, Decimal("-2.5")),)
    undivided = "<Остатки><Остаток><Количество>3.5</Количество></Остаток></Остатки>"
    assert one_offer(undivided).stock == ((None, Decimal("3.5")),)


def test_a_warehouse_without_a_quantity_says_nothing():
    told = one_offer('<Количество>7</Количество><Склад ИдСклада="w"/>')

    assert told.stock == ()
    assert told.quantity == 7
    assert one_offer("<Наименование>n</Наименование>").stock is None


def test_a_variant_knows_its_product_and_characteristic():
    content = offer("").replace("<Ид>a</Ид>", "<Ид>p#c</Ид>")

    found = next(r for r in read(content) if isinstance(r, Offer))

    assert (found.product_id, found.characteristic_id) == ("p", "c")


@pytest.mark.parametrize(
    ("flag", "changes_only"),
    [
        ("", True),
        ('СодержитТолькоИзменения="true"', True),
        ('СодержитТолькоИзменения="false"', False),
        ('СодержитТолькоИзменения=""', True),
        ('СодержитТолькоИзменения="perhaps"', True),
    ],
)
def test_only_a_plain_no_makes_an_export_full(flag, changes_only):
    assert read(package("", flag=flag))[0].changes_only is changes_only


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("21,6", "21.6"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1\u202f234.5", "1234.5"),
        ("1.234.567,00", "1234567.00"),
        (" 100 ", "100"),
        ("0", "0"),
    ],
)
def test_prices_are_read_as_they_are_spelled(written, amount):
    found = one_offer(f"<Цены><Цена><ЦенаЗаЕдиницу>{written}</ЦенаЗаЕдиницу></Цена></Цены>")

    assert found.prices[0].amount == Decimal(amount)


def test_the_no_value_number_is_no_value():
    found = one_offer(
        "<Количество>-999 999 999,9</Количество>"
        "<Цены><Цена><ЦенаЗаЕдиницу>-999 999 999,9</ЦенаЗаЕдиницу></Цена></Цены>"
    )

    assert (found.stock, found.prices) == (None, ())


@pytest.mark.parametrize(
    ("written", "code"),
    [("руб", "RUB"), ("руб.", "RUB"), ("RUR", "RUB"), ("грн", "UAH"), ("kzt", "KZT"), ("€", "EUR")],
)
def test_currencies_become_iso_codes(written, code):
    found = one_offer(
        f"<Цены><Цена><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу><Валюта>{written}</Валюта></Цена></Цены>"
    )

    assert found.prices[0].currency == code


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<Количество>много</Количество>", "number"),
        ("<Количество>1e400</Количество>", "number"),
        ("<Количество>99999999999</Количество>", "absurd_quantity"),
        ("<Количество>" + "9" * 5000 + "</Количество>", "number"),
        ("<Цены><Цена><ЦенаЗаЕдиницу>-1</ЦенаЗаЕдиницу></Цена></Цены>", "negative_price"),
        (
            "<Цены><Цена><ЦенаЗаЕдиницу>9999999999999999</ЦенаЗаЕдиницу></Цена></Цены>",
            "absurd_price",
        ),
        (
            "<Цены><Цена><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу><Валюта>тугрики</Валюта></Цена></Цены>",
            "currency",
        ),
        (
            (
                '<Склад ИдСклада="w" КоличествоНаСкладе="1"/>'
                '<Склад ИдСклада="w" КоличествоНаСкладе="2"/>'
            ),
            "duplicate_warehouse",
        ),
    ],
)
def test_a_bad_part_is_refused_and_the_offer_kept(inner, code):
    found = refusals(inner)

    assert [(r.code, r.whole, r.identifier) for r in found] == [(code, False, "a")]
    assert one_offer(inner).external_id == "a"


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<Предложение><Наименование>n</Наименование></Предложение>", "missing_id"),
        ("<Предложение><Ид>" + "x" * 300 + "</Ид></Предложение>", "identifier_too_long"),
        (
            "<Предложение><Ид>b</Ид><Наименование>" + "x" * 3000 + "</Наименование></Предложение>",
            "text_too_long",
        ),
    ],
)
def test_a_bad_row_is_refused_and_the_next_one_read(inner, code):
    content = package(
        f"<Предложения>\n{inner}\n<Предложение><Ид>z</Ид></Предложение></Предложения>"
    )

    refused, kept = read(content)[1:]

    assert (refused.code, refused.whole, refused.line, refused.ordinal) == (code, True, 2, 1)
    assert (kept.external_id, kept.ordinal) == ("z", 2)


def test_groups_come_parents_first():
    def group(name: str, inner: str = "") -> str:
        return f"<Группа><Ид>{name}</Ид><Наименование>{name}</Наименование>{inner}</Группа>"

    branch = group("b", f"<Группы>{group('c')}</Группы>")
    tree = group("a", f"<Группы>{branch}{group('d')}</Группы>")
    content = (
        "<КоммерческаяИнформация><Классификатор><Группы>"
        f"{tree}{group('e')}</Группы></Классификатор></КоммерческаяИнформация>"
    )

    found = [(r.external_id, r.parent_id) for r in read(content) if isinstance(r, Group)]

    assert found == [("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", None)]


def test_the_dictionaries_of_the_third_schema_are_read():
    content = (
        '<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_3" ВерсияСхемы="3.1"><Классификатор>'
        "<ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Опт</Наименование><Валюта>руб</Валюта>"
        "<Налог><УчтеноВСумме>true</УчтеноВСумме></Налог></ТипЦены></ТипыЦен>"
        "<Склады><Склад><Ид>w</Ид><Наименование>Север</Наименование></Склад></Склады>"
        "<ЕдиницыИзмерения><ЕдиницаИзмерения><Ид>u</Ид><Код>796</Код>"
        "<НаименованиеКраткое>шт</НаименованиеКраткое></ЕдиницаИзмерения></ЕдиницыИзмерения>"
        "<Свойства><Свойство><Ид>s</Ид><Наименование>Цвет</Наименование>"
        "<ДляПредложений>true</ДляПредложений></Свойство></Свойства>"
        "<Контрагенты><Контрагент><Ид>k</Ид><ИНН>77</ИНН></Контрагент></Контрагенты>"
        "</Классификатор></КоммерческаяИнформация>"
    )

    header, price_type, warehouse, unit, prop, party = read(content)

    assert (header.section, header.schema_version) == ("classifier", "3.1")
    assert price_type == PriceType("t", "Опт", "RUB", tax_included=True)
    assert warehouse == Warehouse("w", "Север")
    assert unit == Unit("796", "шт", external_id="u")
    assert prop.for_offers
    assert (party.external_id, party.inn) == ("k", "77")


def test_bom_and_windows_1251_give_the_same_records():
    _, plain = generate_catalog(3)
    _, bom = generate_catalog(3, style=Style(bom=True))
    _, old = generate_catalog(3, style=Style(encoding="windows-1251"))

    assert read(plain) == read(bom) == read(old)


def test_a_restart_goes_on_behind_an_ordinal():
    _, content = generate_catalog(10, 2, 3)
    whole = read(content)

    for done in (0, 1, 4, 5, 20, 99):
        rest = read(content, skip=done)
        assert [r for r in rest if not isinstance(r, FileHeader)] == [
            r for r in whole if not isinstance(r, FileHeader) and r.ordinal > done
        ]
        assert isinstance(rest[0], FileHeader)
    assert [r.ordinal for r in whole if not isinstance(r, FileHeader)] == list(
        range(1, whole[-1].ordinal + 1)
    )


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (package("&j;", declaration=LAUGHS), "doctype"),
        (package("", declaration='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "doctype"),
        (
            package(
                "<Предложения><Предложение><Ид>&x;</Ид></Предложение></Предложения>",
                declaration='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            ),
            "doctype",
        ),
        (package("", root='a="&j;"', declaration=LAUGHS), None),
        (package("<а>" * 5000), "too_deep"),
        (offer("<Наименование>" + "x" * 11_000_000 + "</Наименование>"), "too_large"),
        (offer("<Мусор>" + "<м/>" * 400_000 + "</Мусор>"), "too_large"),
        (package("<Мусор>" + "<м/>" * 400_000 + "</Мусор>"), "too_large"),
        ("<html><body/></html>", "not_commerceml"),
        ("<КоммерческаяИнформация xmlns='urn:other'/>", "not_commerceml"),
        ("", "truncated"),
        ("это не XML", "syntax"),
        ("<КоммерческаяИнформация>&nope;</КоммерческаяИнформация>", None),
        ("<КоммерческаяИнформация>&#1;</КоммерческаяИнформация>", "syntax"),
        ("<КоммерческаяИнформация>\0</КоммерческаяИнформация>", "syntax"),
    ],
)
def test_hostile_and_foreign_files_are_refused(content, fault):
    with pytest.raises(MalformedFile) as caught:
        read(content, limits=Limits(record_bytes_max=1_000_000))

    if fault is not None:
        assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("declared", "real_encoding"),
    [("windows-1251", "utf-8"), ("UTF-8", "windows-1251"), ("no-such-charset", "utf-8")],
)
def test_a_lie_about_the_character_set_is_called_so(declared, real_encoding):
    content = package("", declaration=f'<?xml version="1.0" encoding="{declared}"?>')

    with pytest.raises(MalformedFile) as caught:
        read(content.encode(real_encoding))

    assert caught.value.fault == "charset"


def test_a_file_cut_at_any_byte_gives_the_records_before_the_cut():
    _, content = generate_catalog(2, 2, 2)
    whole = read(content)

    for cut in range(len(content) - 2):
        records = []
        with pytest.raises(MalformedFile):
            records.extend(commerceml.read(io.BytesIO(content[:cut])))
        given_before = []
        reading = commerceml.read(io.BytesIO(content[:cut]))
        with pytest.raises(MalformedFile):
            given_before.extend(reading)
        assert given_before == whole[: len(given_before)]
    assert given_before == whole


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_or_read_but_never_crash(content):
    with pytest.raises(MalformedFile):
        read(content)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.sampled_from(["Количество", "ЦенаЗаЕдиницу", "Валюта"]),
)
@settings(max_examples=200, deadline=None)
def test_any_text_in_a_number_is_a_value_or_a_refusal(text, tag):
    clean = "".join(c for c in text if c.isprintable()).replace("&", "").replace("<", "")
    field = f"<{tag}>{clean}</{tag}>"
    inner = field if tag == "Количество" else f"<Цены><Цена>{field}</Цена></Цены>"

    assert one_offer(inner).external_id == "a"


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "offers.xml"
    with path.open("wb") as stream:
        write_offers(stream, Sizes(4000, 2, 4), Style())
    count = 0
    tracemalloc.start()

    with path.open("rb") as stream:
        for _ in commerceml.read(stream):
            count += 1

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 8000 + 1 + 4 + 1
    assert peak < 4_000_000
