"""Orders written for 1C are what our own reader, and 1C's rules, expect."""

import io
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hansa.modules.erp import commerceml
from hansa.modules.erp.commerceml import BuyerForErp, Document, LineForErp, OrderForErp

NOON = datetime(2026, 11, 21, 12, 0, 5)  # noqa: DTZ001 - 1C's local time


def an_order(**changes) -> OrderForErp:
    values = {
        "id": "o-1",
        "number": "H-1001",
        "placed_at": NOON,
        "currency": "RUB",
        "total": Decimal("9683.42"),
        "buyer": BuyerForErp(id="b-1", name="Пётр Петров", phone="+79990000001"),
        "lines": (
            LineForErp(
                external_id="p#c",
                name="Платье",
                price=Decimal("9335.42"),
                quantity=Decimal("1.000"),
                total=Decimal("9335.42"),
                catalog_id="cat",
            ),
        ),
        "delivery_price": Decimal(348),
        "status": "Новый",
        "status_id": "N",
        "warehouse_id": "w-1",
        "warehouse": "Север",
        **changes,
    }
    return OrderForErp(**values)


def written(*orders: OrderForErp, version: str = "2.08", encoding="windows-1251"):
    content = commerceml.write_orders(
        orders, schema_version=version, formed_at=NOON, encoding=encoding
    )
    return content, [r for r in commerceml.read(io.BytesIO(content)) if isinstance(r, Document)]


@pytest.mark.parametrize("version", ["2.03", "2.05", "2.07", "2.08", "2.09", "2.10", "3.1"])
@pytest.mark.parametrize("encoding", ["windows-1251", "UTF-8"])
def test_an_order_is_read_back_whole(version, encoding):
    content, (document,) = written(an_order(), version=version, encoding=encoding)

    assert encoding.encode() in content.splitlines()[0]
    assert (document.external_id, document.number) == ("o-1", "H-1001")
    assert (document.operation, document.role) == ("Заказ товара", "Продавец")
    assert document.total == Decimal("9683.42")
    assert document.issued_on == NOON.date()
    assert document.issued_time == NOON.time()
    assert [line.product_id for line in document.lines] == ["p#c", "ORDER_DELIVERY"]
    assert document.lines[0].quantity == 1
    assert document.lines[1].requisites[0].value == "Услуга"
    assert document.counterparties[0].name == "Пётр Петров"
    assert document.warehouses == (("w-1", "Север"),)
    assert document.container == (1 if version == "3.1" else None)


def test_the_requisites_have_the_names_that_1c_looks_for():
    _, (document,) = written(
        an_order(
            paid=True,
            paid_at=NOON,
            payment_number="77",
            payment_method="Карта",
            payment_method_id="card",
            delivery_method="Курьер",
            delivery_method_id="courier",
            organisation="Ромашка",
            site="s1",
            status_changed_at=NOON,
        )
    )

    assert {r.name: r.value for r in document.requisites} == {
        "Номер платежного документа": "77",
        "Дата оплаты": "2026-11-21 12:00:05",
        "Метод оплаты": "Карта",
        "Метод оплаты ИД": "card",
        "Способ доставки": "Курьер",
        "Метод доставки ИД": "courier",
        "Заказ оплачен": "true",
        "Доставка разрешена": "false",
        "Отменен": "false",
        "Финальный статус": "false",
        "Статус заказа": "Новый",
        "Статуса заказа ИД": "N",
        "Дата изменения статуса": "2026-11-21 12:00:05",
        "Склад": "Север",
        "Организация": "Ромашка",
        "Сайт": "s1",
    }


def test_characters_outside_windows_1251_become_references():
    content, (document,) = written(an_order(comment="Cadeau ✿ 日本\x01"))

    assert b"&#" in content
    assert document.comment == "Cadeau ✿ 日本"


def test_no_orders_are_still_a_valid_file():
    content, documents = written(version="3.1")

    assert documents == []
    assert etree.fromstring(content).get("ВерсияСхемы") == "3.1"


def test_the_status_list_begins_with_a_latin_letter():
    content = commerceml.write_dictionary(
        [commerceml.StatusName("N", "Новый")], [commerceml.PaymentSystem("1", "Карта")]
    )

    root = etree.fromstring(content)
    assert root.tag == "Справочник"
    assert root[0].tag == "C" + "татусы"
    assert root[0][0].findtext("Название") == "Новый"
    assert root.findtext("ПлатежныеСистемы/Элемент/Ид") == "1"


amounts = st.decimals(0, 10**9, places=2)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and "\ufffe" not in text and "\uffff" not in text
)


@given(
    amounts, st.decimals("0.001", 10**6, places=3), words, words, st.sampled_from(["2.04", "3.1"])
)
@settings(max_examples=100, deadline=None)
def test_any_names_and_amounts_come_back(price, quantity, name, number, version):
    line = LineForErp(
        external_id="p", name=name, price=price, quantity=quantity, total=price * quantity
    )
    order = an_order(lines=(line,), number=number, total=price, delivery_price=None)

    _, (document,) = written(order, version=version)

    assert document.number == number
    assert document.lines[0].name == name
    assert document.lines[0].price == price
    assert document.lines[0].quantity == quantity
    assert document.total == price
