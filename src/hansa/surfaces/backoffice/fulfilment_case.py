"""A case's page: where the goods come from and why, who was asked, what may be done by hand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import fulfilment, orders, stock
from hansa.modules.fulfilment import CaseState, CaseStory, OutcomeKind, PartState, QuestionState
from hansa.modules.orders import By
from hansa.runtime.html import Page, read_form
from hansa.runtime.http import Actor, Request, authorise
from hansa.runtime.http.problems import detail, filled
from hansa.surfaces.backoffice.fulfilment_board import left_text, line_row
from hansa.surfaces.backoffice.fulfilment_words import (
    CASE_STATES,
    CASES,
    PART_STATES,
    QUESTION_STATES,
    REASONS,
    because,
    event_row,
    item_of,
    moment,
    pieces,
    places_of,
)
from hansa.surfaces.backoffice.order_actions import cancel_for
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff

_OPEN = frozenset({CaseState.ASKING, CaseState.OPERATOR})
_PENDING = frozenset({PartState.PROPOSED, PartState.ASKED})


class AnswerFields(msgspec.Struct):
    """What somebody of the shop said by telephone."""

    line: int
    found: Decimal = Decimal(0)
    defective: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)


class ChoiceFields(msgspec.Struct):
    """A shop that is to be asked for so many of an item."""

    warehouse: UUID
    variant: UUID
    quantity: Decimal


class GiveUpFields(msgspec.Struct):
    """So many of an item that nobody has, and what the shopper is told."""

    variant: UUID
    quantity: Decimal
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class TakeBackFields(msgspec.Struct):
    """Pieces of a part that turn out not to be good, or not to be there."""

    part: UUID
    defective: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)


class CancelFields(msgspec.Struct):
    """Why the whole order is cancelled."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@get("/office/fulfilment/cases/{order_id:uuid}")
async def show_case(request: Request, order_id: FromPath[UUID]) -> Page:
    """Show a case."""
    actor = staff(request, "fulfilment.view")
    return await _page(request, actor, order_id)


async def _page(
    request: Request,
    actor: Actor,
    order_id: UUID,
    *,
    refused: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        story = await fulfilment.get_case(snap, order_id=order_id)
        order = await orders.get_order(snap, order_id=order_id)
        places = await places_of(snap, request.language)
        need = _needed(story, order)
        shelves = await stock.shelves(snap, channel=order.channel, variant_ids=list(need))
    case = story.case
    label, tone = CASE_STATES[case.state]
    names = {
        line.variant_id: pick(line.name, request.language) + f" · {line.sku}"
        for line in order.lines
    }
    return show(
        request,
        "fulfilment_case.html",
        status_code=status_code,
        case=case,
        base=f"{CASES}/{order_id}",
        state=words(request)(label),
        tone=tone,
        reason=because(request, case.reason),
        opened=moment(request, case.opened_at),
        hold=moment(request, case.hold_ends_at) if case.hold_ends_at else "",
        parts=[_part(request, one, places) for one in story.parts],
        questions=[
            _question(request, one)
            for one in reversed(story.questions)
            if one.state in {QuestionState.OPEN, QuestionState.WAITING}
        ],
        needs=[
            {
                "variant": variant_id,
                "name": names.get(variant_id, str(variant_id)),
                "count": pieces(request, count),
                "quantity": f"{count.normalize():f}",
                "places": [
                    (str(shelf.warehouse_id), _shelf(request, shelf, places))
                    for shelf in sorted(shelves, key=lambda one: -one.available)
                    if shelf.variant_id == variant_id and shelf.available > 0
                ],
            }
            for variant_id, count in need.items()
        ],
        decisions=[_decision(request, one, places, names) for one in story.decisions],
        events=[event_row(request, one, places) for one in reversed(story.events)],
        may_edit=actor.may("fulfilment.edit") and case.state in _OPEN,
        may_take_back=actor.may("fulfilment.edit") and case.state is not CaseState.ENDED,
        may_cancel=actor.may("orders.cancel")
        and orders.OrderState.CANCELLED in orders.targets(order.state, By.STAFF),
        may_see_order=actor.may("orders.view"),
        refused=refused,
    )


def _needed(story: CaseStory, order: orders.Order) -> dict[UUID, Decimal]:
    """Say what nobody has confirmed and nobody is being asked for."""
    left: dict[UUID, Decimal] = {}
    for line in order.lines:
        left[line.variant_id] = left.get(line.variant_id, Decimal(0)) + line.left
    for part in story.parts:
        if part.state is PartState.CONFIRMED:
            left[part.variant_id] = left.get(part.variant_id, Decimal(0)) - part.quantity
    if story.case.state not in _OPEN:
        return {}
    return {variant_id: count for variant_id, count in left.items() if count > 0}


def _shelf(request: Request, shelf: stock.Shelf, places: Mapping[UUID, str]) -> str:
    return f"{places.get(shelf.warehouse_id, '')} ({pieces(request, shelf.available)})"


def _part(
    request: Request, part: fulfilment.CasePart, places: Mapping[UUID, str]
) -> dict[str, Any]:
    label, tone = PART_STATES[part.state]
    return {
        "id": part.id,
        "item": item_of(part.item, request.language),
        "stock_url": f"/office/stock/items/{part.variant_id}",
        "place": places.get(part.warehouse_id, ""),
        "asked": pieces(request, part.asked),
        "quantity": pieces(request, part.quantity) if part.quantity else "",
        "state": words(request)(label),
        "tone": tone,
        "is_confirmed": part.state is PartState.CONFIRMED,
        "moment": moment(request, part.made_at),
    }


def _question(request: Request, question: fulfilment.Question) -> dict[str, Any]:
    label, tone = QUESTION_STATES[question.state]
    left = question.answer_by - request.received_at
    return {
        "id": question.id,
        "shop": pick(question.warehouse_name, request.language),
        "state": words(request)(label),
        "tone": tone,
        "is_open": question.state is QuestionState.OPEN,
        "answer_by": question.answer_by.isoformat(),
        "left": left_text(left),
        "opens": moment(request, question.asked_at),
        "lines": [
            {
                **line_row(request, line),
                "number": line.number,
                "value": f"{line.quantity.normalize():f}",
            }
            for line in question.lines
        ],
    }


def _decision(
    request: Request,
    decision: fulfilment.Decision,
    places: Mapping[UUID, str],
    names: Mapping[UUID, str],
) -> dict[str, Any]:
    translate = words(request)
    by_item: dict[UUID, list[dict[str, Any]]] = {}
    for one in decision.judged:
        by_item.setdefault(one.variant_id, []).append(
            {
                "place": places.get(one.warehouse_id, ""),
                "rule": translate(one.rule),
                "reason": translate(REASONS[one.reason]),
                "is_chosen": one.reason is fulfilment.Reason.CHOSEN,
                "quantity": pieces(request, one.quantity),
            }
        )
    causes = {"placed": "When the order came", "rest": "For what was still missing"}
    return {
        "moment": moment(request, decision.decided_at),
        "cause": translate(causes.get(decision.cause, decision.cause)),
        "items": [
            {
                "name": names.get(variant_id, str(variant_id)),
                "places": sorted(judged, key=lambda one: not one["is_chosen"]),
            }
            for variant_id, judged in by_item.items()
        ],
        "compared": decision.compared,
    }


@post("/office/fulfilment/cases/{order_id:uuid}/questions/{question_id:uuid}/answer")
async def answer(
    request: Request, order_id: FromPath[UUID], question_id: FromPath[UUID]
) -> Response[None] | Page:
    """Write down what the shop said by telephone."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, AnswerFields)
    if form.value is None:
        refused = " ".join(form.errors.values())
        return await _page(request, actor, order_id, refused=refused, status_code=422)
    typed = form.value
    said = fulfilment.LineAnswer(
        line=typed.line, found=typed.found, defective=typed.defective, missing=typed.missing
    )
    by = fulfilment.Answerer(
        channel="office", user=str(actor.id), name=actor.name, user_id=actor.id
    )
    try:
        async with request.transaction() as tx:
            outcome = await fulfilment.take_answer(
                tx, question_id=question_id, answers=[said], by=by, now=request.received_at
            )
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    if outcome.kind is not OutcomeKind.TAKEN:
        told = filled(words(request)(outcome.told.message), outcome.told.data)
        return await _page(request, actor, order_id, refused=told, status_code=422)
    return done(request, f"{CASES}/{order_id}", "answer_taken")


async def _refused(request: Request, actor: Actor, order_id: UUID, refusal: HansaError) -> Page:
    return await _page(request, actor, order_id, refused=detail(request, refusal), status_code=422)


@post("/office/fulfilment/cases/{order_id:uuid}/ask")
async def ask(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Ask a shop of one's own choice."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, ChoiceFields)
    if form.value is None:
        refused = " ".join(form.errors.values())
        return await _page(request, actor, order_id, refused=refused, status_code=422)
    typed = form.value
    try:
        async with request.transaction() as tx:
            await fulfilment.ask_by_hand(
                tx,
                order_id=order_id,
                warehouse_id=typed.warehouse,
                pieces=[(typed.variant, typed.quantity)],
                by=actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    return done(request, f"{CASES}/{order_id}", "shop_asked")


@post("/office/fulfilment/cases/{order_id:uuid}/again")
async def ask_again(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Look once more, also where the answer was no."""
    actor = staff(request, "fulfilment.edit")
    try:
        async with request.transaction() as tx:
            await fulfilment.ask_again(tx, order_id=order_id, by=actor, now=request.received_at)
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    return done(request, f"{CASES}/{order_id}", "asked_again")


@post("/office/fulfilment/cases/{order_id:uuid}/give-up")
async def give_up(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Give up what nobody has; its money goes back, the shopper is told."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, GiveUpFields)
    if form.value is None:
        refused = " ".join(form.errors.values())
        return await _page(request, actor, order_id, refused=refused, status_code=422)
    typed = form.value
    try:
        async with request.transaction() as tx:
            await fulfilment.give_up_by_hand(
                tx,
                order_id=order_id,
                pieces=[(typed.variant, typed.quantity)],
                reason=typed.reason,
                by=actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    return done(request, f"{CASES}/{order_id}", "given_up")


@post("/office/fulfilment/cases/{order_id:uuid}/take-back")
async def take_back(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Take back what was put aside: it is not good, or not there after all."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, TakeBackFields)
    if form.value is None:
        refused = " ".join(form.errors.values())
        return await _page(request, actor, order_id, refused=refused, status_code=422)
    typed = form.value
    try:
        async with request.transaction() as tx:
            await fulfilment.take_back(
                tx,
                part_id=typed.part,
                order_id=order_id,
                defective=typed.defective,
                missing=typed.missing,
                by=actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    return done(request, f"{CASES}/{order_id}", "taken_back")


@post("/office/fulfilment/cases/{order_id:uuid}/cancel")
async def cancel(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Cancel the whole order with an apology; its questions are withdrawn."""
    actor = staff(request, "fulfilment.edit")
    authorise(request, "orders.cancel")
    form = await read_form(request, CancelFields)
    if form.value is None:
        refused = " ".join(form.errors.values())
        return await _page(request, actor, order_id, refused=refused, status_code=422)
    try:
        async with request.transaction() as tx:
            await cancel_for(
                tx, order_id, reason=form.value.reason, by=actor, now=request.received_at
            )
    except HansaError as refusal:
        return await _refused(request, actor, order_id, refusal)
    return done(request, f"{CASES}/{order_id}", "order_cancelled")


ROUTES = (show_case, answer, ask, ask_again, give_up, take_back, cancel)
