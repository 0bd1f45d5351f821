"""Who calls the partners' API: the partner behind a program, the programme it speaks of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeVar

from litestar import Response
from litestar.params import QueryParameter

from hansa.kernel.errors import Forbidden, NotFound
from hansa.modules.loyalty.programmes.directory import Directory
from hansa.modules.loyalty.programmes.model import Coalition, Partner, Terms
from hansa.runtime.database import Transaction
from hansa.runtime.http import Request
from hansa.runtime.http.bodies import answer

T = TypeVar("T")
ProgrammeQuery = Annotated[
    str, QueryParameter(pattern="^[a-z][a-z0-9-]{1,30}$", description="Code of a programme.")
]


@dataclass(eq=False)
class NotAPartner(Forbidden):
    """This is for programs of partners: the key belongs to none, or to one no longer in."""

    code: ClassVar[str] = "loyalty.not_a_partner"
    message: ClassVar[str] = "Only the program of a partner that takes part may do this."


@dataclass(eq=False)
class ProgrammeNotFound(NotFound):
    """There is no such programme, or this partner takes no part in it."""

    code: ClassVar[str] = "loyalty.programme_not_found"
    message: ClassVar[str] = "There is no such programme."


class _Rehearsed(Exception):
    """Thrown so that nothing of a rehearsal is kept."""


def partner_of(request: Request) -> Partner:
    """Give the partner whose program calls.

    Raises:
        NotAPartner: the key belongs to none, or to one that is no longer in.
    """
    partner_id = request.actor.partner_id if request.actor else None
    partner = coalition_of(request).partners.get(partner_id) if partner_id else None
    if partner is None or not partner.is_active:
        raise NotAPartner
    return partner


def terms_of(request: Request, programme_code: str) -> Terms:
    """Give what the partner that calls has agreed to in a programme; no code: in its only one.

    Raises:
        NotAPartner, ProgrammeNotFound: as their names say.
    """
    partner = partner_of(request)
    coalition = coalition_of(request)
    if not programme_code:
        agreed = coalition.of_partner(partner.id)
        if len(agreed) == 1:
            return agreed[0]
        raise ProgrammeNotFound
    programme = coalition.programme(programme_code)
    terms = coalition.of(programme.id, partner.id) if programme else None
    if terms is None or not terms.participation.is_active:
        raise ProgrammeNotFound
    return terms


def coalition_of(request: Request) -> Coalition:
    """Give programmes, partners and terms."""
    return request.context.service(Directory).coalition


async def once(
    request: Request, operation: Callable[[Transaction], Awaitable[T]], *, is_secret: bool = False
) -> Response[T]:
    """Run an operation once per key; for a sandbox key run it and keep nothing.

    With `is_secret` the answer is not kept: a repeat is told that it was done, not what was shown.
    """
    if request.actor is None or not request.actor.is_sandbox:
        return await (request.once_unkept(operation) if is_secret else request.once(operation))
    given: list[T] = []
    try:
        async with request.transaction() as tx:
            given.append(await operation(tx))
            raise _Rehearsed  # noqa: TRY301 - what ends the transaction
    except _Rehearsed:
        return answer(given[0], status=request.route_handler.status_code)


async def quietly(request: Request, operation: Callable[[Transaction], Awaitable[None]]) -> None:
    """Run an operation that answers nothing, as `once` does."""
    if request.actor is None or not request.actor.is_sandbox:
        async with request.transaction(request.idempotency_key) as tx:
            await operation(tx)
        return
    await once(request, operation)
