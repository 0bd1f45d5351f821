"""Two groups of members compared: differences with the intervals that hold them. Pure.

Shares: the difference of two proportions with a normal (Wald) interval, and its pooled z test;
NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3. Means: Welch's t interval for unequal
variances with Satterthwaite's degrees of freedom; B. L. Welch, Biometrika 34 (1947), 28-35, and the
e-Handbook, 7.3.1. The quantile of t is expanded from that of the normal distribution as in
Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
MEMBERS_LEAST: Final = 30
"""Below so many in a group nothing is said: the normal approximation would not hold."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sums over the members of a group; who bought nothing counts with nothing.

    `squares` is the sum of the squares of what each member bought for, in minor units.
    """

    members: int = 0
    buyers: int = 0
    receipts: int = 0
    turnover_minor: int = 0
    squares: float = 0.0
    points: int = 0

    def plus(self, other: "Group") -> "Group":
        """Give the sums of both."""
        return Group(
            members=self.members + other.members,
            buyers=self.buyers + other.buyers,
            receipts=self.receipts + other.receipts,
            turnover_minor=self.turnover_minor + other.turnover_minor,
            squares=self.squares + other.squares,
            points=self.points + other.points,
        )

    @property
    def share(self) -> float:
        """The share of members that bought."""
        return self.buyers / self.members if self.members else 0.0

    @property
    def mean(self) -> float:
        """The turnover per member, in minor units."""
        return self.turnover_minor / self.members if self.members else 0.0

    @property
    def variance(self) -> float:
        """The sample variance of the turnover of a member."""
        if self.members <= 1:
            return 0.0
        centred = self.squares - self.members * self.mean**2
        return max(centred, 0.0) / (self.members - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """By how much the first group is above the second, and between what it lies.

    Chance alone would give as large a difference in one of `1 / p_value` cases.
    """

    difference: float
    low: float
    high: float
    p_value: float

    @property
    def is_certain(self) -> bool:
        """Tell whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def compare_shares(treated: Group, control: Group) -> Uplift | None:
    """Compare the shares that bought; None if a group is too small to say."""
    if not _are_enough(treated, control):
        return None
    difference = treated.share - control.share
    spread = sqrt(
        treated.share * (1 - treated.share) / treated.members
        + control.share * (1 - control.share) / control.members
    )
    pooled = (treated.buyers + control.buyers) / (treated.members + control.members)
    error = sqrt(pooled * (1 - pooled) * (1 / treated.members + 1 / control.members))
    reach = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * spread
    return Uplift(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p_value=_two_sided(difference, error),
    )


def compare_means(treated: Group, control: Group) -> Uplift | None:
    """Compare the turnover per member; None if a group is too small to say."""
    if not _are_enough(treated, control):
        return None
    difference = treated.mean - control.mean
    parts = treated.variance / treated.members, control.variance / control.members
    error = sqrt(sum(parts))
    if not error:
        return Uplift(difference=difference, low=difference, high=difference, p_value=1.0)
    freedom = sum(parts) ** 2 / (
        parts[0] ** 2 / (treated.members - 1) + parts[1] ** 2 / (control.members - 1)
    )
    reach = t_quantile((1 + CONFIDENCE) / 2, freedom) * error
    return Uplift(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p_value=_two_sided(difference, error),
    )


def t_quantile(probability: float, freedom: float) -> float:
    """Give the quantile of Student's t with so many degrees of freedom, ten or more."""
    z = _NORMAL.inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))


def _are_enough(treated: Group, control: Group) -> bool:
    return min(treated.members, control.members) >= MEMBERS_LEAST


def _two_sided(difference: float, error: float) -> float:
    return 2 * (1 - _NORMAL.cdf(abs(difference) / error)) if error else 1.0
