"""The request as handlers see it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import litestar
import msgspec
from litestar import Response
from litestar.exceptions import ValidationException

from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import bodies, csrf, idempotency, numbers, paging
from hansa.runtime.http.identity import Actor
from hansa.runtime.http.visit import SCOPE_KEY, SESSION_COOKIE, Visit

T = TypeVar("T")

_checkers: dict[int, numbers.Checker | None] = {}


def _checker_of(handler: Any) -> numbers.Checker | None:
    """Give the check of decimal numbers in the body of a route; made once per route."""
    key = id(handler)
    if key not in _checkers:
        data = handler.parsed_fn_signature.parameters.get("data")
        _checkers[key] = None if data is None else numbers.checker_of(data.annotation)
    return _checkers[key]


def _check_types(handler: Any, body: Any) -> None:
    """Refuse a body of other types than declared.

    Litestar would take `"false"` for false and 5 for five seconds after the first of January 1970.

    Raises:
        ValidationException: one value is of another type; `faults_of` names all of them.
    """
    data = handler.parsed_fn_signature.parameters.get("data")
    if data is None:
        return
    try:
        msgspec.convert(body, data.annotation, str_keys=True)
    except msgspec.ValidationError as error:
        raise ValidationException(str(error)) from error


def _first(message: Any, receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """Give a message that was taken already once more, then whatever follows it."""
    taken = [message]

    async def again() -> Any:
        return taken.pop() if taken else await receive()

    return again


class Request(litestar.Request[Any, Any, Any]):
    """A request with its actor, its instant, its language and its way into the database."""

    __slots__ = ("visit",)

    def __init__(self, scope: Any, receive: Any = None, send: Any = None) -> None:
        super().__init__(scope, receive, send)
        self.visit: Visit = scope[SCOPE_KEY]

    @property
    def context(self) -> Context:
        """What the process has at hand."""
        return self.visit.wiring.context

    @property
    def request_id(self) -> str:
        """Number of this request in logs and problem documents."""
        return self.visit.request_id

    @property
    def received_at(self) -> datetime:
        """The instant at which the request came in; `now` of everything it does."""
        return self.visit.received_at

    @property
    def actor(self) -> Actor | None:
        """Who asks, or None."""
        return self.visit.actor

    @property
    def language(self) -> str:
        """Language of the answer."""
        return self.visit.language

    @property
    def market(self) -> str:
        """Code of the market the request is about."""
        return self.visit.market

    @property
    def idempotency_key(self) -> str | None:
        """The checked `Idempotency-Key` header."""
        return self.visit.idempotency_key

    @property
    def is_htmx(self) -> bool:
        """Tell whether htmx asks for a part of a page."""
        return self.visit.headers.get(b"hx-request") == b"true"

    @property
    def client_address(self) -> str:
        """Address of the client, believing `X-Forwarded-For` of trusted proxies only."""
        return self.visit.client

    @property
    def session_token(self) -> str:
        """Secret of the browser's session. The first call for a new browser sets the cookie."""
        return csrf.session_token(self.visit)

    @property
    def sent_session_token(self) -> str | None:
        """The session cookie as the browser sent it, or None."""
        return self.visit.sent_cookies.get(SESSION_COOKIE)

    @property
    def csrf_token(self) -> str:
        """What forms must carry in `csrf_token`, or htmx in `X-CSRF-Token`."""
        return csrf.token(self.visit)

    def transaction(
        self, idempotency_key: str | None = None
    ) -> AbstractAsyncContextManager[Transaction]:
        """Open the request's transaction; it commits at the end of the block.

        With a key, for calls that answer nothing (204): the key is claimed in the same transaction,
        and a repeat of the call gets the answer 204 without running the block.
        """
        if idempotency_key is None:
            return self.context.database.transaction()
        return self._claimed(idempotency_key)

    @asynccontextmanager
    async def _claimed(self, key: str) -> AsyncIterator[Transaction]:
        claim = await idempotency.claim_of(self, key)
        async with self.context.database.transaction() as tx:
            await idempotency.claim(tx, claim)
            yield tx
            await idempotency.keep_answer(tx, claim, status=204, body=b"")

    def snapshot(self, *, single: bool = False) -> AbstractAsyncContextManager[Snapshot]:
        """Open a read-only view of the database; `single` for one statement."""
        return self.context.database.snapshot(single=single)

    async def once(
        self,
        operation: Callable[[Transaction], Awaitable[T]],
        *,
        status: int | None = None,
    ) -> Response[T]:
        """Run an operation once per `Idempotency-Key`, and answer with what it gave.

        The key, the operation and the answer are one transaction: a repeat of the call gives the
        same status and body and does nothing. Example:

            @post("/api/v1/price-lists")
            async def add_list(request: Request, data: JSONBody[NewList]) -> Response[ListBody]:
                actor = authorise(request, "pricing.edit")

                async def add(tx: Transaction) -> ListBody:
                    return ListBody.of(await pricing.add_list(tx, ..., now=request.received_at))

                return await request.once(add)

        An operation that raises stores nothing: the call may be repeated and is then run anew.
        Without a key (routes that opt out) it is simply run.

        Raises:
            KeyReused: the key came before with another request.
            StillRunning: a request with this key is being worked on for longer than we wait.
        """
        code = status or self.route_handler.status_code
        key = self.idempotency_key
        if key is None:
            async with self.context.database.transaction() as tx:
                given = await operation(tx)
            return bodies.answer(given, status=code)
        claim = await idempotency.claim_of(self, key)
        async with self.context.database.transaction() as tx:
            await idempotency.claim(tx, claim)
            answer = bodies.answer(await operation(tx), status=code)
            await idempotency.keep_answer(tx, claim, status=code, body=bodies.bytes_of(answer))
        return answer

    async def once_unkept(
        self,
        operation: Callable[[Transaction], Awaitable[T]],
        *,
        status: int | None = None,
    ) -> Response[T]:
        """Run an operation once whose answer holds a secret, so that the answer must not be kept.

        Raises:
            AnswerNotKept: the call is a repeat; the work was done, the secret was shown then.
        """
        key = self.idempotency_key
        async with self.context.database.transaction() as tx:
            if key is not None:
                claim = await idempotency.claim_of(self, key)
                await idempotency.claim(tx, claim)
                await idempotency.keep_answer(tx, claim, status=idempotency.UNKEPT, body=b"")
            given = await operation(tx)
        return bodies.answer(given, status=status or self.route_handler.status_code)

    def read_cursor(self, cursor: str | None, *, of: str, types: Sequence[Any]) -> Any:
        """Read the cursor of a list back into its values, or None.

        Raises:
            CursorInvalid: it is not a cursor of this list.
        """
        return paging.read_cursor(self.visit.wiring.secret, cursor, of=of, types=types)

    def page_of(
        self,
        rows: Sequence[T],
        *,
        limit: int,
        of: str,
        key: Callable[[T], Sequence[Any]],
    ) -> tuple[list[T], str | None]:
        """Cut `limit + 1` rows to a page; give it and the cursor of what follows."""
        return paging.page_of(rows, limit=limit, secret=self.visit.wiring.secret, of=of, key=key)

    async def body(self) -> bytes:
        """Read the body; one that came in one piece, as most do, without Litestar's generator.

        Raises:
            RequestEntityTooLarge: it is longer than the route allows.
        """
        if self._connection_state.body is litestar.types.Empty and self.is_connected:
            piece = await self.receive()
            limit = self.route_handler.resolve_request_max_body_size()
            whole: Any = None if piece.get("more_body", False) else piece.get("body")
            if whole is not None and (limit is None or len(whole) <= limit):
                self._connection_state.body = whole
            else:
                self.receive = _first(piece, self.receive)
        return await super().body()

    async def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            BodyInvalid, TextInvalid, NumberInvalid: it is not, or holds what may not be.
            ValidationException: it is of another type than the handler declares.
        """
        if self._json is litestar.types.Empty:
            known = self._connection_state.json
            if known is litestar.types.Empty:
                bodies.check_content_type(self)
                known = bodies.decode(await self.body())
                if check := _checker_of(self.route_handler):
                    check(known, "")
                self._connection_state.json = known
                _check_types(self.route_handler, known)
            self._json = known
        return self._json

    async def form(self) -> Any:
        """Read the form; the values are checked for characters no text may hold.

        Raises:
            BodyInvalid: it cannot be read.
        """
        return bodies.check_form(await self._read_form())

    async def _read_form(self) -> Any:
        try:
            return await super().form()
        except (UnicodeDecodeError, ValueError) as error:
            raise bodies.BodyInvalid(
                "a form cannot be read: it is broken off or not UTF-8"
            ) from error
