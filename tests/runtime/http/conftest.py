"""A small application whose routes show what the web layer does, whatever the modules are."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
import pytest_asyncio
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.kernel.errors import Rejected, Unavailable
from hansa.runtime.database import Transaction
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Cursor, Limit, ListPage, Request
from hansa.runtime.module import Module
from tests.support.http import application

TRIED = {PUBLIC: "a test"}


class Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=50)]
    price: Decimal | None = None
    lines: list[Line] = []
    party: UUID | None = None


class Echo(msgspec.Struct):
    name: str
    count: int


@post("/api/v1/echo", opt=TRIED, status_code=201)
async def echo(request: Request, data: JSONBody[Body]) -> Response[Echo]:
    """Count calls per name in the database, so that a call run twice shows."""

    async def count(tx: Transaction) -> Echo:
        await tx.execute("create table if not exists test_echo (name text)")
        await tx.execute("insert into test_echo values (%(name)s)", {"name": data.name})
        if data.name == "refused":
            raise Rejected
        counted = await tx.scalar(
            "select count(*) from test_echo where name = %(name)s", {"name": data.name}
        )
        return Echo(data.name, counted)

    return await request.once(count)


@post("/api/v1/big-number", opt={**TRIED, NO_KEY: "a test"})
async def big_number(request: Request, data: JSONBody[dict[str, int]]) -> None:
    """Hand a number to PostgreSQL unchecked."""
    async with request.snapshot(single=True) as snapshot:
        await snapshot.scalar("select %(n)s::bigint", {"n": data["n"]})


@get("/api/v1/list", opt=TRIED)
async def numbers(
    request: Request,
    after: Cursor = None,
    limit: Limit = 2,
    word: Annotated[str, QueryParameter()] = "",
) -> ListPage[int]:
    """List the numbers below seven."""
    cursor = request.read_cursor(after, of="numbers", types=(int,))
    first = cursor[0] + 1 if cursor else 0
    shown, following = request.page_of(
        list(range(first, 7))[: limit + 1], limit=limit, of="numbers", key=lambda number: [number]
    )
    return ListPage(shown, following)


@get("/api/v1/broken/{how:str}", opt=TRIED)
async def broken(how: FromPath[str]) -> None:
    """Fail."""
    if how == "away":
        raise Unavailable
    raise RuntimeError("secret inside")


@post("/ru/form", opt=TRIED)
async def form(request: Request) -> str:
    """Take a form."""
    return str((await request.form()).get("name"))


@post("/ru/notice", opt={**TRIED, NO_CSRF: "a webhook"})
async def notice() -> str:
    """Take a form of somebody else's program."""
    return "taken"


@get("/ru/page", opt=TRIED)
async def page(request: Request) -> Response[str]:
    """Show the token a form needs."""
    return Response(request.csrf_token, media_type="text/html")


TRIAL = Module(name="trial", routes=[echo, big_number, numbers, broken, form, notice, page])


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, clock):
    async with application(settings, committing, clock=clock, modules=[TRIAL]) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def client(site):
    async with site.client() as client:
        yield client
