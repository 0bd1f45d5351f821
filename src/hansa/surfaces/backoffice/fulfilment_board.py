"""The board of questions to shops: what is open, how long it has, and what may be done now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import catalog, fulfilment, stock
from hansa.modules.fulfilment import CaseState, Question, QuestionState
from hansa.runtime.database import Row, Snapshot
from hansa.runtime.html import Page, read_form
from hansa.runtime.http import Actor, Request, local_path
from hansa.runtime.http.problems import detail
from hansa.surfaces.backoffice.fulfilment_words import (
    BOARD,
    CASES,
    CHANNELS,
    RULES,
    SHOPS,
    moment,
    pieces,
)
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, asked, done, show, words
from hansa.surfaces.backoffice.shell import staff

_CURSOR = "office.questions"
_WAITING_MAX = 50
_THUMB = 160
_HURRY = timedelta(minutes=5)
EXTEND_MINUTES = 20


class Back(msgspec.Struct):
    """Where to return to."""

    back: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/office/fulfilment")
async def show_board(request: Request) -> Page:
    """Show the questions that wait for an answer, the most urgent first."""
    actor = staff(request, "fulfilment.view")
    return await _board(request, actor)


async def _board(
    request: Request, actor: Actor, *, refused: str = "", status_code: int = 200
) -> Page:
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    shop_id = _shop_of(request)
    async with request.snapshot() as snap:
        found = await fulfilment.list_open_questions(
            snap, warehouse_id=shop_id, after=after, limit=PAGE_ROWS + 1
        )
        shown, cursor = request.page_of(
            found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.answer_by, one.id)
        )
        waiting = await fulfilment.list_waiting_questions(
            snap, warehouse_id=shop_id, limit=_WAITING_MAX
        )
        counts = await fulfilment.count_questions(snap)
        cases = await fulfilment.count_cases(snap)
        notices = await fulfilment.list_notices(snap, question_ids=[one.id for one in shown])
        shops = await _shops(snap, request.language)
    return show(
        request,
        "fulfilment_board.html",
        status_code=status_code,
        tabs=tabs(request, BOARD, operator=cases.get(CaseState.OPERATOR, 0)),
        rows=[_row(request, one, notices.get(one.id)) for one in shown],
        waiting=[_row(request, one, None) for one in waiting],
        shops=[("", words(request)("All shops"))]
        + [
            (str(one), f"{name} ({counts[one][0]})" if one in counts else name)
            for one, name in shops.items()
        ],
        shop=str(shop_id) if shop_id else "",
        open_count=sum(count for count, _ in counts.values()),
        waiting_count=sum(count for _, count in counts.values()),
        late_count=sum(1 for one in shown if one.answer_by - request.received_at < _HURRY),
        operator_count=cases.get(CaseState.OPERATOR, 0),
        asking_count=cases.get(CaseState.ASKING, 0),
        may_edit=actor.may("fulfilment.edit"),
        here=address(request),
        extend_minutes=EXTEND_MINUTES,
        refused=refused,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _shop_of(request: Request) -> UUID | None:
    try:
        return UUID(asked(request, "shop"))
    except ValueError:
        return None


async def _shops(snap: Snapshot, language: str) -> dict[UUID, str]:
    return {
        one.id: pick(one.name, language)
        for one in await stock.list_warehouses(snap)
        if one.kind is stock.WarehouseKind.SHOP and one.is_active
    }


def tabs(request: Request, current: str, *, operator: int | None = None) -> list[dict[str, Any]]:
    """Give the tabs of the pages about the search for goods."""
    translate = words(request)
    pages: Sequence[tuple[str, str, str]] = (
        ("Questions", BOARD, "fulfilment.view"),
        ("Needs a person", f"{CASES}?state=operator", "fulfilment.view"),
        ("Cases", CASES, "fulfilment.view"),
        ("Shops", SHOPS, "fulfilment.view"),
        ("Rules", RULES, "fulfilment.view"),
    )
    return [
        {
            "label": translate(label),
            "href": href,
            "current": href == current,
            "count": operator or None if href.endswith("operator") else None,
        }
        for label, href, _ in pages
    ]


def _row(request: Request, question: Question, notice: Row | None) -> dict[str, Any]:
    language = request.language
    left = question.answer_by - request.received_at
    return {
        "id": question.id,
        "number": question.order_number,
        "case_url": f"{CASES}/{question.order_id}",
        "shop": pick(question.warehouse_name, language),
        "asked": moment(request, question.asked_at),
        "answer_by": question.answer_by.isoformat(),
        "opens": moment(request, question.asked_at),
        "left": left_text(left),
        "tone": "bad" if left < timedelta() else "warn" if left < _HURRY else "",
        "is_open": question.state is QuestionState.OPEN,
        "lines": [line_row(request, line) for line in question.lines],
        "channel": _channel(request, notice),
        "trouble": _trouble(request, notice),
    }


def line_row(request: Request, line: fulfilment.QuestionLine) -> dict[str, Any]:
    """Give a line of a question as pages show it."""
    language = request.language
    options = [pick(text, language) for text in line.options.values()]
    said: Mapping[str, Any] = {}
    if line.answer is not None:
        said = {
            "found": pieces(request, line.answer.found),
            "defective": pieces(request, line.answer.defective),
            "missing": pieces(request, line.answer.missing),
        }
    return {
        "name": pick(line.name, language),
        "note": " · ".join(part for part in (*options, line.sku) if part),
        "quantity": pieces(request, line.quantity),
        "picture": f"/{catalog.sized(line.image, _THUMB)}" if line.image else None,
        "said": said,
        "kept": pieces(request, line.kept),
        "is_open": line.is_open,
    }


def left_text(left: timedelta) -> str:
    """Write how long is left, as the page's clock goes on to do: 12:40, or 1:02:40."""
    seconds = max(0, int(left.total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return f"{hours}:{minutes:02}:{seconds % 60:02}"
    return f"{minutes}:{seconds % 60:02}"


def _channel(request: Request, notice: Row | None) -> str:
    translate = words(request)
    if notice is None:
        return translate(CHANNELS[fulfilment.ShopChannel.OFFICE])
    return translate(CHANNELS[fulfilment.ShopChannel(notice.channel)])


def _trouble(request: Request, notice: Row | None) -> str:
    if notice is None or notice.state not in {"failed", "unknown"}:
        return ""
    translate = words(request)
    told = "The message did not arrive" if notice.state == "failed" else "The message is on its way"
    return f"{translate(told)}: {translate(notice.error)}"


@post("/office/fulfilment/questions/{question_id:uuid}/extend")
async def extend(request: Request, question_id: FromPath[UUID]) -> Response[None] | Page:
    """Give a shop twenty minutes more."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, Back)
    try:
        async with request.transaction() as tx:
            await fulfilment.extend_question(
                tx,
                question_id=question_id,
                minutes=EXTEND_MINUTES,
                by=actor,
                now=request.received_at,
            )
    except fulfilment.CaseRefuses as refusal:
        return await _board(request, actor, refused=detail(request, refusal), status_code=422)
    return done(request, local_path(form.text("back"), default=BOARD), "extended")


@post("/office/fulfilment/questions/{question_id:uuid}/withdraw")
async def withdraw(request: Request, question_id: FromPath[UUID]) -> Response[None]:
    """Ask a shop no longer; the goods are looked for elsewhere."""
    actor = staff(request, "fulfilment.edit")
    form = await read_form(request, Back)
    async with request.transaction() as tx:
        await fulfilment.withdraw_question(
            tx, question_id=question_id, by=actor, now=request.received_at
        )
    return done(request, local_path(form.text("back"), default=BOARD), "question_withdrawn")


ROUTES = (show_board, extend, withdraw)
