"""Offers of loyalty: what waits for review, what runs, one offer with how it goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import rollout
from hansa.modules.loyalty import desk, offers
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_day, format_moment, format_number
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice.loyalty_comparison import comparison_shown
from hansa.surfaces.backoffice.loyalty_words import describe_offer, speech_of
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    names_of,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/loyalty/offers"
_CURSOR = "office.loyalty.offers"
RESULT_DAYS = 30
AUDIENCES_SHOWN = 200
EVERYBODY = "*"  # in the form, where an empty field means that it was left out
_Reason = Annotated[str, msgspec.Meta(max_length=1_000)]


class DecisionFields(msgspec.Struct):
    """What a reviewer decides about the revision they have seen."""

    action: Annotated[str, msgspec.Meta(pattern="^(approve|aim|refuse|pause|resume|end)$")]
    revision: Annotated[int, msgspec.Meta(ge=1)] = 1
    reason: _Reason = ""
    control_percent: Annotated[float, msgspec.Meta(ge=0, le=50)] | None = None
    audience: Annotated[str, msgspec.Meta(max_length=64)] | None = None  # a code, or EVERYBODY


@get(HOME)
async def list_offers(request: Request) -> Page:
    """Show what waits for review, or all offers in a state, the newest first."""
    staff(request, "loyalty.view")
    wanted = asked(request, "state")
    if wanted not in {"all", *(one.value for one in offers.OfferState)}:
        wanted = offers.OfferState.IN_REVIEW.value
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    in_review = wanted == offers.OfferState.IN_REVIEW
    async with request.snapshot() as snap:
        counts = await offers.count_by_state(snap)
        if in_review:
            shown, cursor = await offers.list_review(snap), None
        else:
            found = await offers.list_offers(
                snap,
                states=[] if wanted == "all" else [offers.OfferState(wanted)],
                before=after,
                limit=PAGE_ROWS + 1,
            )
            shown, cursor = request.page_of(
                found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.created_at, one.id)
            )
    return show(
        request,
        "loyalty_offers.html",
        tabs=_tabs(request, wanted, counts),
        rows=[describe_offer(request, one) for one in shown],
        in_review=in_review,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/{offer_id:uuid}")
async def show_offer(request: Request, offer_id: FromPath[UUID]) -> Page:
    """Show an offer, how it goes, and what can be done with it."""
    staff(request, "loyalty.view")
    return await _page(request, offer_id, Form(request=request))


@post(HOME + "/{offer_id:uuid}")
async def decide(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """Approve, refuse, pause, resume or end an offer, or say whom it is for."""
    by = staff(request, "loyalty.approve")
    form = await read_form(request, DecisionFields)
    typed = form.value
    if typed is not None and (missing := _missing(typed)) is not None:
        form.add(missing, "This field is required.")
        typed = None
    if typed is not None:
        try:
            async with request.transaction() as tx:
                await _decide(tx, offer_id, typed, by=by, now=request.received_at)
        except HansaError as refusal:
            form.add("", refusal)
        else:
            await request.context.service(offers.Rulebook).refresh()
            return done(request, f"{HOME}/{offer_id}")
    return await _page(request, offer_id, form, status_code=422)


def _missing(typed: DecisionFields) -> str | None:
    """Give the field without which it cannot be done."""
    if typed.action == "refuse" and not typed.reason.strip():
        return "reason"
    if typed.action == "aim" and typed.control_percent is None:
        return "control_percent"
    return None


async def _decide(
    tx: Transaction, offer_id: UUID, typed: DecisionFields, *, by: Actor, now: datetime
) -> None:
    control = _control(typed)
    if typed.action == "approve":
        await offers.approve_offer(
            tx,
            offer_id=offer_id,
            revision=typed.revision,
            control=control,
            audience=_audience(typed),
            by=by,
            now=now,
        )
    elif typed.action == "aim":
        await offers.aim_offer(
            tx, offer_id=offer_id, control=control, audience=_audience(typed), by=by, now=now
        )
    elif typed.action == "refuse":
        await offers.refuse_offer(tx, offer_id=offer_id, reason=typed.reason, by=by, now=now)
    else:
        act = offers.Act(typed.action)
        await offers.move_offer(tx, offer_id=offer_id, act=act, by=by, now=now)


@post(HOME + "/{offer_id:uuid}/measure")
async def measure(request: Request, offer_id: FromPath[UUID]) -> Response[None]:
    """Have an offer measured against its control group in the background."""
    staff(request, "loyalty.approve")
    async with request.transaction() as tx:
        offer = await offers.get_offer(tx, offer_id=offer_id)
        await tx.enqueue(desk.MeasureOffer(offer_id=offer.id))
    return done(request, f"{HOME}/{offer_id}", "measuring")


def _control(typed: DecisionFields) -> int | None:
    percent = typed.control_percent
    return None if percent is None else round(percent * offers.WHOLE / 100)


def _audience(typed: DecisionFields) -> str | None:
    return "" if typed.audience == EVERYBODY else typed.audience


async def _page(
    request: Request, offer_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    since = (request.received_at - timedelta(days=RESULT_DAYS)).date()
    async with request.snapshot() as snap:
        offer = await offers.get_offer(snap, offer_id=offer_id)
        approvals = await offers.list_approvals(snap, offer_id=offer_id)
        days = await offers.read_results_by_day(snap, offer_id=offer_id, since=since)
        budgets = await offers.get_budgets(snap, campaign_ids=[offer_id])
        comparison = await desk.get_comparison(snap, offer_id=offer_id)
        is_lost = await offers.names_nobody(snap, targeting=offer.content.targeting)
        people = await names_of(snap, [one.approved_by for one in approvals])
        audiences = await rollout.list_audiences(snap, limit=AUDIENCES_SHOWN)
    described = describe_offer(request, offer)
    zone, language = described["zone"], request.language
    counts = [one for _, one in days]
    totals = offers.Results(*(sum(column) for column in zip(*counts, strict=True)))
    budget = budgets.get(offer_id)
    return show(
        request,
        "loyalty_offer.html",
        status_code=status_code,
        offer=described,
        acts={act.value: offer.allows(act) for act in offers.Act},
        facts=_facts(request, described),
        lost_audience=offer.content.targeting.audience if is_lost else "",
        figures={name: format_number(count, language) for name, count in totals._asdict().items()},
        shares=speech_of(request).shares(totals),
        turnover=speech_of(request, offer.programme_id).amount(totals.amount_minor),
        budget=None
        if budget is None
        else {
            "spent": budget.spent,
            "total": budget.total,
            "note": f"{format_number(budget.spent, language)} / "
            f"{format_number(budget.total, language)}",
        },
        chart={
            "labels": [format_day(day, language) for day, _ in days],
            "completed": [one.completed for _, one in days],
            "switched_on": [one.switched_on for _, one in days],
        },
        control=_typed_control(form, offer),
        audiences=_audiences(request, audiences, offer.content.targeting.audience),
        audience=form.text("audience") or offer.content.targeting.audience or EVERYBODY,
        is_measured=offer.content.targeting.control > 0,
        comparison=None
        if comparison is None
        else comparison_shown(request, comparison, speech_of(request, offer.programme_id)),
        versions=[
            {
                "version": one.version,
                "from": format_moment(one.in_force_from, language, zone),
                "until": format_moment(one.in_force_until, language, zone),
                "by": people.get(one.approved_by, "") if one.approved_by else "",
            }
            for one in approvals
        ],
        form=form,
        days=RESULT_DAYS,
    )


def _typed_control(form: Form[Any], offer: offers.Offer) -> str:
    held = offer.content.targeting.control
    return form.text("control_percent") or f"{held * 100 / offers.WHOLE:g}"


def _audiences(
    request: Request, audiences: Sequence[rollout.Audience], kept: str
) -> list[tuple[str, str]]:
    """Give what can be chosen: everybody, audiences, and what is meant now if that is neither."""
    named = {one.code: one.name for one in audiences}
    if kept and kept not in named:
        named = {kept: kept, **named}
    return [(EVERYBODY, words(request)("Everybody")), *named.items()]


def _facts(request: Request, offer: dict[str, Any]) -> list[tuple[str, str]]:
    translate = words(request)
    activation = (
        translate("the member switches it on")
        if offer["needs_activation"]
        else translate("by itself")
    )
    return [
        (translate("Task"), offer["task"]),
        (translate("Reward"), offer["reward"]),
        (translate("How it begins"), activation),
        (translate("When"), offer["when"]),
        (translate("For whom"), offer["audience"]),
        (translate("Limits"), offer["limits"]),
        (translate("Points are paid by"), offer["payer"]),
        (translate("Budget, points"), offer["budget"]),
    ]


def _tabs(
    request: Request, wanted: str, counts: dict[offers.OfferState, int]
) -> list[dict[str, Any]]:
    order = (
        offers.OfferState.IN_REVIEW,
        offers.OfferState.RUNNING,
        offers.OfferState.APPROVED,
        offers.OfferState.PAUSED,
        offers.OfferState.REFUSED,
        offers.OfferState.DRAFT,
        offers.OfferState.ENDED,
    )
    tabs = [
        {
            "label": speech_of(request).state(one)[0],
            "href": f"{HOME}?state={one.value}",
            "count": counts.get(one, 0),
            "current": wanted == one.value,
        }
        for one in order
    ]
    everything = {
        "label": words(request)("all"),
        "href": f"{HOME}?state=all",
        "count": sum(counts.values()),
        "current": wanted == "all",
    }
    return [*tabs, everything]


ROUTES = (list_offers, show_offer, decide, measure)
