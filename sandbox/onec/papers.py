"""The XML that 1C reads and writes, in 1C's own view: goods, orders, documents, stock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

NAMESPACES = {"2.08": "urn:1C.ru:commerceml_2", "3.1": "urn:1C.ru:commerceml_3"}


@dataclass
class Goods:
    """One offer as 1C knows it; quantities by warehouse id."""

    id: str
    name: str = ""
    article: str = ""
    price: str = ""
    stock: dict[str, float] = field(default_factory=dict)


@dataclass
class Line:
    """Goods ordered."""

    id: str
    name: str
    quantity: float
    price: str
    total: str
    warehouse: str | None = None


@dataclass
class Order:
    """An order that came from the site."""

    id: str
    number: str
    date: str
    total: str
    currency: str
    buyer: str
    lines: list[Line]
    warehouse: str | None = None
    cancelled: bool = False
    paid: bool = False
    status: str = "received"
    number_1c: str = ""
    shipped_at: str = ""
    due_at: float = 0.0
    times_received: int = 1


def read_orders(content: bytes) -> list[Order]:
    """Read the answer to `mode=query`, whatever the schema."""
    root = etree.fromstring(content, _parser())
    return [_order(one) for one in _all(root, "Документ")]


def _order(document: Any) -> Order:
    said = {
        _text(one, "Наименование"): _text(one, "Значение")
        for one in _children(document, "ЗначенияРеквизитов")
    }
    warehouse = None
    for place in _children(document, "Склады"):
        warehouse = warehouse or _text(place, "Ид")
    lines = []
    for goods in _children(document, "Товары"):
        if _text(goods, "Ид") == "ORDER_DELIVERY":
            continue
        own = [_text(place, "Ид") for place in _children(goods, "Склады")]
        lines.append(
            Line(
                _text(goods, "Ид"),
                _text(goods, "Наименование"),
                float(_text(goods, "Количество") or 0),
                _text(goods, "ЦенаЗаЕдиницу"),
                _text(goods, "Сумма"),
                own[0] if own else None,
            )
        )
    buyer = next(iter(_children(document, "Контрагенты")), None)
    return Order(
        id=_text(document, "Ид"),
        number=_text(document, "Номер"),
        date=_text(document, "Дата"),
        total=_text(document, "Сумма"),
        currency=_text(document, "Валюта"),
        buyer="" if buyer is None else _text(buyer, "Наименование"),
        lines=lines,
        warehouse=warehouse,
        cancelled=said.get("Отменен") == "true",
        paid=said.get("Заказ оплачен") == "true",
    )


def read_statuses(content: bytes) -> dict[str, str]:
    """Read the answer to `mode=info`; the list's name begins with a Latin letter."""
    root = etree.fromstring(content, _parser())
    return {
        _text(one, "Ид"): _text(one, "Название")
        for listed in root.iter("C" + "татусы")
        for one in listed
    }


def write_documents(
    orders: Iterable[Order],
    *,
    now: datetime,
    version: str = "3.1",
    encoding: str = "UTF-8",
    spelling: str = "Статус заказа",
) -> bytes:
    """Write what 1C made of orders: its number, status and shipment marks."""
    root = _root(version, now)
    for order in orders:
        holder = _add(root, "Контейнер") if version.startswith("3") else root
        document = _add(holder, "Документ")
        _add(document, "Ид", order.id)
        _add(document, "Номер", order.number)
        _add(document, "Дата", order.date or now.strftime("%Y-%m-%d"))
        _add(document, "ХозОперация", "Заказ товара")
        _add(document, "Роль", "Продавец")
        _add(document, "Валюта", order.currency or "RUB")
        _add(document, "Сумма", order.total)
        _add(document, "Номер1С", order.number_1c)
        _add(document, "Дата1С", now.strftime("%Y-%m-%d"))
        goods = _add(document, "Товары")
        for line in order.lines:
            entry = _add(goods, "Товар")
            _add(entry, "Ид", line.id)
            _add(entry, "Наименование", line.name)
            _add(entry, "ЦенаЗаЕдиницу", line.price)
            _add(entry, "Количество", f"{line.quantity:g}")
            _add(entry, "Сумма", line.total)
        said = {
            "Проведен": "true",
            "ПометкаУдаления": "false",
            "Номер по 1С": order.number_1c,
            "Дата по 1С": now.strftime("%Y-%m-%d"),
            "Отменен": "true" if order.status == "cancelled" else "false",
            "Отгружен": "true" if order.status == "shipped" else "false",
            spelling: {
                "shipped": "Отгружен",
                "cancelled": "Отменен",
                "confirmed": "Подтвержден",
            }.get(order.status, "Новый"),
        }
        if order.status == "shipped":
            said["Номер отгрузки по 1С"] = f"{order.number_1c}-О"
            said["Дата отгрузки по 1С"] = order.shipped_at or now.strftime("%Y-%m-%d")
        listed = _add(document, "ЗначенияРеквизитов")
        for name, value in said.items():
            entry = _add(listed, "ЗначениеРеквизита")
            _add(entry, "Наименование", name)
            _add(entry, "Значение", value)
    return _written(root, encoding)


def write_rests(
    goods: Iterable[Goods],
    *,
    formed_at: datetime,
    full: bool,
    dialect: str = "rests",
    version: str = "2.08",
    encoding: str = "UTF-8",
) -> bytes:
    """Write stock as offers; `dialect` is rests, attributes, changes or total."""
    root = _root(version, formed_at)
    name = "ИзмененияПакетаПредложений" if dialect == "changes" else "ПакетПредложений"
    package = _add(root, name)
    package.set("СодержитТолькоИзменения", "false" if full else "true")
    _add(package, "Ид", "onec#")
    listed = _add(package, "Предложения")
    for one in goods:
        offer = _add(listed, "Предложение")
        _add(offer, "Ид", one.id)
        match dialect:
            case "total":
                _add(offer, "Количество", f"{sum(one.stock.values()):g}")
            case "rests":
                rests = _add(offer, "Остатки")
                for warehouse, quantity in one.stock.items():
                    place = _add(_add(rests, "Остаток"), "Склад")
                    _add(place, "Ид", warehouse)
                    _add(place, "Количество", f"{quantity:g}")
            case _:
                for warehouse, quantity in one.stock.items():
                    row = _add(offer, "Склады" if dialect == "changes" else "Склад")
                    row.set("ИдСклада", warehouse)
                    row.set("КоличествоНаСкладе", f"{quantity:g}")
    return _written(root, encoding)


def read_goods(folder: Path) -> tuple[dict[str, Goods], dict[str, str]]:
    """Read what a folder of exports says of goods, stock and warehouses."""
    goods: dict[str, Goods] = {}
    warehouses: dict[str, str] = {}
    for path in sorted(folder.glob("*.xml")):
        watched = ("{*}Предложение", "{*}Склады")
        for _, element in etree.iterparse(str(path), tag=watched, resolve_entities=False):
            name = etree.QName(element).localname
            if name == "Склады" and element.getparent() is not None:
                holder = etree.QName(element.getparent()).localname
                if holder in {"ПакетПредложений", "Классификатор", "ИзмененияПакетаПредложений"}:
                    for place in element:
                        warehouses[_text(place, "Ид")] = _text(place, "Наименование")
            elif name == "Предложение":
                _merge_offer(goods, warehouses, element)
                element.clear()
    return goods, warehouses


def _merge_offer(goods: dict[str, Goods], warehouses: dict[str, str], offer: Any) -> None:
    known = goods.setdefault(_text(offer, "Ид"), Goods(_text(offer, "Ид")))
    known.name = _text(offer, "Наименование") or known.name
    known.article = _text(offer, "Артикул") or known.article
    for price in _children(offer, "Цены"):
        known.price = known.price or _text(price, "ЦенаЗаЕдиницу")
    for part in offer.iter():
        name = etree.QName(part).localname
        if name in {"Склад", "Склады"}:
            warehouse = part.get("ИдСклада") or _text(part, "Ид")
            quantity = part.get("КоличествоНаСкладе") or _text(part, "Количество")
            if warehouse and quantity:
                known.stock[warehouse] = _number(quantity)
                warehouses.setdefault(warehouse, warehouse)


def _number(text: str) -> float:
    return float("".join(text.split()).replace(",", "."))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _all(root: Any, name: str) -> list[Any]:
    return list(root.iter(f"{{*}}{name}"))


def _children(element: Any, name: str) -> list[Any]:
    found = element.find(f"{{*}}{name}")
    return [] if found is None else list(found)


def _text(element: Any, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _root(version: str, formed_at: datetime) -> Any:
    namespace = NAMESPACES.get(version)
    name = "КоммерческаяИнформация"
    root = (
        etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})  # type: ignore[dict-item]  # the default one
        if namespace
        else etree.Element(name)
    )
    root.set("ВерсияСхемы", version)
    root.set("ДатаФормирования", formed_at.strftime("%Y-%m-%dT%H:%M:%S"))
    return root


def _add(parent: Any, name: str, text: str | None = None) -> Any:
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    child.text = text
    return child


def _written(root: Any, encoding: str) -> bytes:
    written = etree.tostring(root, encoding=encoding, xml_declaration=True, pretty_print=True)
    assert isinstance(written, bytes)
    return written
