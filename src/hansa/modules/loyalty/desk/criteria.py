"""Who belongs to a segment, as values: every filter that is not set lets everybody through."""

import re
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid

RANDOM_BUCKETS = 10_000
DAYS_MAX = 3650
PERCENT_MAX = 10_000
POINTS_MAX = 10**12

_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(eq=False)
class CriteriaInvalid(Invalid):
    """A filter of a segment is no such thing; `field` says which."""

    code: ClassVar[str] = "loyalty.criteria_invalid"
    message: ClassVar[str] = "This segment cannot be saved: {field} is not right."

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Filters of a segment; all that are set must hold.

    A balance is what was earned and not spent; `expiring_min` of it at least go within
    `expiring_days`. Active is whoever had a receipt. `partner_id` has sold them something ever.
    `percent_min` is a member's percent for all goods, in hundredths, at least. `offer_id` is
    switched on. `random_from` to `random_until` (exclusive) are of 10,000 buckets, in which a
    member stays for ever; experiments take some of them.
    """

    language: str | None = None
    joined_within_days: int | None = None
    balance_min: int | None = None
    balance_max: int | None = None
    expiring_days: int | None = None
    expiring_min: int | None = None
    active_within_days: int | None = None
    inactive_for_days: int | None = None
    partner_id: UUID | None = None
    percent_min: int | None = None
    offer_id: UUID | None = None
    random_from: int | None = None
    random_until: int | None = None


def check_criteria(criteria: Criteria) -> None:
    """See that filters can hold.

    Raises:
        CriteriaInvalid: one is no such thing.
    """
    if criteria.language is not None and not _LANGUAGE.fullmatch(criteria.language):
        raise CriteriaInvalid("language")
    for field in (
        "joined_within_days", "expiring_days", "active_within_days", "inactive_for_days"
    ):  # fmt: skip
        _check_range(field, getattr(criteria, field), 1, DAYS_MAX)
    for field in ("balance_min", "balance_max", "expiring_min"):
        _check_range(field, getattr(criteria, field), -POINTS_MAX, POINTS_MAX)
    if criteria.expiring_min is not None and criteria.expiring_days is None:
        raise CriteriaInvalid("expiring_days")
    _check_order("balance_max", criteria.balance_min, criteria.balance_max)
    _check_range("percent_min", criteria.percent_min, 0, PERCENT_MAX)
    _check_range("random_from", criteria.random_from, 0, RANDOM_BUCKETS)
    _check_range("random_until", criteria.random_until, 0, RANDOM_BUCKETS)
    _check_order("random_until", criteria.random_from, criteria.random_until)


def _check_range(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise CriteriaInvalid(field)


def _check_order(field: str, low: int | None, high: int | None) -> None:
    if low is not None and high is not None and low > high:
        raise CriteriaInvalid(field)
