"""Lines of the history as pages show them: what happened, at whom, how many points."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import ledger, loyalty
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor
from hansa.surfaces.loyalty_app.words import (
    ICONS,
    KINDS,
    clock_text,
    day_text,
    points_text,
    translator,
)

REWARD_REFERENCE = "reward:"
LATE = timedelta(days=1)
"""What we hear of later says its own day; lines stand in the order in which they were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """A line of the history."""

    title: str
    note: str
    when: str
    points: str
    is_plus: bool
    icon: str
    href: str


def show_line(
    request: Request,
    visitor: Visitor,
    entry: ledger.HistoryEntry,
    titles: Mapping[UUID, str],
) -> LineShown:
    """Put a line into words."""
    translate, language = translator(request), request.language
    what = translate(KINDS.get(entry.kind, "Points"))
    who = partner_name(request, visitor, entry.owner)
    task = titles.get(_identifier(entry.reference)) if entry.kind == "accrual" else None
    if task is not None:
        what, who = translate("For a task"), task
    elif entry.reference.startswith(REWARD_REFERENCE):
        what = translate("Reward")
    if entry.recorded_at - entry.effective_at > LATE:
        day = day_text(entry.effective_at, language, visitor.zone)
        what = translate("{what} of {day}").format(what=what, day=day)
    icon = ICONS.get(entry.kind, "gift")
    return LineShown(
        title=who,
        note=what,
        when=clock_text(entry.recorded_at, language, visitor.zone),
        points=points_text(entry.amount, language),
        is_plus=entry.amount > 0,
        icon="gift" if entry.reference.startswith(REWARD_REFERENCE) else icon,
        href=f"/{language}/loyalty/history/{entry.posting_id}",
    )


def partner_name(request: Request, visitor: Visitor, owner: UUID) -> str:
    """Give what a partner is called; we ourselves are called as the programme."""
    partner = visitor.coalition.partners.get(owner)
    return pick(partner.name if partner else visitor.programme.name, request.language)


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return loyalty.points.HOUSE
