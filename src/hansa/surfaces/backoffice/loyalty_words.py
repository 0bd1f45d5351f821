"""Offers and earning rules in words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules.loyalty import offers, programmes
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import words

HUNDREDTHS = Decimal(100)
STATES: Mapping[offers.OfferState, tuple[str, str]] = {
    offers.OfferState.DRAFT: ("draft", ""),
    offers.OfferState.IN_REVIEW: ("waits for review", "warn"),
    offers.OfferState.APPROVED: ("approved", "good"),
    offers.OfferState.REFUSED: ("refused", "bad"),
    offers.OfferState.RUNNING: ("running", "good"),
    offers.OfferState.PAUSED: ("paused", "warn"),
    offers.OfferState.ENDED: ("ended", ""),
}
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def coalition_of(request: Request) -> programmes.Coalition:
    """Give programmes and partners."""
    return request.context.service(programmes.Directory).coalition


def percent(request: Request, hundredths: int) -> str:
    """Write a percent: `2,5 %`."""
    number = format_number(Decimal(hundredths) / HUNDREDTHS, request.language)
    return f"{number}\u00a0%" if request.language == "ru" else f"{number}%"


def amount(request: Request, minor: int, programme: programmes.Programme | None) -> str:
    """Write an amount in the currency of a programme."""
    currency = programme.currency if programme else "RUB"
    return format_money(Money(minor, currency), request.language)


def state_of(request: Request, state: offers.OfferState) -> tuple[str, str]:
    """Give a state in words, and its tone."""
    label, tone = STATES[state]
    return words(request)(label), tone


def partner_name(request: Request, partner_id: UUID | None) -> str:
    """Name a partner; None is everybody."""
    if partner_id is None:
        return words(request)("all partners")
    partner = coalition_of(request).partners.get(partner_id)
    return pick(partner.name, request.language) if partner else str(partner_id)


def programme_name(request: Request, programme_id: UUID) -> str:
    """Name a programme."""
    programme = coalition_of(request).programmes.get(programme_id)
    return pick(programme.name, request.language) if programme else str(programme_id)


def task(request: Request, content: offers.OfferContent, programme_id: UUID) -> str:
    """Say what a member is to do."""
    translate = words(request)
    programme = coalition_of(request).programmes.get(programme_id)
    condition = content.condition
    least = amount(request, condition.amount_minor, programme)
    if condition.kind is offers.ConditionKind.ACTION:
        said = translate("do “{code}”").format(code=condition.code)
    elif condition.kind is offers.ConditionKind.VISIT:
        said = translate("come: “{code}”").format(code=condition.code)
    elif condition.kind is offers.ConditionKind.PURCHASE:
        said = (
            translate("buy for {amount} or more").format(amount=least)
            if condition.amount_minor
            else translate("buy anything")
        )
    else:
        said = translate("buy {count} times for {amount} in {days} days").format(
            count=condition.count, amount=least, days=condition.days
        )
    if condition.categories:
        said += f" ({', '.join(condition.categories)})"
    return said


def reward(request: Request, content: offers.OfferContent) -> str:
    """Say what it gives."""
    translate = words(request)
    given = content.reward
    if given.kind is offers.RewardKind.PERCENT:
        where = given.category or translate("everything")
        return translate("+{percent} for {where}, {days} days").format(
            percent=percent(request, given.percent), where=where, days=given.days
        )
    if given.kind is offers.RewardKind.POINTS:
        return translate("{points} points").format(
            points=format_number(given.points, request.language)
        )
    return translate("{times} times the points").format(
        times=format_number(Decimal(given.multiplier) / HUNDREDTHS, request.language)
    )


def schedule(request: Request, held: offers.Schedule, zone: str) -> str:
    """Say when it holds."""
    translate = words(request)
    parts = []
    if held.starts_at is not None or held.ends_at is not None:
        starts = format_moment(held.starts_at, request.language, zone) or "…"
        ends = format_moment(held.ends_at, request.language, zone) or "…"
        parts.append(f"{starts} – {ends}")
    if held.weekdays:
        parts.append(", ".join(translate(WEEKDAYS[day - 1]) for day in sorted(held.weekdays)))
    if held.from_minute or held.until_minute != 24 * 60:
        parts.append(f"{_clock(held.from_minute)}–{_clock(held.until_minute)}")
    return " · ".join(parts) or translate("always")


def audience(request: Request, held: offers.Targeting) -> str:
    """Say for whom it is."""
    translate = words(request)
    parts = []
    if held.audience:
        parts.append(translate("audience “{name}”").format(name=held.audience))
    if held.segment_until - held.segment_from < offers.WHOLE:
        parts.append(
            translate("segments {first} to {last}").format(
                first=held.segment_from, last=held.segment_until - 1
            )
        )
    if held.share < offers.WHOLE:
        parts.append(translate("{share} of members").format(share=percent(request, held.share)))
    if held.new_member_days is not None:
        parts.append(
            translate("enrolled at most {days} days ago").format(days=held.new_member_days)
        )
    return ", ".join(parts) or translate("everybody")


def limits(request: Request, held: offers.Limits) -> str:
    """Say how often it can be used."""
    translate = words(request)
    parts = [
        translate(text).format(count=format_number(count, request.language))
        for text, count in (
            ("{count} per member", held.per_member),
            ("{count} in all", held.total),
            ("{count} per day", held.per_day),
        )
        if count is not None
    ]
    return ", ".join(parts) or translate("no limit")


def payer(request: Request, issuer: offers.Issuer, partner_id: UUID | None) -> str:
    """Say who pays for the points."""
    translate = words(request)
    if issuer is offers.Issuer.PROGRAMME:
        return translate("the programme")
    if issuer is offers.Issuer.OTHER:
        return partner_name(request, partner_id)
    return translate("the partner itself")


def effect(request: Request, rule: offers.EarningRule) -> str:
    """Say what a rule gives."""
    translate = words(request)
    programme = coalition_of(request).programmes.get(rule.programme_id)
    if rule.kind is offers.EffectKind.PERCENT:
        said = percent(request, rule.value)
        return said if rule.group == offers.GROUP_OF_BASE else f"+{said}"
    if rule.kind is offers.EffectKind.MULTIPLIER:
        return translate("{times} times the points").format(
            times=format_number(Decimal(rule.value) / HUNDREDTHS, request.language)
        )
    return translate("{points} points for each {amount}").format(
        points=format_number(rule.value, request.language),
        amount=amount(request, rule.per_minor, programme),
    )


def describe_offer(request: Request, offer: offers.Offer) -> dict[str, Any]:
    """Put an offer into words."""
    label, tone = state_of(request, offer.state)
    programme = coalition_of(request).programmes.get(offer.programme_id)
    zone = programme.time_zone if programme else "UTC"
    content = offer.content
    budget = content.budget_points
    return {
        "id": offer.id,
        "url": f"/office/loyalty/offers/{offer.id}",
        "title": pick(content.wording.title, request.language) or offer.code,
        "text": pick(content.wording.text, request.language),
        "terms": pick(content.wording.terms, request.language),
        "code": offer.code,
        "partner": partner_name(request, offer.partner_id),
        "programme": programme_name(request, offer.programme_id),
        "state": label,
        "tone": tone,
        "task": task(request, content, offer.programme_id),
        "reward": reward(request, content),
        "when": schedule(request, content.schedule, zone),
        "audience": audience(request, content.targeting),
        "limits": limits(request, content.limits),
        "payer": payer(request, content.issuer, content.issuer_partner_id),
        "budget": format_number(budget, request.language) if budget else "—",
        "needs_activation": content.needs_activation,
        "submitted": format_moment(offer.submitted_at, request.language, zone),
        "submitted_iso": offer.submitted_at.isoformat() if offer.submitted_at else "",
        "refusal": offer.refusal,
        "is_live": offer.is_live,
        "runs_older": offer.is_live
        and offer.state not in {offers.OfferState.APPROVED, offers.OfferState.RUNNING},
        "revision": offer.revision,
        "zone": zone,
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
