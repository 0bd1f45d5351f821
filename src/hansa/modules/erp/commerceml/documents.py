"""Documents: orders, shipments, returns and payments, in either direction."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from hansa.modules.erp.commerceml import values
from hansa.modules.erp.commerceml.elements import (
    Element,
    Extractor,
    local,
    text_in,
    text_of,
    texts_in,
)
from hansa.modules.erp.commerceml.records import (
    Counterparty,
    Document,
    DocumentLine,
    Requisite,
    is_true,
)
from hansa.modules.erp.commerceml.values import Unreadable

T = TypeVar("T")


def read_document(
    extractor: Extractor, element: Element, ordinal: int, container: int | None
) -> Document:
    """Read Документ with its lines, counterparties and the documents that hang on it."""
    parts = texts_in(element)
    number = parts.get("Номер")
    identifier = parts.get("Ид")
    if not (number or identifier or parts.get("Номер1С")):
        raise Unreadable("missing_id", "the document has neither Номер nor Ид")
    extractor.short(number or identifier or "")
    lists: dict[str, object] = {}
    children: list[Document] = []
    for child in element:
        match local(child.tag):
            case "Контрагенты":
                lists["counterparties"] = tuple(
                    read_counterparty(extractor, one, 0) for one in extractor.several(child)
                )
            case "Склады":
                lists["warehouses"] = tuple(
                    (text_in(one, "Ид"), text_in(one, "Наименование")) for one in child
                )
            case "Налоги":
                lists["taxes"] = extractor.taxes(child)
            case "Товары":
                lists["lines"] = tuple(_line(extractor, one) for one in extractor.several(child))
            case "ЗначенияРеквизитов":
                lists["requisites"] = extractor.requisites(child)
            case "ПодчиненныеДокументы":
                children.extend(
                    read_document(extractor, one, ordinal, container)
                    for one in extractor.several(child)
                )
            case _:
                pass
    date_1c = _part(extractor, element, parts.get("Дата1С"), values.moment)
    return Document(
        identifier,
        number,
        _part(extractor, element, parts.get("Дата"), values.day),
        _part(extractor, element, parts.get("Время"), values.clock_time),
        parts.get("ХозОперация"),
        parts.get("Роль"),
        extractor.currency(element, parts.get("Валюта")),
        extractor.quantity(element, parts.get("Курс")),
        _money(extractor, element, parts.get("Сумма")),
        parts.get("Номер1С"),
        _with_time(extractor, element, date_1c, parts.get("Время1С")),
        extractor.long(parts.get("Комментарий")),
        children=tuple(children),
        based_on=parts.get("Основание"),
        deleted=is_true(parts.get("ПометкаУдаления")),
        version=parts.get("НомерВерсии"),
        container=container,
        ordinal=ordinal,
        **lists,  # type: ignore[arg-type]  # keys and types are set side by side above
    )


def read_counterparty(extractor: Extractor, element: Element, ordinal: int) -> Counterparty:
    """Read Контрагент of a document or of a contragents file."""
    parts = texts_in(element)
    address = None
    contacts: tuple[Requisite, ...] = ()
    for child in element:
        match local(child.tag):
            case "АдресРегистрации" | "Адрес" | "ЮридическийАдрес":
                address = address or text_in(child, "Представление")
            case "Контакты":
                contacts = _contacts(child)
            case _:
                pass
    identifier = parts.get("Ид")
    if ordinal and not identifier:
        raise Unreadable("missing_id", "the counterparty has no Ид")
    return Counterparty(
        identifier,
        extractor.name(parts.get("Наименование")),
        parts.get("Роль"),
        extractor.name(parts.get("ПолноеНаименование") or parts.get("ОфициальноеНаименование")),
        extractor.name(parts.get("Фамилия")),
        extractor.name(parts.get("Имя")),
        parts.get("ИНН"),
        parts.get("КПП"),
        extractor.name(address),
        contacts,
        deleted=is_true(parts.get("ПометкаУдаления")),
        ordinal=ordinal,
    )


def _contacts(element: Element) -> tuple[Requisite, ...]:
    found = []
    for one in element:
        parts = texts_in(one)
        kind = parts.get("Тип") or parts.get("Вид")
        value = parts.get("Значение") or parts.get("Представление")
        if kind and value:
            found.append(Requisite(kind, value))
    return tuple(found)


def _line(extractor: Extractor, element: Element) -> DocumentLine:
    parts = texts_in(element)
    lists: dict[str, object] = {}
    warehouse_ids: list[str] = []
    for child in element:
        match local(child.tag):
            case "БазоваяЕдиница":
                lists["unit"] = extractor.unit(child)
            case "ЗначенияРеквизитов":
                lists["requisites"] = extractor.requisites(child)
            case "Склад":
                if found := (child.get("ИдСклада") or text_in(child, "Ид") or text_of(child)):
                    warehouse_ids.append(found)
            case "Склады":
                warehouse_ids.extend(
                    found for one in child if (found := one.get("ИдСклада") or text_in(one, "Ид"))
                )
            case _:
                pass
    return DocumentLine(
        parts.get("Ид"),
        extractor.name(parts.get("Наименование")),
        _money(extractor, element, parts.get("ЦенаЗаЕдиницу") or parts.get("Цена")),
        extractor.quantity(element, parts.get("Количество")),
        _money(extractor, element, parts.get("Сумма")),
        parts.get("Артикул"),
        parts.get("ИдКаталога"),
        factor=extractor.quantity(element, parts.get("Коэффициент")),
        action=parts.get("Действие"),
        warehouse_ids=tuple(warehouse_ids),
        **lists,  # type: ignore[arg-type]  # keys and types are set side by side above
    )


def _part(
    extractor: Extractor, element: Element, text: str | None, read: Callable[[str], T | None]
) -> T | None:
    if not text:
        return None
    try:
        return read(text)
    except Unreadable as error:
        extractor.refuse(element, error)
        return None


def _money(extractor: Extractor, element: Element, text: str | None) -> Decimal | None:
    """Read a sum of a document; returns and corrections may be negative."""
    return _part(
        extractor,
        element,
        text,
        lambda given: values.quantity(given, most=extractor.limits.price_max),
    )


def _with_time(
    extractor: Extractor, element: Element, moment: datetime | None, text: str | None
) -> datetime | None:
    if moment is None or not text:
        return moment
    clock = _part(extractor, element, text, values.clock_time)
    return datetime.combine(moment.date(), clock) if clock else moment
