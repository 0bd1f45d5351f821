"""Offers and earning rules in words."""

from typing import Any
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules.loyalty import offers, programmes
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import words


def coalition_of(request: Request) -> programmes.Coalition:
    """Give programmes and partners."""
    return request.context.service(programmes.Directory).coalition


def speech_of(request: Request, programme_id: UUID | None = None) -> offers.Speech:
    """Give the words of the page for what belongs to a programme."""
    programme = coalition_of(request).programmes.get(programme_id) if programme_id else None
    if programme is None:
        return offers.Speech(words(request), request.language)
    return offers.Speech(
        words(request), request.language, currency=programme.currency, zone=programme.time_zone
    )


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
    speech = speech_of(request, rule.programme_id)
    if rule.kind is offers.EffectKind.PERCENT:
        said = speech.percent(rule.value)
        return said if rule.group == offers.GROUP_OF_BASE else f"+{said}"
    if rule.kind is offers.EffectKind.MULTIPLIER:
        return speech.times(rule.value)
    return words(request)("{points} points for each {amount}").format(
        points=speech.number(rule.value), amount=speech.amount(rule.per_minor)
    )


def describe_offer(request: Request, offer: offers.Offer) -> dict[str, Any]:
    """Put an offer into words."""
    speech = speech_of(request, offer.programme_id)
    label, tone = speech.state(offer.state)
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
        "task": speech.task(content),
        "reward": speech.reward(content),
        "when": speech.schedule(content.schedule),
        "audience": speech.audience(content.targeting),
        "limits": speech.limits(content.limits),
        "payer": payer(request, content.issuer, content.issuer_partner_id),
        "budget": speech.number(budget) if budget else "—",
        "needs_activation": content.needs_activation,
        "submitted": speech.moment(offer.submitted_at),
        "submitted_iso": offer.submitted_at.isoformat() if offer.submitted_at else "",
        "refusal": offer.refusal,
        "is_live": offer.is_live,
        "runs_older": offer.is_live
        and offer.state not in {offers.OfferState.APPROVED, offers.OfferState.RUNNING},
        "revision": offer.revision,
        "zone": speech.zone,
    }
