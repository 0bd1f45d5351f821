"""JSON API of fulfilment: questions to shops with their answers, and cases."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.fulfilment import answering, queries, stories
from hansa.modules.fulfilment.model import Answerer, CaseState
from hansa.modules.fulfilment.views import (
    AnswerBody,
    CaseRowView,
    CaseView,
    OutcomeView,
    QuestionView,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Fulfilment"]


@get("/api/v1/fulfilment/questions", tags=TAGS, summary="List open questions to shops")
async def list_questions(
    request: Request,
    warehouse_id: Annotated[UUID | None, QueryParameter()] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[QuestionView]:
    """Give the questions that wait for an answer, the most urgent first."""
    authorise(request, "fulfilment.view")
    cursor = request.read_cursor(after, of="questions", types=(datetime, UUID))
    async with request.snapshot() as snapshot:
        found = await queries.list_open_questions(
            snapshot, warehouse_id=warehouse_id, after=cursor, limit=limit + 1
        )
    shown, following = request.page_of(
        found, limit=limit, of="questions", key=lambda one: (one.answer_by, one.id)
    )
    return ListPage([QuestionView.of(one) for one in shown], following)


@get("/api/v1/fulfilment/questions/{question_id:uuid}", tags=TAGS, summary="Show a question")
async def show_question(request: Request, question_id: FromPath[UUID]) -> QuestionView:
    """Give a question with what was answered so far."""
    authorise(request, "fulfilment.view")
    async with request.snapshot() as snapshot:
        return QuestionView.of(await queries.get_question(snapshot, question_id=question_id))


@post(
    "/api/v1/fulfilment/questions/{question_id:uuid}/answers",
    tags=TAGS,
    summary="Answer a question",
)
async def answer_question(
    request: Request, question_id: FromPath[UUID], data: JSONBody[AnswerBody]
) -> Response[OutcomeView]:
    """Answer some or all lines for a shop; `kind` of the outcome says whether it was taken."""
    actor = authorise(request, "fulfilment.answer")
    by = Answerer(channel="api", user=str(actor.id), name=data.name or actor.name, user_id=actor.id)

    async def take(tx: Transaction) -> OutcomeView:
        outcome = await answering.take_answer(
            tx,
            question_id=question_id,
            answers=data.answers(),
            by=by,
            now=request.received_at,
        )
        return OutcomeView.of(outcome)

    return await request.once(take)


@get("/api/v1/fulfilment/cases", tags=TAGS, summary="List cases")
async def list_cases(
    request: Request,
    case_state: Annotated[CaseState | None, QueryParameter(name="state")] = None,
    search: Annotated[str | None, QueryParameter(max_length=100)] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[CaseRowView]:
    """Give the searches for goods, what changed last first; `search` looks at order numbers."""
    authorise(request, "fulfilment.view")
    cursor = request.read_cursor(after, of="cases", types=(datetime, UUID))
    async with request.snapshot(single=True) as snapshot:
        found = await stories.list_cases(
            snapshot,
            states=tuple(CaseState) if case_state is None else (case_state,),
            search=search or "",
            after=cursor,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of="cases", key=lambda one: (one.changed_at, one.order_id)
    )
    return ListPage([CaseRowView.of(one) for one in shown], following)


@get("/api/v1/fulfilment/cases/{order_id:uuid}", tags=TAGS, summary="Show a case")
async def show_case(request: Request, order_id: FromPath[UUID]) -> CaseView:
    """Give the search for the goods of an order: parts, questions, and why from where."""
    authorise(request, "fulfilment.view")
    async with request.snapshot() as snapshot:
        return CaseView.of(await stories.get_case(snapshot, order_id=order_id))


ROUTES = (list_questions, show_question, answer_question, list_cases, show_case)
