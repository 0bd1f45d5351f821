"""Offers as pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.runtime.html.formats import format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor
from hansa.surfaces.loyalty_app.words import (
    day_text,
    percent_text,
    points_text,
    times_text,
    translator,
)

VIEW = loyalty.offers.OfferView
REWARD = loyalty.offers.RewardKind
CONDITION = loyalty.offers.ConditionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferShown:
    """An offer on a card: what it gives, what is to be done, how far one is."""

    id: UUID
    title: str
    about: str
    terms: str
    partner: str
    partner_id: UUID
    partner_code: str
    gain: str
    gain_words: str
    task: str
    until: str
    view: str
    can_switch: bool
    done_part: int | None
    done_words: str
    href: str


def show_offer(request: Request, visitor: Visitor, found: loyalty.offers.MemberOffer) -> OfferShown:
    """Put an offer into words."""
    offer, language = found.offer, request.language
    content, now = offer.content, request.received_at
    partner = visitor.coalition.partners.get(offer.partner_id)
    ends_at = content.schedule.ends_at
    done_part, done_words = _progress(request, visitor, found)
    return OfferShown(
        id=offer.id,
        title=pick(content.wording.title, language) or offer.code,
        about=pick(content.wording.text, language) if content.wording.text else "",
        terms=pick(content.wording.terms, language) if content.wording.terms else "",
        partner=pick(partner.name, language) if partner else "",
        partner_id=offer.partner_id,
        partner_code=partner.code if partner else "",
        gain=_gain(content.reward, language),
        gain_words=_gain_words(request, content.reward),
        task=_task(request, visitor, content.condition),
        until=day_text(ends_at, language, visitor.zone, now=now) if ends_at else "",
        view=found.view.value,
        can_switch=content.needs_activation and found.view is not VIEW.DONE,
        done_part=done_part,
        done_words=done_words,
        href=f"/{language}/loyalty/offers/{offer.id}",
    )


def note_shown(request: Request, visitor: Visitor, shown: Sequence[OfferShown]) -> None:
    """Count offers as seen by the member today, but for those that are done."""
    request.context.service(loyalty.offers.Showings).note(
        member_id=visitor.key[1],
        offer_ids=[one.id for one in shown if one.view != VIEW.DONE],
        now=request.received_at,
    )


def _gain(reward: loyalty.offers.Reward, language: str) -> str:
    if reward.kind is REWARD.PERCENT:
        return "+" + percent_text(reward.percent, language)
    if reward.kind is REWARD.MULTIPLIER:
        return times_text(reward.multiplier, language)
    return points_text(reward.points, language)


def _gain_words(request: Request, reward: loyalty.offers.Reward) -> str:
    translate, language = translator(request), request.language
    if reward.kind is REWARD.PERCENT:
        sentence = translate("{percent} more back for {days} days")
        return sentence.format(percent=percent_text(reward.percent, language), days=reward.days)
    if reward.kind is REWARD.MULTIPLIER:
        times = times_text(reward.multiplier, language)
        return translate("{times} points of each purchase that fits").format(times=times)
    return translate("{points} points").format(points=format_number(reward.points, language))


def _task(request: Request, visitor: Visitor, condition: loyalty.offers.Condition) -> str:
    translate = translator(request)
    amount = format_money(
        Money(condition.amount_minor, visitor.programme.currency), request.language
    )
    if condition.kind is CONDITION.VISIT:
        return translate("Come by")
    if condition.kind is CONDITION.ACTION:
        return translate("Do it at the partner, it tells us itself")
    if condition.kind is CONDITION.PURCHASE:
        if not condition.amount_minor:
            return translate("Make a purchase")
        return translate("Make a purchase of {amount} or more").format(amount=amount)
    if not condition.amount_minor:
        sentence = translate("Make {count} purchases within {days} days")
        return sentence.format(count=condition.count, days=condition.days)
    sentence = translate("Make {count} purchases for {amount} within {days} days")
    return sentence.format(count=condition.count, amount=amount, days=condition.days)


def _progress(
    request: Request, visitor: Visitor, found: loyalty.offers.MemberOffer
) -> tuple[int | None, str]:
    """Tell how far a task of several purchases is, in hundredths and in words."""
    condition = found.offer.content.condition
    if condition.kind is not CONDITION.PURCHASES or found.view is not VIEW.ON:
        return None, ""
    translate = translator(request)
    parts = [min(1.0, found.receipts / max(condition.count, 1))]
    words = translate("{done} of {count} purchases").format(
        done=min(found.receipts, condition.count), count=condition.count
    )
    if condition.amount_minor:
        parts.append(min(1.0, found.amount_minor / condition.amount_minor))
        currency = visitor.programme.currency
        words += ", " + translate("{done} of {amount}").format(
            done=format_money(Money(found.amount_minor, currency), request.language),
            amount=format_money(Money(condition.amount_minor, currency), request.language),
        )
    return round(min(parts) * 100), words
