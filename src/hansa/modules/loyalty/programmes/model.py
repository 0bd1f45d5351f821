"""Programmes, partners and the terms between them, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

Localised = Mapping[str, str]

PERCENT_ONE = 100
"""Percents are integers of hundredths: 250 is 2.5 %."""
SHARE_WHOLE = 10_000
PROGRAMME_NUMBER_MAX = 999
PARTNER_NUMBER_MAX = 9_999


class SettleAt(StrEnum):
    """When a partner owes for points: when they are issued, or when they are spent elsewhere."""

    ISSUANCE = "issuance"
    REDEMPTION = "redemption"


class Billing(StrEnum):
    """A prepaid partner buys blocks of points before; a postpaid one gets a statement after."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class ReturnPolicy(StrEnum):
    """What happens when points are to be taken back that were spent meanwhile.

    `debt`: the account goes below zero and the next points pay it. `write_off`: the partner bears
    what is missing. `block`: as debt, and nothing can be spent until it is paid.
    """

    DEBT = "debt"
    WRITE_OFF = "write_off"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A kind of points. `point_minor` is what one point is worth at a till, in minor units.

    `percent` of what is paid comes back as points worth so much, in hundredths; a person's own
    percent never exceeds `percent_max`. Points live `lifetime_months` (None: for ever) from the day
    they were earned, to the end of that day in `time_zone`, and can be spent `pending_days` after.
    """

    id: UUID
    number: int
    code: str
    name: Localised
    unit: Localised = field(default_factory=dict)
    currency: str = "RUB"
    point_minor: int = 100
    percent: int = 100
    percent_max: int = 1_500
    lifetime_months: int | None = 12
    pending_days: int = 0
    settle_at: SettleAt = SettleAt.ISSUANCE
    return_policy: ReturnPolicy = ReturnPolicy.DEBT
    time_zone: str = "Europe/Moscow"
    market: str | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A business of the coalition. `category` sorts the directory: `food`, `fuel`, `insurance`."""

    id: UUID
    number: int
    code: str
    name: Localised
    about: Localised = field(default_factory=dict)
    category: str = ""
    picture: str | None = None
    site: str = ""
    is_active: bool = True
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """What a partner has agreed to in a programme; None takes the programme's own terms.

    The partner pays `issue_price` for a point it gives and gets `redeem_price` for one it takes,
    both in minor units of the programme's currency. At most `share_max` (hundredths of percent) of
    a receipt may be paid by points. `alert_points`: least left of a prepaid block, or greatest
    exposure of a postpaid partner, before somebody is told.
    """

    programme_id: UUID
    partner_id: UUID
    earns: bool = True
    spends: bool = True
    billing: Billing = Billing.POSTPAID
    issue_price: Decimal = Decimal(100)
    redeem_price: Decimal = Decimal(100)
    percent: int | None = None
    pending_days: int | None = None
    return_policy: ReturnPolicy | None = None
    share_max: int = SHARE_WHOLE
    alert_points: int | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsVersion:
    """Prices of a partner that held from an instant until another (None: they still do)."""

    partner_id: UUID
    from_at: datetime
    until_at: datetime | None
    billing: Billing
    issue_price: Decimal
    redeem_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A partner in a programme with every default resolved: what a posting needs to know."""

    programme: Programme
    partner: Partner
    participation: Participation

    @property
    def percent(self) -> int:
        """Base percent of a purchase at this partner, in hundredths."""
        own = self.participation.percent
        return self.programme.percent if own is None else own

    @property
    def pending_days(self) -> int:
        """Days until points can be spent."""
        own = self.participation.pending_days
        return self.programme.pending_days if own is None else own

    @property
    def return_policy(self) -> ReturnPolicy:
        """What to do about points that were spent before they are to be taken back."""
        return self.participation.return_policy or self.programme.return_policy

    @property
    def may_earn(self) -> bool:
        """Tell whether this partner gives points."""
        return self._is_on and self.participation.earns

    @property
    def may_spend(self) -> bool:
        """Tell whether this partner takes points."""
        return self._is_on and self.participation.spends

    @property
    def _is_on(self) -> bool:
        return self.programme.is_open and self.partner.is_active and self.participation.is_active


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Everything there is, in memory: programmes, partners, terms; `read_at` is its instant."""

    programmes: Mapping[UUID, Programme]
    partners: Mapping[UUID, Partner]
    terms: Mapping[tuple[UUID, UUID], Terms]
    read_at: datetime
    by_number: Mapping[tuple[UUID, int], Terms] = field(init=False)
    by_partner: Mapping[UUID, tuple[Terms, ...]] = field(init=False)

    def __post_init__(self) -> None:
        numbered = {(key[0], one.partner.number): one for key, one in self.terms.items()}
        agreed: dict[UUID, tuple[Terms, ...]] = {}
        for one in sorted(self.terms.values(), key=lambda one: one.programme.number):
            agreed[one.partner.id] = (*agreed.get(one.partner.id, ()), one)
        object.__setattr__(self, "by_number", numbered)
        object.__setattr__(self, "by_partner", agreed)

    def programme(self, code: str) -> Programme | None:
        """Give a programme by its code."""
        return next((one for one in self.programmes.values() if one.code == code), None)

    def partner(self, code: str) -> Partner | None:
        """Give a partner by its code."""
        return next((one for one in self.partners.values() if one.code == code), None)

    def of(self, programme_id: UUID, partner_id: UUID) -> Terms | None:
        """Give the terms of a partner in a programme."""
        return self.terms.get((programme_id, partner_id))

    def of_number(self, programme_id: UUID, number: int) -> Terms | None:
        """Give the terms of a partner in a programme by the partner's number."""
        return self.by_number.get((programme_id, number))

    def of_partner(self, partner_id: UUID) -> tuple[Terms, ...]:
        """Give the terms of a partner in all its programmes, by the programmes' numbers."""
        return self.by_partner.get(partner_id, ())
