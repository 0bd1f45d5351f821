"""What a CommerceML file may carry, as plain values.

Every top-level record has an `ordinal`: its place in the file, from one. A reader that was stopped
goes on behind an ordinal. Identifiers are those of the outside system, never ours. Moments are
naive: 1C writes the local time of its machine and does not say which zone that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, Literal

Section = Literal["classifier", "catalog", "offers", "documents"]

ORDER_OPERATION: Final = "Заказ товара"
DELIVERY_LINE: Final = "ORDER_DELIVERY"

_TRUE: Final = frozenset({"true", "1", "да", "истина", "y", "yes"})


@dataclass(frozen=True, slots=True)
class FileHeader:
    """A section of the file begins; it holds for the records that follow.

    `changes_only` is True also when the file does not say: nothing may be switched off on doubt.
    `ordinal` is the number of records before the section.
    """

    section: Section
    schema_version: str
    formed_at: datetime | None
    changes_only: bool
    section_id: str | None = None
    catalog_id: str | None = None
    classifier_id: str | None = None
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of the tree of goods. Parents come before their children."""

    external_id: str
    parent_id: str | None
    name: str
    deleted: bool = False
    version: str | None = None
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Property:
    """An attribute that goods may have; `values` maps the ids of a dictionary to its words."""

    external_id: str
    name: str
    kind: str = "Строка"
    values: tuple[tuple[str, str], ...] = ()
    for_offers: bool = False
    deleted: bool = False
    version: str | None = None
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: `code` is its OKEI number ("796" is a piece)."""

    code: str | None = None
    name: str | None = None
    full_name: str | None = None
    international: str | None = None
    external_id: str | None = None
    deleted: bool = False
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Manufacturer:
    """Who makes the goods."""

    external_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax of goods or of a document; `rate` as written ("20", "Без налога")."""

    name: str
    rate: str | None = None
    amount: Decimal | None = None
    included: bool | None = None


@dataclass(frozen=True, slots=True)
class Requisite:
    """A named value; the same name may come several times."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class PropertyValue:
    """Values of a property; for a dictionary property each is the id of a dictionary value."""

    property_id: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Goods as the catalogue describes them."""

    external_id: str
    name: str | None = None
    article: str | None = None
    barcode: str | None = None
    unit: Unit | None = None
    group_ids: tuple[str, ...] = ()
    description: str | None = None
    pictures: tuple[str, ...] = ()
    manufacturer: Manufacturer | None = None
    taxes: tuple[Tax, ...] = ()
    requisites: tuple[Requisite, ...] = ()
    properties: tuple[PropertyValue, ...] = ()
    characteristics: tuple[Requisite, ...] = ()
    deleted: bool = False
    version: str | None = None
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class PriceType:
    """A price list of the outside system; `currency` is an ISO code or None when not given."""

    external_id: str
    name: str
    currency: str | None = None
    tax_included: bool | None = None
    deleted: bool = False
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A place where stock lies."""

    external_id: str
    name: str
    address: str | None = None
    deleted: bool = False
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Price:
    """A price per unit; `currency` None means that of the price type."""

    type_id: str | None
    amount: Decimal
    currency: str | None = None
    min_quantity: Decimal | None = None
    unit: str | None = None
    factor: Decimal | None = None


Stock = tuple[tuple[str | None, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant with what the file says of its price and stock.

    `stock` is None when the file is silent about stock, otherwise pairs of warehouse id (None: not
    divided by warehouse) and quantity. `quantity` is the total as written, for comparison.
    """

    external_id: str
    product_id: str
    characteristic_id: str | None = None
    name: str | None = None
    article: str | None = None
    barcode: str | None = None
    unit: Unit | None = None
    characteristics: tuple[Requisite, ...] = ()
    prices: tuple[Price, ...] | None = None
    stock: Stock | None = None
    quantity: Decimal | None = None
    properties: tuple[PropertyValue, ...] = ()
    pictures: tuple[str, ...] = ()
    requisites: tuple[Requisite, ...] = ()
    deleted: bool = False
    version: str | None = None
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A person or organisation of a document, or of a contragents file."""

    external_id: str | None
    name: str | None = None
    role: str | None = None
    full_name: str | None = None
    last_name: str | None = None
    first_name: str | None = None
    inn: str | None = None
    kpp: str | None = None
    address: str | None = None
    contacts: tuple[Requisite, ...] = ()
    deleted: bool = False
    ordinal: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """Goods or a service in a document."""

    product_id: str | None
    name: str | None
    price: Decimal | None
    quantity: Decimal | None
    total: Decimal | None
    article: str | None = None
    catalog_id: str | None = None
    unit: Unit | None = None
    factor: Decimal | None = None
    action: str | None = None
    warehouse_ids: tuple[str, ...] = ()
    requisites: tuple[Requisite, ...] = ()

    @property
    def is_delivery(self) -> bool:
        """Say whether the line is the fee for delivery, not goods."""
        return self.product_id == DELIVERY_LINE


@dataclass(frozen=True, slots=True)
class Document:
    """An order, shipment, return or payment; either way between site and 1C.

    `container` numbers the `Контейнер` around it, from one; None when there is none. Documents that
    hang on this one (`ПодчиненныйДокумент`) are in `children`.
    """

    external_id: str | None
    number: str | None
    issued_on: date | None = None
    issued_time: time | None = None
    operation: str | None = None
    role: str | None = None
    currency: str | None = None
    rate: Decimal | None = None
    total: Decimal | None = None
    number_1c: str | None = None
    date_1c: datetime | None = None
    comment: str | None = None
    counterparties: tuple[Counterparty, ...] = ()
    warehouses: tuple[tuple[str | None, str | None], ...] = ()
    taxes: tuple[Tax, ...] = ()
    lines: tuple[DocumentLine, ...] = ()
    requisites: tuple[Requisite, ...] = ()
    children: tuple["Document", ...] = ()
    based_on: str | None = None
    deleted: bool = False
    version: str | None = None
    container: int | None = None
    ordinal: int = field(default=0, compare=False)

    def requisite(self, name: str) -> str | None:
        """Give the requisite of that name; blanks and letter case in names do not count."""
        wanted = requisite_key(name)
        for one in self.requisites:
            if requisite_key(one.name) == wanted:
                return one.value
        return None

    def flag(self, name: str) -> bool | None:
        """Give a requisite read as yes or no; None when it is absent or empty."""
        value = self.requisite(name)
        return is_true(value) if value else None

    def walk(self) -> Iterator["Document"]:
        """Give this document and all that hang on it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row, or a part of one, that cannot be read; the rest of the file is.

    `where` is the element's path, `identifier` the outside id when known, `code` stable for
    programs, `reason` an English sentence, `line` of the file. `ordinal` is that of the record it
    belongs to: the record itself is missing when `whole` is True.
    """

    where: str
    identifier: str | None
    code: str
    reason: str
    line: int
    whole: bool = True
    ordinal: int = field(default=0, compare=False)


Record = (
    FileHeader
    | Group
    | Property
    | Unit
    | Product
    | PriceType
    | Warehouse
    | Offer
    | Counterparty
    | Document
)


def requisite_key(name: str) -> str:
    """Fold a requisite's name: 1C writes both "СтатусЗаказа" and "Статус заказа"."""
    return "".join(name.split()).casefold()


def is_true(text: str | None) -> bool:
    """Read a yes or no as 1C spells them; anything else is no."""
    return text is not None and text.strip().casefold() in _TRUE
