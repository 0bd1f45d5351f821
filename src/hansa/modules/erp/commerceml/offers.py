"""Offers: the element that comes a hundred thousand times, with its four ways to tell stock."""

from decimal import Decimal
from typing import Any, Final

from hansa.modules.erp.commerceml import values
from hansa.modules.erp.commerceml.elements import (
    DELETED,
    Element,
    Extractor,
    local,
    text_of,
)
from hansa.modules.erp.commerceml.records import Offer, Price, is_true
from hansa.modules.erp.commerceml.values import Unreadable

_KNOWN_MAX: Final = 4_096


class _Stock:
    """Gathers what an offer says of stock, whichever dialect it speaks."""

    __slots__ = ("_extractor", "rows", "told")

    def __init__(self, extractor: Extractor) -> None:
        self.rows: dict[str | None, Decimal] = {}
        self.told = False
        self._extractor = extractor

    def add(self, element: Element, warehouse_id: str | None, text: str | None) -> None:
        """Take one row; a row that says nothing is no row, one that is unreadable is refused."""
        if text is None:
            return
        extractor = self._extractor
        try:
            quantity = values.quantity(text, most=extractor.limits.quantity_max)
        except Unreadable as error:
            extractor.refuse(element, error)
            return
        if warehouse_id in self.rows:
            reason = f"the warehouse {warehouse_id} comes twice in the offer"
            extractor.refuse(element, Unreadable("duplicate_warehouse", reason))
            return
        if quantity is None:
            return
        self.rows[warehouse_id] = quantity
        if len(extractor.known_quantities) < _KNOWN_MAX:
            extractor.known_quantities[text] = quantity
            if warehouse_id:
                extractor.known_places.add(warehouse_id)

    def attributes(self, element: Element) -> None:
        """Take ИдСклада and КоличествоНаСкладе of one element."""
        self.told = True
        extractor, rows = self._extractor, self.rows
        warehouse_id, text = element.get("ИдСклада"), element.get("КоличествоНаСкладе")
        # The few warehouses and the common quantities come a million times: look them up.
        if warehouse_id in extractor.known_places and warehouse_id not in rows and text:
            quantity = extractor.known_quantities.get(text)
            if quantity is not None:
                rows[warehouse_id] = quantity
                return
        if warehouse_id and (warehouse_id := warehouse_id.strip()):
            self.add(element, extractor.short(warehouse_id), text)
            return
        for child in element:
            if local(child.tag) == "Склад":
                self.attributes(child)
                if not child.get("ИдСклада"):
                    self.place(child)

    def remains(self, element: Element) -> None:
        """Take Остатки/Остаток, divided by warehouse or not."""
        self.told = True
        for rest in self._extractor.several(element):
            for child in rest:
                match local(child.tag):
                    case "Склад":
                        self.place(child)
                    case "Количество":
                        self.add(child, None, child.text)
                    case _:
                        pass

    def place(self, element: Element) -> None:
        """Take Склад with Ид and Количество inside."""
        warehouse_id = text = None
        for part in element:
            match local(part.tag):
                case "Ид":
                    warehouse_id = text_of(part)
                case "Количество":
                    text = part.text
                case _:
                    pass
        if warehouse_id:
            self.add(element, self._extractor.short(warehouse_id), text)


def read_offer(extractor: Extractor, element: Element, ordinal: int) -> Offer:
    """Read Предложения/Предложение."""
    identifier = extractor.identifier(element)
    prices = total = None
    card: dict[str, Any] = {}
    pictures: list[str] = []
    stock = _Stock(extractor)
    for child in element:
        # The hot ones are here: they come with every offer, the first once a warehouse.
        match local(child.tag):
            case "Склад" | "Склады":
                stock.attributes(child)
            case "Цены":
                prices = _prices(extractor, child)
            case "Количество":
                total = extractor.quantity(child, child.text)
            case "Остатки":
                stock.remains(child)
            case "Картинка":
                if text := text_of(child):
                    pictures.append(extractor.name(text) or text)
            case name:
                _card_field(extractor, name, child, card)
    rows, told = stock.rows, stock.told
    if not told and total is not None:
        rows, told = {None: total}, True
    product_id, _, characteristic_id = identifier.partition("#")
    deleted = card.pop("deleted", False) or element.get("Статус") == DELETED
    return Offer(
        identifier,
        product_id,
        characteristic_id or None,
        prices=prices,
        stock=tuple(rows.items()) if told else None,
        quantity=total,
        pictures=tuple(pictures),
        deleted=deleted,
        ordinal=ordinal,
        **card,
    )


def _card_field(extractor: Extractor, name: str, child: Element, card: dict[str, Any]) -> None:
    """Read what describes the offer itself."""
    match name:
        case "Наименование":
            card["name"] = extractor.name(text_of(child))
        case "Артикул":
            card["article"] = extractor.name(text_of(child))
        case "Штрихкод":
            card["barcode"] = extractor.name(text_of(child))
        case "БазоваяЕдиница":
            card["unit"] = extractor.unit(child)
        case "ХарактеристикиТовара":
            card["characteristics"] = extractor.requisites(child)
        case "ЗначенияСвойств":
            card["properties"] = extractor.property_values(child)
        case "ЗначенияРеквизитов":
            card["requisites"] = extractor.requisites(child)
        case "НомерВерсии":
            card["version"] = extractor.name(text_of(child))
        case "ПометкаУдаления":
            card["deleted"] = is_true(child.text)
        case _:
            pass


def _prices(extractor: Extractor, element: Element) -> tuple[Price, ...]:
    found = []
    for child in extractor.several(element):
        try:
            price = _price(extractor, child)
        except Unreadable as error:
            extractor.refuse(child, error)
            continue
        if price is not None:
            found.append(price)
    return tuple(found)


def _price(extractor: Extractor, element: Element) -> Price | None:  # noqa: C901 - one case a field
    type_id = currency = least = factor = unit = amount_text = None
    for part in element:
        text = part.text
        if text is None:
            continue
        match local(part.tag):
            case "ЦенаЗаЕдиницу":
                amount_text = text
            case "ИдТипаЦены":
                type_id = extractor.short(text.strip())
            case "Валюта":
                currency = values.currency(text)
            case "Единица":
                unit = extractor.name(text.strip() or None)
            case "Коэффициент":
                factor = values.quantity(text, most=extractor.limits.quantity_max)
            case "МинКоличество":
                least = values.quantity(text, most=extractor.limits.quantity_max)
            case _:
                pass
    if amount_text is None:
        return None
    amount = values.price(amount_text, most=extractor.limits.price_max)
    if amount is None:
        return None
    return Price(type_id, amount, currency, least, unit, factor)
