"""The partner's own offers: where each stands, what it costs and brings; sent, paused, ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.modules.loyalty.offers import Act, BudgetState, Offer, OfferState, Results, Speech
from hansa.runtime.html import Form, Page, first_shown
from hansa.runtime.html.formats import format_day
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    Person,
    at,
    coalition_of,
    done,
    home,
    person,
    show,
    words,
)

HOME: Final = "/offers"
PAGE_OFFERS: Final = 20
RESULT_DAYS: Final = 366
CHART_DAYS: Final = 30
_CURSOR = "partner.offers"
_ALL = "all"
LISTS: Final[Mapping[str, tuple[str, frozenset[OfferState]]]] = {
    _ALL: ("All", frozenset(OfferState)),
    "drafts": ("Drafts", frozenset({OfferState.DRAFT, OfferState.REFUSED})),
    "review": ("In moderation", frozenset({OfferState.IN_REVIEW})),
    "running": ("Running", frozenset({OfferState.APPROVED, OfferState.RUNNING})),
    "paused": ("Paused", frozenset({OfferState.PAUSED})),
    "ended": ("Ended", frozenset({OfferState.ENDED})),
}
"""Lists of offers: what each is called and the states of its offers; together they are all."""
_IN_FORCE = frozenset({OfferState.APPROVED, OfferState.RUNNING})


@get(at(HOME))
async def list_offers(request: Request) -> Page:
    """Show offers of a list, the newest first, with what they cost and brought in a year."""
    who = person(request)
    asked = request.query_params.get("list", "")
    chosen = asked if asked in LISTS else _ALL
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        counts = await loyalty.offers.count_by_state(snap, partner_id=who.partner.id)
        found = await loyalty.offers.list_offers(
            snap,
            partner_id=who.partner.id,
            states=LISTS[chosen][1],
            before=after,
            limit=PAGE_OFFERS + 1,
        )
        shown, cursor = request.page_of(
            found, limit=PAGE_OFFERS, of=_CURSOR, key=lambda one: (one.created_at, one.id)
        )
        ids = [one.id for one in shown]
        results = await loyalty.offers.read_results(snap, offer_ids=ids, since=_since(request))
        budgets = await loyalty.offers.get_budgets(snap, campaign_ids=ids)
    path = f"{request.visit.path}?list={chosen}"
    return show(
        request,
        who,
        "offers.html",
        tabs=_tabs(request, chosen, counts),
        has_any=bool(counts),
        rows=[
            describe(request, one)
            | _figures(request, one, results.get(one.id, Results()))
            | {"spent": _spent(speech_of(request, one), budgets.get(one.id))}
            for one in shown
        ],
        first_url=path if after else None,
        next_url=f"{path}&after={cursor}" if cursor else None,
        may_write=bool(coalition_of(request).of_partner(who.partner.id)),
    )


def _tabs(request: Request, chosen: str, counts: Mapping[OfferState, int]) -> list[dict[str, Any]]:
    translate = words(request)
    return [
        {
            "label": translate(label),
            "href": home(request, f"{HOME}?list={name}"),
            "count": sum(counts.get(state, 0) for state in states),
            "current": name == chosen,
        }
        for name, (label, states) in LISTS.items()
    ]


@get(at(HOME + "/{offer_id:uuid}"))
async def show_offer(request: Request, offer_id: FromPath[UUID]) -> Page:
    """Show an offer, how it goes, and what can be done with it."""
    return await _page(request, person(request), offer_id, first_shown(request))


@post(at(HOME + "/{offer_id:uuid}/submit"))
async def submit(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """Ask the programme's staff to approve it."""
    return await _move(request, person(request), offer_id, Act.SUBMIT, "submitted")


@post(at(HOME + "/{offer_id:uuid}/pause"))
async def pause(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """Take it out of force for a while."""
    return await _move(request, person(request), offer_id, Act.PAUSE, "paused")


@post(at(HOME + "/{offer_id:uuid}/resume"))
async def resume(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """Put it back into force as it was approved."""
    return await _move(request, person(request), offer_id, Act.RESUME, "resumed")


@post(at(HOME + "/{offer_id:uuid}/end"))
async def end(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """End it for good."""
    return await _move(request, person(request), offer_id, Act.END, "ended")


async def _move(
    request: Request, who: Person, offer_id: UUID, act: Act, notice: str
) -> Response[None] | Page:
    try:
        async with request.transaction() as tx:
            await loyalty.offers.move_offer(
                tx,
                offer_id=offer_id,
                act=act,
                partner_id=who.partner.id,
                by=who.actor,
                now=request.received_at,
            )
    except (loyalty.offers.OfferStateWrong, loyalty.offers.BudgetTooSmall) as refusal:
        return await _refused(request, who, offer_id, refusal)
    await request.context.service(loyalty.offers.Rulebook).refresh()
    return done(request, f"{HOME}/{offer_id}", notice)


async def _refused(request: Request, who: Person, offer_id: UUID, refusal: HansaError) -> Page:
    form = first_shown(request)
    form.add(WHOLE, refusal)
    return await _page(request, who, offer_id, form, status_code=409)


async def _page(
    request: Request, who: Person, offer_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        offer = await loyalty.offers.get_offer(snap, offer_id=offer_id, partner_id=who.partner.id)
        days = await loyalty.offers.read_results_by_day(
            snap, offer_id=offer_id, since=_since(request)
        )
        budget = (await loyalty.offers.get_budgets(snap, campaign_ids=[offer_id])).get(offer_id)
        targeting = offer.content.targeting
        is_lost = await loyalty.offers.names_nobody(snap, targeting=targeting)
    speech = speech_of(request, offer)
    since = (request.received_at - timedelta(days=CHART_DAYS)).date()
    charted = [(day, one) for day, one in days if day >= since]
    return show(
        request,
        who,
        "offer.html",
        status_code=status_code,
        form=form,
        offer=describe(request, offer) | _figures(request, offer, _sum([one for _, one in days])),
        acts={act.value: offer.allows(act) for act in Act},
        facts=_facts(request, offer, speech),
        lost_audience=targeting.audience if is_lost else "",
        budget=None
        if budget is None or offer.content.budget_points is None
        else {"spent": budget.spent, "total": budget.total, "note": _spent(speech, budget)},
        chart={
            "labels": [format_day(day, request.language) for day, _ in charted],
            "switched_on": [one.switched_on for _, one in charted],
            "completed": [one.completed for _, one in charted],
        },
    )


def speech_of(request: Request, offer: Offer) -> Speech:
    """Give the words of the page for the programme of an offer."""
    programme = coalition_of(request).programmes[offer.programme_id]
    return Speech(
        words(request), request.language, currency=programme.currency, zone=programme.time_zone
    )


def describe(request: Request, offer: Offer) -> dict[str, Any]:
    """Put an offer into words."""
    speech, language = speech_of(request, offer), request.language
    wording = offer.content.wording
    label, tone = speech.state(offer.state)
    return {
        "url": home(request, f"{HOME}/{offer.id}"),
        "title": pick(wording.title, language) or offer.code,
        "code": offer.code,
        "programme": pick(coalition_of(request).programmes[offer.programme_id].name, language),
        "text": pick(wording.text, language),
        "terms": pick(wording.terms, language),
        "state": label,
        "tone": tone,
        "is_draft": offer.state is OfferState.DRAFT,
        "when": speech.schedule(offer.content.schedule),
        "refusal": offer.refusal,
        "runs_older": offer.is_live and offer.state not in _IN_FORCE,
    }


def _figures(request: Request, offer: Offer, results: Results) -> dict[str, str]:
    speech = speech_of(request, offer)
    return {
        "shown": speech.number(results.shown),
        "switched_on": speech.number(results.switched_on),
        "completed": speech.number(results.completed),
        "points": speech.number(results.points),
        "turnover": speech.amount(results.amount_minor),
    } | speech.shares(results)


def _facts(request: Request, offer: Offer, speech: Speech) -> list[tuple[str, str]]:
    translate, content = words(request), offer.content
    activation = (
        translate("the member switches it on")
        if content.needs_activation
        else translate("by itself")
    )
    return [
        (translate("Task"), speech.task(content)),
        (translate("Reward"), speech.reward(content)),
        (translate("How it begins"), activation),
        (translate("When"), speech.schedule(content.schedule)),
        (translate("For whom"), speech.audience(content.targeting)),
        (translate("Limits"), speech.limits(content.limits)),
        (translate("Budget, points"), speech.number(content.budget_points) or "—"),
    ]


def _spent(speech: Speech, budget: BudgetState | None) -> str:
    if budget is None:
        return "—"
    return f"{speech.number(budget.spent)} / {speech.number(budget.total)}"


def _sum(results: Sequence[Results]) -> Results:
    return Results(*(sum(column) for column in zip(*results, strict=True)))


def _since(request: Request) -> Any:
    return (request.received_at - timedelta(days=RESULT_DAYS)).date()


ROUTES = (list_offers, show_offer, submit, pause, resume, end)
