"""Where messages of a connection go, how we sign in there, which contract versions it takes."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import accounts, erp
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.erp_queue import HOME, KINDS
from hansa.surfaces.backoffice.presenting import (
    done,
    local_text,
    read_instant,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

outgoing = erp.outgoing

TRANSPORTS = {
    outgoing.Transport.HTTP: "HTTP service of 1C",
    outgoing.Transport.KAFKA: "Kafka",
}
SIGN_INS = {
    outgoing.SignIn.BASIC: "User and password",
    outgoing.SignIn.BEARER: "Token",
    outgoing.SignIn.NONE: "Without signing in",
}
_Text = Annotated[str, msgspec.Meta(max_length=500)]


class QueueFields(msgspec.Struct):
    """What is told of a queue."""

    transport: outgoing.Transport
    sign_in: outgoing.SignIn
    address: _Text = ""
    user_name: _Text = ""
    secret: _Text = ""
    kinds: tuple[outgoing.MessageKind, ...] = ()
    refusals_max: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8
    is_active: bool = False


class SwitchFields(msgspec.Struct):
    """Which contract version holds alone, and from when."""

    version: int
    at: _Text = ""


@get("/office/erp-queue/{connection_id:uuid}/settings")
async def show_settings(request: Request, connection_id: FromPath[UUID]) -> Page:
    """Show how messages of a connection leave."""
    staff(request, "erp.view")
    async with request.snapshot() as snap:
        held = await outgoing.find_outgoing(snap, connection_id=connection_id)
    known = held or outgoing.Outgoing(
        connection_id=connection_id,
        sign_in=outgoing.SignIn.BASIC,
        starts_at=request.received_at,
    )
    form = first_shown(
        request,
        transport=str(known.transport),
        sign_in=str(known.sign_in),
        address=known.address,
        user_name=known.user_name,
        kinds=[str(kind) for kind in known.kinds],
        refusals_max=str(known.refusals_max),
        is_active="1" if known.is_active else None,
    )
    return await _page(request, connection_id, form)


@post("/office/erp-queue/{connection_id:uuid}/settings")
async def save_settings(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Change how messages of a connection leave; the audit log never sees the secret."""
    by = staff(request, "erp.edit")
    form = await read_form(request, QueueFields)
    typed = form.value
    if typed is None:
        return await _page(request, connection_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            connection = await erp.get_connection(tx, connection_id=connection_id)
            before = await outgoing.find_outgoing(tx, connection_id=connection_id)
            wanted = replace(
                before
                or outgoing.Outgoing(connection_id=connection_id, starts_at=request.received_at),
                transport=typed.transport,
                sign_in=typed.sign_in,
                address=typed.address,
                user_name=typed.user_name,
                kinds=tuple(typed.kinds),
                refusals_max=typed.refusals_max,
                is_active=typed.is_active,
            )
            await outgoing.save_outgoing(
                tx,
                outgoing=wanted,
                key=request.context.settings.secret_key.reveal().encode(),
                secret=typed.secret or None,
            )
            await accounts.record(
                tx,
                actor=by,
                action="erp.queue_saved",
                subject_kind="erp_connection",
                subject_id=connection.id,
                before=None if before is None else _told(before),
                after=_told(wanted) | {"secret_changed": bool(typed.secret)},
                now=request.received_at,
            )
    except outgoing.OutgoingInvalid as refusal:
        form.add(
            refusal.field if refusal.field in QueueFields.__struct_fields__ else WHOLE, refusal
        )
        return await _page(request, connection_id, form, status_code=422)
    return done(request, f"{HOME}?connection={connection_id}")


@post("/office/erp-queue/{connection_id:uuid}/contract")
async def switch_contract(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Have the connection take one contract version alone from an instant on."""
    by = staff(request, "erp.edit")
    form = await read_form(request, SwitchFields)
    at = read_instant(request, form, "at") or request.received_at
    if form.value is None:
        return await _page(request, connection_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await outgoing.switch_contract(
                tx, connection_id=connection_id, to=form.value.version, at=at
            )
            await accounts.record(
                tx,
                actor=by,
                action="erp.contract_switched",
                subject_kind="erp_connection",
                subject_id=connection_id,
                after={"version": form.value.version, "at": at.isoformat()},
                now=request.received_at,
            )
    except outgoing.OutgoingInvalid as refusal:
        form.add("version", refusal)
        return await _page(request, connection_id, form, status_code=422)
    return done(request, f"{HOME}/{connection_id}/settings")


def _told(queue: outgoing.Outgoing) -> dict[str, object]:
    return {
        "transport": queue.transport,
        "address": queue.address,
        "sign_in": queue.sign_in,
        "user_name": queue.user_name,
        "kinds": [str(kind) for kind in queue.kinds],
        "refusals_max": queue.refusals_max,
        "is_active": queue.is_active,
    }


async def _page(
    request: Request, connection_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate, language, zone = words(request), request.language, zone_of(request)
    async with request.snapshot() as snap:
        connection = await erp.get_connection(snap, connection_id=connection_id)
        held = await outgoing.find_outgoing(snap, connection_id=connection_id)
    now = request.received_at
    return show(
        request,
        "erp_queue_settings.html",
        status_code=status_code,
        connection=connection,
        form=form,
        is_set_up=held is not None,
        has_secret=held is not None and held.secret is not None,
        transports=[(str(one), translate(label)) for one, label in TRANSPORTS.items()],
        sign_ins=[(str(one), translate(label)) for one, label in SIGN_INS.items()],
        kinds=[(str(one), translate(label)) for one, label in KINDS.items()],
        versions=[(str(one), f"v{one}") for one in outgoing.VERSIONS],
        at=local_text(request, now),
        contracts=[
            {
                "version": one.version,
                "holds": one.holds(now),
                "starts": format_moment(one.starts_at, language, zone),
                "ends": format_moment(one.ends_at, language, zone),
            }
            for one in (held.contracts if held is not None else ())
        ],
    )


ROUTES = (show_settings, save_settings, switch_contract)
