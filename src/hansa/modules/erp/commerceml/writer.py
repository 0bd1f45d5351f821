"""Orders on their way from the site to 1C, and the dictionary of statuses. Pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from lxml import etree

from hansa.modules.erp.commerceml.elements import Element
from hansa.modules.erp.commerceml.records import DELIVERY_LINE, ORDER_OPERATION, Unit

Encoding = Literal["windows-1251", "UTF-8"]

PIECE: Final = Unit("796", "шт", "Штука", "PCE")

# What XML 1.0 cannot hold, not even as a reference.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerForErp:
    """Who ordered. `id` is ours; the name is shown in 1C."""

    id: str
    name: str
    full_name: str | None = None
    last_name: str | None = None
    first_name: str | None = None
    inn: str | None = None
    kpp: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineForErp:
    """Goods of an order; `external_id` is the offer's id in 1C (`product#characteristic`)."""

    external_id: str
    name: str
    price: Decimal
    quantity: Decimal
    total: Decimal
    article: str | None = None
    catalog_id: str | None = None
    unit: Unit = PIECE
    tax_name: str | None = None
    tax_rate: str | None = None
    tax_total: Decimal | None = None
    warehouse_id: str | None = None
    reserve: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForErp:
    """An order as 1C wants it. Amounts in major units, moments in the local time of the shop."""

    id: str
    number: str
    placed_at: datetime
    currency: str
    total: Decimal
    buyer: BuyerForErp
    lines: tuple[LineForErp, ...]
    delivery_price: Decimal | None = None
    delivery_name: str = "Доставка заказа"
    delivery_method: str | None = None
    delivery_method_id: str | None = None
    delivery_allowed: bool = False
    payment_method: str | None = None
    payment_method_id: str | None = None
    paid: bool = False
    paid_at: datetime | None = None
    payment_number: str | None = None
    cancelled: bool = False
    final: bool = False
    status: str | None = None
    status_id: str | None = None
    status_changed_at: datetime | None = None
    site: str | None = None
    warehouse_id: str | None = None
    warehouse: str | None = None
    organisation: str | None = None
    comment: str | None = None
    rate: Decimal = Decimal(1)
    version: str | None = None


@dataclass(frozen=True, slots=True)
class StatusName:
    """A status of orders as 1C may choose it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PaymentSystem:
    """A way to pay as 1C may choose it."""

    id: str
    name: str
    kind: str = "Безналичная"


def write_orders(
    orders: Iterable[OrderForErp],
    *,
    schema_version: str,
    formed_at: datetime,
    encoding: Encoding = "windows-1251",
) -> bytes:
    """Write orders as 1C reads them; 3.1 wraps each in a Контейнер.

    Characters that the encoding lacks become references; those that XML lacks are left out.
    """
    namespace = namespace_of(schema_version)
    root = _root(namespace)
    root.set("ВерсияСхемы", schema_version)
    root.set("ДатаФормирования", _moment(formed_at))
    for order in orders:
        holder = root
        if _is_third(schema_version):
            holder = _add(root, "Контейнер")
        _document(_add(holder, "Документ"), order, schema_version)
    return _written(root, encoding)


def write_dictionary(
    statuses: Iterable[StatusName],
    payment_systems: Iterable[PaymentSystem],
    *,
    encoding: Encoding = "windows-1251",
) -> bytes:
    """Write the answer to `mode=info`.

    The first letter of "Cтатусы" is a LATIN C: so Bitrix writes it and so 1C looks for it.
    """
    root = etree.Element("Справочник")
    listed = _add(root, "Cтатусы")
    for status in statuses:
        entry = _add(listed, "Элемент")
        _add(entry, "Ид", status.id)
        _add(entry, "Название", status.name)
    listed = _add(root, "ПлатежныеСистемы")
    for system in payment_systems:
        entry = _add(listed, "Элемент")
        _add(entry, "Ид", system.id)
        _add(entry, "Название", system.name)
        _add(entry, "ТипОплаты", system.kind)
    return _written(root, encoding)


def namespace_of(schema_version: str) -> str | None:
    """Give the namespace of a schema: none up to 2.05, then one for 2 and one for 3."""
    major, minor = _version(schema_version)
    if (major, minor) <= (2, 5):
        return None
    return f"urn:1C.ru:commerceml_{major}"


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def _is_third(schema_version: str) -> bool:
    return _version(schema_version)[0] >= 3  # noqa: PLR2004 - the third edition


def _document(document: Element, order: OrderForErp, schema_version: str) -> None:
    _add(document, "Ид", order.id)
    if _is_third(schema_version):
        _add(document, "НомерВерсии", order.version)
        _add(document, "ПометкаУдаления", "false")
    _add(document, "Номер", order.number)
    _add(document, "Дата", order.placed_at.strftime("%Y-%m-%d"))
    _add(document, "ХозОперация", ORDER_OPERATION)
    _add(document, "Роль", "Продавец")
    _add(document, "Валюта", order.currency)
    _add(document, "Курс", _plain(order.rate))
    _add(document, "Сумма", _amount(order.total))
    _buyer(_add(_add(document, "Контрагенты"), "Контрагент"), order.buyer)
    if order.warehouse_id:
        place = _add(_add(document, "Склады"), "Склад")
        _add(place, "Ид", order.warehouse_id)
        _add(place, "Наименование", order.warehouse)
    _add(document, "Время", order.placed_at.strftime("%H:%M:%S"))
    _add(document, "Комментарий", order.comment or "")
    goods = _add(document, "Товары")
    for line in order.lines:
        _line(_add(goods, "Товар"), line)
    if order.delivery_price is not None:
        _delivery(_add(goods, "Товар"), order)
    _requisites(document, _order_requisites(order))


def _order_requisites(order: OrderForErp) -> list[tuple[str, str | None]]:
    """Give the requisites; "Статуса заказа ИД" is how Bitrix spells it."""
    return [
        ("Номер платежного документа", order.payment_number),
        ("Дата оплаты", _spaced(order.paid_at)),
        ("Метод оплаты", order.payment_method),
        ("Метод оплаты ИД", order.payment_method_id),
        ("Способ доставки", order.delivery_method),
        ("Метод доставки ИД", order.delivery_method_id),
        ("Заказ оплачен", _flag(value=order.paid)),
        ("Доставка разрешена", _flag(value=order.delivery_allowed)),
        ("Отменен", _flag(value=order.cancelled)),
        ("Финальный статус", _flag(value=order.final)),
        ("Статус заказа", order.status),
        ("Статуса заказа ИД", order.status_id),
        ("Дата изменения статуса", _spaced(order.status_changed_at)),
        # 1C fills its own warehouse and organisation from these two by name only.
        ("Склад", order.warehouse),
        ("Организация", order.organisation),
        ("Сайт", order.site),
    ]


def _buyer(party: Element, buyer: BuyerForErp) -> None:
    _add(party, "Ид", buyer.id)
    _add(party, "Наименование", buyer.name)
    _add(party, "Роль", "Покупатель")
    _add(party, "ПолноеНаименование", buyer.full_name or buyer.name)
    _add(party, "Фамилия", buyer.last_name)
    _add(party, "Имя", buyer.first_name)
    _add(party, "ИНН", buyer.inn)
    _add(party, "КПП", buyer.kpp)
    if buyer.address or buyer.postcode:
        address = _add(party, "АдресРегистрации")
        _add(address, "Представление", buyer.address or buyer.postcode)
        for kind, value in (("Почтовый индекс", buyer.postcode), ("Улица", buyer.address)):
            if value:
                field = _add(address, "АдресноеПоле")
                _add(field, "Тип", kind)
                _add(field, "Значение", value)
    contacts = [("Почта", buyer.email), ("ТелефонРабочий", buyer.phone)]
    if any(value for _, value in contacts):
        listed = _add(party, "Контакты")
        for kind, value in contacts:
            if value:
                contact = _add(listed, "Контакт")
                _add(contact, "Тип", kind)
                _add(contact, "Значение", value)


def _line(goods: Element, line: LineForErp) -> None:
    _add(goods, "Ид", line.external_id)
    _add(goods, "ИдКаталога", line.catalog_id)
    _add(goods, "Артикул", line.article)
    _add(goods, "Наименование", line.name)
    _unit(goods, line.unit)
    _add(goods, "ЦенаЗаЕдиницу", _amount(line.price))
    _add(goods, "Количество", _plain(line.quantity))
    _add(goods, "Сумма", _amount(line.total))
    if line.tax_name:
        rate = _add(_add(goods, "СтавкиНалогов"), "СтавкаНалога")
        _add(rate, "Наименование", line.tax_name)
        _add(rate, "Ставка", line.tax_rate)
        tax = _add(_add(goods, "Налоги"), "Налог")
        _add(tax, "Наименование", line.tax_name)
        _add(tax, "УчтеноВСумме", "true")
        _add(tax, "Сумма", None if line.tax_total is None else _amount(line.tax_total))
    if line.warehouse_id:
        _add(_add(_add(goods, "Склады"), "Склад"), "Ид", line.warehouse_id)
    if line.reserve:
        _add(goods, "Действие", "Резервировать")
    _requisites(goods, [("ВидНоменклатуры", "Товар"), ("ТипНоменклатуры", "Товар")])


def _delivery(goods: Element, order: OrderForErp) -> None:
    assert order.delivery_price is not None
    _add(goods, "Ид", DELIVERY_LINE)
    _add(goods, "Наименование", order.delivery_name)
    _unit(goods, PIECE)
    _add(goods, "ЦенаЗаЕдиницу", _amount(order.delivery_price))
    _add(goods, "Количество", "1")
    _add(goods, "Сумма", _amount(order.delivery_price))
    _requisites(goods, [("ВидНоменклатуры", "Услуга"), ("ТипНоменклатуры", "Услуга")])


def _unit(parent: Element, unit: Unit) -> None:
    element = _add(parent, "БазоваяЕдиница", unit.name or "")
    for name, value in (
        ("Код", unit.code),
        ("НаименованиеПолное", unit.full_name),
        ("МеждународноеСокращение", unit.international),
    ):
        if value:
            element.set(name, _clean(value))


def _requisites(parent: Element, pairs: Iterable[tuple[str, str | None]]) -> None:
    listed = _add(parent, "ЗначенияРеквизитов")
    for name, value in pairs:
        if value is not None:
            entry = _add(listed, "ЗначениеРеквизита")
            _add(entry, "Наименование", name)
            _add(entry, "Значение", value)


def _root(namespace: str | None) -> Element:
    if namespace is None:
        return etree.Element("КоммерческаяИнформация")
    return etree.Element(f"{{{namespace}}}КоммерческаяИнформация", nsmap={None: namespace})  # type: ignore[dict-item]  # None is the default namespace


_MISSING: Final = "\0"


def _add(parent: Element, name: str, text: str | None = _MISSING) -> Element:
    """Add a child in the parent's namespace; with a text of None nothing is added."""
    namespace, brace, _ = parent.tag.rpartition("}")
    child = parent.makeelement(f"{namespace}{brace}{name}")
    if text is not None:
        parent.append(child)
        if text is not _MISSING:
            child.text = _clean(text)
    return child


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _written(root: Element, encoding: Encoding) -> bytes:
    written = etree.tostring(root, encoding=encoding, xml_declaration=True, pretty_print=True)
    assert isinstance(written, bytes)
    return written


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _spaced(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def _flag(*, value: bool) -> str:
    return "true" if value else "false"


def _plain(number: Decimal) -> str:
    """Write a number without exponent and without idle zeros."""
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _amount(number: Decimal) -> str:
    """Write an amount with at least two places, never fewer than it has."""
    places = max(2, -int(number.normalize().as_tuple().exponent))
    return format(number, f".{places}f")
