"""HTTP of the queue: acknowledgements of the ERP, the contracts it may read."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from hansa.kernel.errors import NotFound
from hansa.modules.erp.outgoing import answers
from hansa.modules.erp.outgoing.calling import AnswerBody
from hansa.modules.erp.outgoing.model import VERSIONS, Answer, NoOutgoing
from hansa.modules.erp.outgoing.rendering import schema
from hansa.modules.erp.outgoing.setup import find_outgoing
from hansa.modules.erp.rest import calling
from hansa.runtime.http import PUBLIC, Request

TAGS = ["ERP: orders out"]
ANSWERS_MAX = 1000


class Acknowledgements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the ERP says of messages it took from a broker."""

    answers: Annotated[list[AnswerBody], msgspec.Meta(max_length=ANSWERS_MAX)]


class Taken(msgspec.Struct, frozen=True):
    """How many answers were taken."""

    answers: int


class NoSuchContract(NotFound):
    """There is no such contract version."""

    code = "erp.no_such_contract"
    message = "There is no such contract version."


@post(
    "/erp/v1/acknowledgements",
    tags=TAGS,
    summary="Acknowledge messages",
    status_code=200,
    opt=calling.OPTIONS,
)
async def acknowledge(request: Request, data: JSONBody[Acknowledgements]) -> Response[Taken]:
    """Take what the ERP says of messages; again, late or of unknown messages is harmless."""
    connection = await calling.connection_of(request)
    async with request.snapshot(single=True) as snap:
        outgoing = await find_outgoing(snap, connection_id=connection.id)
    if outgoing is None:
        raise NoOutgoing
    told = [
        Answer(
            id=one.id,
            outcome=one.outcome,
            code=one.code,
            detail=one.detail,
            received_at=one.received_at,
            retry_after_seconds=one.retry_after_seconds,
        )
        for one in data.answers
    ]
    await answers.apply_answers(
        request.context.database, outgoing=outgoing, answers=told, now=request.received_at
    )
    return Response(Taken(len(told)))


@get(
    "/erp/v1/contracts/{version:int}",
    tags=TAGS,
    summary="Describe the messages of a contract version",
    opt={PUBLIC: "a description of formats, the same for everybody"},
)
async def show_contract(request: Request, version: FromPath[int]) -> dict[str, Any]:
    """Give the JSON Schema of the messages of a contract version."""
    del request
    if version not in VERSIONS:
        raise NoSuchContract
    return schema(version)


ROUTES = (acknowledge, show_contract)
