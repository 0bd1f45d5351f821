"""What a receipt would earn, and why: nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.offers.audiences import AudiencesOf
from hansa.modules.loyalty.offers.earning import evaluate
from hansa.modules.loyalty.offers.model import EarningRule, LiveOffer
from hansa.modules.loyalty.offers.purchases import Evaluation, NetLine, Purchase
from hansa.modules.loyalty.offers.rules import RuleSet
from hansa.modules.loyalty.offers.standing import NOTHING, Reason, Standing, percent_at
from hansa.modules.loyalty.offers.standings import load_standings
from hansa.modules.loyalty.programmes import Terms
from hansa.runtime.database import Snapshot

SOMEBODY = UUID(int=0)
"""Stands for a member of whom nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a receipt would earn, and the member's percent for each line with its reasons."""

    evaluation: Evaluation
    percents: tuple[tuple[int, tuple[Reason, ...]], ...]


async def preview(
    snap: Snapshot,
    *,
    rules: RuleSet,
    terms: Terms,
    lines: Sequence[NetLine],
    member_id: UUID | None = None,
    audiences: AudiencesOf | None = None,
    at: datetime,
) -> Preview:
    """Say what a receipt of an instant would earn a member, or somebody of whom nothing is known.

    Try rules that are not in force yet with `with_drafts`.
    """
    standing = NOTHING
    if member_id is not None:
        key = terms.programme.id, member_id
        standing = (await load_standings(snap, members=[key], audiences=audiences))[key]
    return preview_of(rules, terms, lines, standing, member_id or SOMEBODY, at)


def preview_of(  # noqa: PLR0917 - what a receipt is judged by
    rules: RuleSet,
    terms: Terms,
    lines: Sequence[NetLine],
    standing: Standing,
    member_id: UUID,
    at: datetime,
) -> Preview:
    """Say what a receipt would earn whoever has such a standing."""
    purchase = Purchase(key="preview", member_id=member_id, happened_at=at, lines=lines)
    return Preview(
        evaluation=evaluate(rules, terms=terms, purchase=purchase, standing=standing),
        percents=tuple(percent_at(standing, terms, line.category, at) for line in lines),
    )


def with_drafts(
    rules: RuleSet,
    *,
    drafts: Sequence[EarningRule] = (),
    offers: Sequence[LiveOffer] = (),
    without: Sequence[UUID] = (),
) -> RuleSet:
    """Give the rules as they would be with some more, or with a new version of some."""
    replaced = {*(one.id for one in drafts), *(one.id for one in offers), *without}
    return RuleSet(
        [*(one for one in rules.rules if one.id not in replaced), *drafts],
        [*(one for one in rules.offers if one.id not in replaced), *offers],
        budgets=rules.budgets,
        revision=rules.revision,
    )
