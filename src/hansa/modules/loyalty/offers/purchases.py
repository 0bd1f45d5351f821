"""What goes into the count of a receipt, and what comes out of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.programmes import Terms


class NetLine(NamedTuple):
    """What is left of a line after returns, in minor units."""

    line: int
    amount_minor: int
    category: str = ""


class Basis(NamedTuple):
    """The percents agreed when a receipt was first counted; kept with it for later counts."""

    percent: int
    percent_max: int

    @classmethod
    def of(cls, terms: Terms) -> "Basis":
        """Take what is agreed now."""
        return cls(terms.percent, terms.programme.percent_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A receipt of a partner with what was not returned; `key` is its number there.

    `basis` None takes the percents agreed now.
    """

    key: str
    member_id: UUID
    happened_at: datetime
    lines: Sequence[NetLine]
    basis: Basis | None = None


class Award(NamedTuple):
    """Points of one payer for one reason. No issuer is the programme; a campaign may be limited."""

    points: int
    issuer_partner_id: UUID | None
    campaign_id: UUID | None
    reason: str


class EarnedLine(NamedTuple):
    """What a line earned; `percent` in hundredths, `campaign_id` the first offer that raised it."""

    line: int
    points: int
    percent: int
    reason: str
    campaign_id: UUID | None


class Completion(NamedTuple):
    """That a member did at an instant what an offer asks for (of `purchases`: a part of it).

    `key` is unique within the offer and member: a receipt, or the partner's key of an action.
    """

    member_id: UUID
    programme_id: UUID
    offer_id: UUID
    at: datetime
    key: str
    amount_minor: int = 0


class Use(NamedTuple):
    """That a receipt earned by an offer: how often, how many points, of what amount.

    Of a receipt counted again these are differences. `limit` is how often a member may.
    """

    member_id: UUID
    programme_id: UUID
    offer_id: UUID
    at: datetime
    key: str
    times: int
    points: int
    amount_minor: int
    limit: int | None = None


class Evaluation(NamedTuple):
    """What a receipt earns: by line, by payer, with the tasks it completes and the offers used."""

    lines: tuple[EarnedLine, ...]
    awards: tuple[Award, ...]
    completions: tuple[Completion, ...]
    uses: tuple[Use, ...]

    @property
    def points(self) -> int:
        """All points."""
        return sum(award.points for award in self.awards)


def uses_between(before: Iterable[Use], after: Iterable[Use]) -> tuple[Use, ...]:
    """Give what is to be recorded when a receipt counted before is counted again."""
    found: dict[UUID, Use] = {
        one.offer_id: one._replace(
            times=-one.times, points=-one.points, amount_minor=-one.amount_minor
        )
        for one in before
    }
    for one in after:
        gone = found.get(one.offer_id)
        if gone is None:
            found[one.offer_id] = one
        else:
            found[one.offer_id] = one._replace(
                times=one.times + gone.times,
                points=one.points + gone.points,
                amount_minor=one.amount_minor + gone.amount_minor,
            )
    return tuple(one for one in found.values() if one.times or one.points or one.amount_minor)
