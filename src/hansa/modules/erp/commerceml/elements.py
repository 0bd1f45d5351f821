"""From one finished XML element to records: goods and the small dictionaries."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from lxml import etree

from hansa.modules.erp.commerceml import values
from hansa.modules.erp.commerceml.limits import Limits
from hansa.modules.erp.commerceml.records import (
    Manufacturer,
    PriceType,
    Product,
    Property,
    PropertyValue,
    Record,
    Refusal,
    Requisite,
    Tax,
    Unit,
    Warehouse,
    is_true,
)
from hansa.modules.erp.commerceml.values import Unreadable

Element = etree._Element  # noqa: SLF001 - lxml gives its element class no public name
Found = list[Record | Refusal]

DELETED: Final = "Удален"


@lru_cache(maxsize=4_096)
def local(tag: str) -> str:
    """Give an element's name without its namespace."""
    return tag.rpartition("}")[2]


def line_of(element: Element) -> int:
    """Give the line of the file where the element begins; 0 when it is not known."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def text_of(element: Element) -> str | None:
    """Give the element's own text without blanks around it; None when there is none."""
    text = element.text
    return (text.strip() or None) if text else None


def text_in(element: Element, name: str) -> str | None:
    """Give the text of the first child of that name."""
    for child in element:
        if local(child.tag) == name:
            return text_of(child)
    return None


def texts_in(element: Element) -> dict[str, str]:
    """Give the texts of the children by name; the first of a name counts."""
    found: dict[str, str] = {}
    for child in element:
        text = text_of(child)
        if text is not None:
            found.setdefault(local(child.tag), text)
    return found


class Extractor:
    """Reads elements within limits; refusals of parts are gathered beside the record."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.refusals: list[Refusal] = []
        # What was checked before in this file, so that the commonest values are only looked up.
        self.known_places: set[str | None] = set()
        self.known_quantities: dict[str, Decimal] = {}
        self._where = ""
        self._identifier: str | None = None
        self._ordinal = 0

    def record(
        self, element: Element, ordinal: int, read: Callable[[Element, int], Record], where: str
    ) -> Found:
        """Read one element as one record, or as the refusal of it."""
        self.refusals = []
        self._where, self._identifier, self._ordinal = where, None, ordinal
        try:
            return [read(element, ordinal), *self.refusals]
        except Unreadable as error:
            return [self._refusal(element, error, whole=True)]

    def refuse(self, element: Element, error: Unreadable) -> None:
        """Note that a part of the record in hand is left out."""
        self.refusals.append(self._refusal(element, error, whole=False))

    def _refusal(self, element: Element, error: Unreadable, *, whole: bool) -> Refusal:
        where = self._where if whole else f"{self._where}/{local(element.tag)}"
        return Refusal(
            where,
            self._identifier,
            error.code,
            error.reason,
            line_of(element),
            whole,
            self._ordinal,
        )

    def identifier(self, element: Element, name: str = "Ид") -> str:
        """Give the id of an element; it must be there and of sensible length."""
        found = text_in(element, name)
        if not found:
            raise Unreadable("missing_id", f"the element has no {name}")
        self._identifier = self.short(found)
        return found

    def short(self, text: str) -> str:
        """Check an identifier's length."""
        if len(text) > self.limits.identifier_length_max:
            self._identifier = text[:40]
            raise Unreadable(
                "identifier_too_long",
                f"an identifier of {len(text)} characters; {self.limits.identifier_length_max}"
                " are allowed",
            )
        return text

    def name(self, text: str | None) -> str | None:
        """Check a name's length."""
        if text and len(text) > self.limits.name_length_max:
            raise Unreadable(
                "text_too_long",
                f"a name of {len(text)} characters; {self.limits.name_length_max} are allowed",
            )
        return text

    def long(self, text: str | None) -> str | None:
        """Check the length of a description or other free text."""
        if text and len(text) > self.limits.text_length_max:
            raise Unreadable(
                "text_too_long",
                f"a text of {len(text)} characters; {self.limits.text_length_max} are allowed",
            )
        return text

    def several(self, element: Element) -> Element:
        """Check that a list within a record is not absurdly long."""
        if len(element) > self.limits.values_max:
            raise Unreadable(
                "too_many",
                f"{len(element)} entries in {local(element.tag)};"
                f" {self.limits.values_max} are allowed",
            )
        return element

    def quantity(self, element: Element, text: str | None) -> Decimal | None:
        """Read a quantity, refusing only it when it is unreadable."""
        if not text:
            return None
        try:
            return values.quantity(text, most=self.limits.quantity_max)
        except Unreadable as error:
            self.refuse(element, error)
            return None

    def currency(self, element: Element, text: str | None) -> str | None:
        """Read a currency, refusing only it when it is unknown."""
        if not text:
            return None
        try:
            return values.currency(text)
        except Unreadable as error:
            self.refuse(element, error)
            return None

    def requisites(self, element: Element) -> tuple[Requisite, ...]:
        """Read pairs of Наименование and Значение."""
        found = []
        for child in self.several(element):
            name = value = None
            for part in child:
                match local(part.tag):
                    case "Наименование":
                        name = text_of(part)
                    case "Значение":
                        value = text_of(part)
                    case _:
                        pass
            if name:
                found.append(Requisite(self.name(name) or name, self.long(value) or ""))
        return tuple(found)

    def property_values(self, element: Element) -> tuple[PropertyValue, ...]:
        """Read ЗначенияСвойств."""
        found = []
        for child in self.several(element):
            identifier = None
            several: list[str] = []
            for part in child:
                text = text_of(part)
                if text is None:
                    continue
                match local(part.tag):
                    case "Ид":
                        identifier = self.short(text)
                    case "Значение" | "ИдЗначения":
                        several.append(self.long(text) or text)
                    case _:
                        pass
            if identifier:
                found.append(PropertyValue(identifier, tuple(several)))
        return tuple(found)

    def unit(self, element: Element) -> Unit:
        """Read БазоваяЕдиница; a bare number in it is the code (3.1)."""
        code = (element.get("Код") or "").strip() or None
        name = text_of(element)
        if code is None and name and name.isdigit():
            code, name = name, None
        return Unit(
            code=self.name(code),
            name=self.name(name),
            full_name=self.name((element.get("НаименованиеПолное") or "").strip() or None),
            international=self.name((element.get("МеждународноеСокращение") or "").strip() or None),
        )

    def taxes(self, element: Element) -> tuple[Tax, ...]:
        """Read СтавкиНалогов or Налоги."""
        found = []
        for child in self.several(element):
            parts = texts_in(child)
            name = parts.get("Наименование")
            if name:
                included = parts.get("УчтеноВСумме")
                found.append(
                    Tax(
                        name,
                        parts.get("Ставка"),
                        self.quantity(child, parts.get("Сумма")),
                        None if included is None else is_true(included),
                    )
                )
        return tuple(found)

    def product(  # noqa: C901, PLR0912 - one case a field
        self, element: Element, ordinal: int
    ) -> Product:
        """Read Каталог/Товары/Товар."""
        found: dict[str, object] = {}
        pictures: list[str] = []
        identifier = self.identifier(element)
        deleted = element.get("Статус") == DELETED
        for child in element:
            match local(child.tag):
                case "Наименование":
                    found["name"] = self.name(text_of(child))
                case "Артикул":
                    found["article"] = self.name(text_of(child))
                case "Штрихкод":
                    found["barcode"] = self.name(text_of(child))
                case "БазоваяЕдиница":
                    found["unit"] = self.unit(child)
                case "Группы":
                    found["group_ids"] = tuple(
                        self.short(text) for one in self.several(child) if (text := text_of(one))
                    )
                case "Описание":
                    found["description"] = self.long(text_of(child))
                case "Картинка":
                    if text := text_of(child):
                        pictures.append(self.name(text) or text)
                case "Изготовитель":
                    parts = texts_in(child)
                    found["manufacturer"] = Manufacturer(
                        parts.get("Ид"), self.name(parts.get("Наименование"))
                    )
                case "СтавкиНалогов":
                    found["taxes"] = self.taxes(child)
                case "ЗначенияРеквизитов":
                    found["requisites"] = self.requisites(child)
                case "ЗначенияСвойств":
                    found["properties"] = self.property_values(child)
                case "ХарактеристикиТовара":
                    found["characteristics"] = self.requisites(child)
                case "НомерВерсии":
                    found["version"] = self.name(text_of(child))
                case "ПометкаУдаления":
                    deleted = deleted or is_true(child.text)
                case _:
                    pass
        return Product(
            identifier,
            pictures=tuple(pictures),
            deleted=deleted or element.get("ПометкаУдаления") == "true",
            ordinal=ordinal,
            **found,  # type: ignore[arg-type]  # keys and types are set side by side above
        )

    def property(self, element: Element, ordinal: int) -> Property:
        """Read Классификатор/Свойства/Свойство."""
        identifier = self.identifier(element)
        parts = texts_in(element)
        dictionary: list[tuple[str, str]] = []
        for child in element:
            if local(child.tag) != "ВариантыЗначений":
                continue
            for one in child:
                word = texts_in(one)
                key = word.get("ИдЗначения") or word.get("Ид")
                value = word.get("Значение") or word.get("Наименование")
                if key and value:
                    dictionary.append((self.short(key), self.name(value) or value))
        return Property(
            identifier,
            self.name(parts.get("Наименование")) or identifier,
            parts.get("ТипЗначений") or ("Справочник" if dictionary else "Строка"),
            tuple(dictionary),
            for_offers=is_true(parts.get("ДляПредложений"))
            or is_true(parts.get("ДляХарактеристик")),
            deleted=is_true(parts.get("ПометкаУдаления")),
            version=parts.get("НомерВерсии"),
            ordinal=ordinal,
        )

    def price_type(self, element: Element, ordinal: int) -> PriceType:
        """Read ТипыЦен/ТипЦены."""
        identifier = self.identifier(element)
        parts = texts_in(element)
        included = None
        for child in element:
            if local(child.tag) == "Налог" and (told := text_in(child, "УчтеноВСумме")):
                included = is_true(told)
        return PriceType(
            identifier,
            self.name(parts.get("Наименование")) or identifier,
            self.currency(element, parts.get("Валюта")),
            included,
            deleted=is_true(parts.get("ПометкаУдаления")),
            ordinal=ordinal,
        )

    def warehouse(self, element: Element, ordinal: int) -> Warehouse:
        """Read Склады/Склад of a classifier or package."""
        identifier = self.identifier(element)
        parts = texts_in(element)
        address = parts.get("Адрес")
        for child in element:
            if local(child.tag) == "Адрес" and len(child):
                address = text_in(child, "Представление") or address
        return Warehouse(
            identifier,
            self.name(parts.get("Наименование")) or identifier,
            self.name(address),
            deleted=is_true(parts.get("ПометкаУдаления")),
            ordinal=ordinal,
        )

    def unit_record(self, element: Element, ordinal: int) -> Unit:
        """Read ЕдиницыИзмерения/ЕдиницаИзмерения."""
        parts = texts_in(element)
        identifier = parts.get("Ид")
        code = parts.get("Код") or identifier
        if not code:
            raise Unreadable("missing_id", "the element has neither Ид nor Код")
        self._identifier = self.short(code)
        return Unit(
            code=code,
            name=self.name(parts.get("НаименованиеКраткое") or parts.get("Наименование")),
            full_name=self.name(parts.get("НаименованиеПолное")),
            international=self.name(parts.get("МеждународноеСокращение")),
            external_id=identifier,
            deleted=is_true(parts.get("ПометкаУдаления")),
            ordinal=ordinal,
        )
