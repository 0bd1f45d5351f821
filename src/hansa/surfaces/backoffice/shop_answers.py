"""The shop's page on a telephone: what is asked, how long there is to answer, big buttons."""

from datetime import UTC
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import catalog, fulfilment
from hansa.modules.fulfilment import (
    Answerer,
    LineAnswer,
    OutcomeKind,
    Question,
    QuestionLine,
    Shop,
    ShopChannel,
    Told,
)
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_clock, format_number
from hansa.runtime.http import Actor, Request, go_to
from hansa.runtime.http.problems import filled
from hansa.surfaces.backoffice.presenting import asked, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/shop"
PERMISSION = "fulfilment.answer"
QUESTIONS_SHOWN = 50
PICTURE_WIDTH = 640
NUMBERS_MAX = 6
EVERY_LINE = 0


class Answer(msgspec.Struct):
    """What the shop found; `line` is 0 for everything that is still asked."""

    line: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    found: Decimal = Decimal(0)
    defective: Decimal = Decimal(0)
    missing: Decimal | None = None


@get(HOME)
async def show_questions(request: Request) -> Page:
    """Show what is asked of the shops this person answers for."""
    staff(request, PERMISSION)
    return await _page(request)


@get(f"{HOME}/{{question_id:uuid}}")
async def show_question(request: Request, question_id: FromPath[UUID]) -> Page:
    """Show one question with fields for exact numbers."""
    actor = staff(request, PERMISSION)
    async with request.snapshot() as snap:
        question = await fulfilment.get_question(snap, question_id=question_id)
        shop = await fulfilment.get_shop(snap, warehouse_id=question.warehouse_id)
    _check_may_answer(actor, shop)
    return _in_detail(request, question, shop)


@post(f"{HOME}/{{question_id:uuid}}")
async def answer(request: Request, question_id: FromPath[UUID]) -> Response[None] | Page:
    """Take an answer; one that comes late or twice changes nothing and says so."""
    actor = staff(request, PERMISSION)
    form = await read_form(request, Answer)
    async with request.snapshot() as snap:
        question = await fulfilment.get_question(snap, question_id=question_id)
        shop = await fulfilment.get_shop(snap, warehouse_id=question.warehouse_id)
    _check_may_answer(actor, shop)
    if form.value is None:
        return _in_detail(request, question, shop, form=form, status_code=422)
    try:
        async with request.transaction() as tx:
            outcome = await fulfilment.take_answer(
                tx,
                question_id=question_id,
                answers=_answers(form.value, question),
                by=Answerer(
                    channel=ShopChannel.OFFICE,
                    user=str(actor.id),
                    name=actor.name,
                    user_id=actor.id,
                ),
                now=request.received_at,
            )
    except fulfilment.AnswerInvalid as refusal:
        form.add("found", refusal)
        return _in_detail(request, question, shop, form=form, status_code=422)
    if outcome.kind in {OutcomeKind.TAKEN, OutcomeKind.REPEATED}:
        return go_to(request, _address(request, taken=str(question_id)))
    return await _page(request, refused=_said(request, outcome.told), status_code=422)


async def _page(request: Request, *, refused: str = "", status_code: int = 200) -> Page:
    actor = staff(request, PERMISSION)
    async with request.snapshot() as snap:
        shops = {
            one.warehouse_id: one
            for one in await fulfilment.list_shops(snap)
            if _may_answer(actor, one)
        }
        found = await fulfilment.list_open_questions(snap, limit=QUESTIONS_SHOWN)
        thanks = await _thanks(request, snap)
    mine = [one for one in found if one.warehouse_id in shops]
    chosen = asked(request, "shop")
    shown = [one for one in mine if not chosen or str(one.warehouse_id) == chosen]
    return show(
        request,
        "shop_answers.html",
        status_code=status_code,
        refused=refused,
        thanks=thanks,
        shops=_shops(request, mine, chosen),
        questions=[_question(request, one, shops[one.warehouse_id]) for one in shown],
        live_url=_address(request),
    )


def _in_detail(
    request: Request,
    question: Question,
    shop: Shop,
    *,
    form: Form[Any] | None = None,
    status_code: int = 200,
) -> Page:
    return show(
        request,
        "shop_answer.html",
        status_code=status_code,
        one=_question(request, question, shop),
        form=form or Form(),
        back=_address(request),
    )


async def _thanks(request: Request, snap: Any) -> dict[str, Any] | None:
    """Say what to do after the answer that was just given."""
    try:
        question = await fulfilment.get_question(snap, question_id=UUID(asked(request, "taken")))
    except (ValueError, fulfilment.QuestionNotFound):
        return None
    kept = sum((line.kept for line in question.lines), Decimal(0))
    number = {"number": question.order_number, "pieces": format_number(kept, request.language)}
    told = (
        Told("Put aside for order {number}: {pieces}", number)
        if kept
        else Told("Thank you. Nothing has to be put aside for order {number}.", number)
    )
    return {
        "text": _said(request, told),
        "lines": [_line(request, question, line) for line in question.lines if line.kept],
    }


def _question(request: Request, question: Question, shop: Shop) -> dict[str, Any]:
    """Show a question by the shop's own clock."""
    lines = [_line(request, question, line) for line in question.lines]
    return {
        "id": question.id,
        "url": _address(request, of=str(question.id)),
        "number": question.order_number,
        "shop": pick(question.warehouse_name, request.language),
        "until": format_clock(question.answer_by, request.language, shop.time_zone),
        "until_iso": question.answer_by.astimezone(UTC).isoformat(),
        "lines": lines,
        "asks_several": sum(line["is_asked"] for line in lines) > 1,
        "is_open": any(line["is_asked"] for line in lines),
    }


def _line(request: Request, question: Question, line: QuestionLine) -> dict[str, Any]:
    language = request.language
    options = [pick(text, language) for text in line.options.values()]
    is_open = question.state in {
        fulfilment.QuestionState.OPEN,
        fulfilment.QuestionState.WAITING,
    }
    return {
        "number": line.number,
        "name": pick(line.name, language),
        "note": " · ".join(part for part in (*options, line.sku) if part),
        "picture": f"/{catalog.sized(line.image, PICTURE_WIDTH)}" if line.image else None,
        "quantity": format_number(line.quantity, language),
        "asked": f"{line.quantity.normalize():f}",
        "is_one": line.quantity == 1,
        "some": _some(line.quantity),
        "is_asked": is_open and line.is_open and line.answer is None,
        "said": _answer_words(request, line),
        "kept": format_number(line.kept, language),
    }


def _some(quantity: Decimal) -> list[int]:
    """Give the numbers less than all that have a button of their own."""
    if quantity != quantity.to_integral_value() or quantity > NUMBERS_MAX + 1:
        return []
    return list(range(int(quantity) - 1, 0, -1))


def _answer_words(request: Request, line: QuestionLine) -> str:
    if line.answer is None:
        return ""
    amounts = (
        (line.answer.found, "found {pieces}"),
        (line.answer.defective, "defective {pieces}"),
        (line.answer.missing, "not found {pieces}"),
    )
    said = ", ".join(
        _said(request, Told(message, {"pieces": format_number(amount, request.language)}))
        for amount, message in amounts
        if amount
    )
    return f"{said} — {line.answered_by.name}" if line.answered_by is not None else said


def _answers(given: Answer, question: Question) -> list[LineAnswer]:
    """Say what was answered; whatever is neither found nor defective is missing."""
    if given.line == EVERY_LINE:
        lines = [one for one in question.lines if one.is_open] or question.lines
        return [LineAnswer(line=one.number, found=one.quantity) for one in lines]
    quantity = next((one.quantity for one in question.lines if one.number == given.line), None)
    missing = given.missing
    if missing is None:
        missing = (quantity or Decimal(0)) - given.found - given.defective
    return [
        LineAnswer(line=given.line, found=given.found, defective=given.defective, missing=missing)
    ]


def _shops(request: Request, questions: list[Question], chosen: str) -> list[dict[str, Any]]:
    """Give the shops that are asked, to look at one alone; nothing to choose from is left out."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for one in questions:
        key = str(one.warehouse_id)
        counts[key] = counts.get(key, 0) + 1
        names[key] = pick(one.warehouse_name, request.language)
    if len(counts) < 2 and not chosen:  # noqa: PLR2004 - two to choose from
        return []
    every = {"label": words(request)("All shops"), "href": HOME, "current": not chosen}
    return [
        {**every, "count": len(questions)},
        *(
            {
                "label": names[key],
                "href": f"{HOME}?shop={key}",
                "current": key == chosen,
                "count": counts[key],
            }
            for key in sorted(counts, key=lambda one: names[one])
        ),
    ]


def _address(request: Request, *, of: str = "", **query: str) -> str:
    """Give the address of this page, or of a question, for the shop that was chosen."""
    shop = asked(request, "shop")
    pairs = {**({"shop": shop} if _is_id(shop) else {}), **query}
    text = "&".join(f"{name}={value}" for name, value in pairs.items())
    path = f"{HOME}/{of}" if of else HOME
    return f"{path}?{text}" if text else path


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _may_answer(actor: Actor, shop: Shop) -> bool:
    """A shop that is asked in the back office may name its people; others answer in their chat."""
    if shop.channel is not ShopChannel.OFFICE or not shop.members:
        return True
    return str(actor.id) in shop.members


def _check_may_answer(actor: Actor, shop: Shop) -> None:
    if not _may_answer(actor, shop):
        raise fulfilment.QuestionNotFound


def _said(request: Request, told: Told) -> str:
    return filled(words(request)(told.message), told.data)


ROUTES = (show_questions, show_question, answer)
