"""A market: whom we sell to, in which money, tax and words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hansa.kernel.text import Localised


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A country or group of buyers sold to in one currency.

    `code` is also the code of its stock channel. `tax_rate` is a share (0.2 is 20 %), `country` and
    `phone_region` are ISO 3166 codes, `time_zone` an IANA name. `legal_entity` holds what documents
    print of the seller (name, inn, kpp, ogrn, address).
    """

    code: str
    name: Localised
    currency: str
    country: str
    languages: tuple[str, ...]
    default_language: str
    tax_rate: Decimal
    prices_include_tax: bool
    phone_region: str
    time_zone: str
    legal_entity: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = True
    position: int = 0
