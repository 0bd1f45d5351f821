"""A member's percents as pages show them: what it is, why, until when, how to raise it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor
from hansa.surfaces.loyalty_app.words import day_text, percent_text, translator

REASON = loyalty.offers.ReasonKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonShown:
    """A part of a percent, in words."""

    label: str
    amount: str
    until: str = ""
    href: str = ""
    is_cap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentShown:
    """A percent at a partner, with its reasons."""

    partner: str
    partner_code: str
    percent: str
    hundredths: int
    reasons: tuple[ReasonShown, ...]


def show_percents(
    request: Request, visitor: Visitor, standing: loyalty.offers.Standing
) -> list[PercentShown]:
    """Give the percents at every partner that gives points, the highest first."""
    titles = titles_of(request, visitor)
    shown = [
        show_percent(request, visitor, standing, terms, titles)
        for (programme_id, _), terms in visitor.coalition.terms.items()
        if programme_id == visitor.programme.id and terms.may_earn
    ]
    shown.sort(key=lambda one: (-one.hundredths, one.partner))
    return shown


def show_percent(
    request: Request,
    visitor: Visitor,
    standing: loyalty.offers.Standing,
    terms: loyalty.programmes.Terms,
    titles: Mapping[UUID, str],
) -> PercentShown:
    """Give the percent at a partner with its reasons in words."""
    percent, reasons = loyalty.offers.percent_at(standing, terms, "", request.received_at)
    translate = translator(request)
    tell = _teller(request, visitor, translate, titles)
    return PercentShown(
        partner=pick(terms.partner.name, request.language),
        partner_code=terms.partner.code,
        percent=percent_text(percent, request.language),
        hundredths=percent,
        reasons=tuple(tell(one) for one in reasons),
    )


def titles_of(request: Request, visitor: Visitor) -> dict[UUID, str]:
    """Give what the offers in force are called."""
    rules = request.context.service(loyalty.offers.Rulebook).rules
    return {
        offer.id: pick(offer.content.wording.title, request.language) or offer.code
        for offer in rules.offers_at(visitor.programme.id, request.received_at)
    }


def _teller(
    request: Request,
    visitor: Visitor,
    translate: Callable[[str], str],
    titles: Mapping[UUID, str],
) -> Callable[[loyalty.offers.Reason], ReasonShown]:
    language = request.language

    def until(at: datetime | None) -> str:
        if at is None:
            return ""
        return day_text(at, language, visitor.zone, now=request.received_at)

    def tell(reason: loyalty.offers.Reason) -> ReasonShown:
        amount = percent_text(reason.percent, language)
        if reason.kind is REASON.BASE:
            return ReasonShown(label=translate("Always here"), amount=amount)
        if reason.kind is REASON.CAP:
            return ReasonShown(label=translate("There is no more than"), amount=amount, is_cap=True)
        title = titles.get(reason.offer_id) if reason.offer_id else None
        return ReasonShown(
            label=title or reason.code,
            amount=f"+{amount}",
            until=until(reason.until),
            href=f"/{language}/loyalty/offers/{reason.offer_id}" if title else "",
        )

    return tell
