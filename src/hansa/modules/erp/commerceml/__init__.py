"""CommerceML, the format in which 1C speaks to sites: schema 2.03 to 3.1. Pure, no database.

Owns reading (`read`), writing orders (`write_orders`, `write_dictionary`) and the safety of what
arrives (`unpack`, `safe_name`). A row that cannot be read is a `Refusal`, a file that cannot be
read on is `MalformedFile`; memory does not grow with the file.
"""

from hansa.modules.erp.commerceml.archive import (
    ArchiveLimits,
    UnsafeArchive,
    UnsafeName,
    safe_name,
    unpack,
)
from hansa.modules.erp.commerceml.limits import Limits, MalformedFile
from hansa.modules.erp.commerceml.reader import read
from hansa.modules.erp.commerceml.records import (
    DELIVERY_LINE,
    ORDER_OPERATION,
    Counterparty,
    Document,
    DocumentLine,
    FileHeader,
    Group,
    Manufacturer,
    Offer,
    Price,
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
    requisite_key,
)
from hansa.modules.erp.commerceml.writer import (
    BuyerForErp,
    LineForErp,
    OrderForErp,
    PaymentSystem,
    StatusName,
    write_dictionary,
    write_orders,
)

__all__ = [
    "DELIVERY_LINE",
    "ORDER_OPERATION",
    "ArchiveLimits",
    "BuyerForErp",
    "Counterparty",
    "Document",
    "DocumentLine",
    "FileHeader",
    "Group",
    "Limits",
    "LineForErp",
    "MalformedFile",
    "Manufacturer",
    "Offer",
    "OrderForErp",
    "PaymentSystem",
    "Price",
    "PriceType",
    "Product",
    "Property",
    "PropertyValue",
    "Record",
    "Refusal",
    "Requisite",
    "StatusName",
    "Tax",
    "Unit",
    "UnsafeArchive",
    "UnsafeName",
    "Warehouse",
    "is_true",
    "read",
    "requisite_key",
    "safe_name",
    "unpack",
    "write_dictionary",
    "write_orders",
]
