"""JSON API of webhooks for staff and their programs: endpoints, messages, replays."""

from datetime import UTC, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.webhooks import operations, queries, replaying, sending
from hansa.modules.webhooks.bodies import (
    EndpointChangeBody,
    EndpointView,
    MessageView,
    NewEndpointBody,
    NewEndpointView,
    NewSecretView,
    ReplayBody,
    ReplayedView,
    RotationBody,
    TestView,
    WholeMessageView,
)
from hansa.modules.webhooks.model import EndpointInvalid, EndpointState, MessageState
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Webhooks"]
VIEW, EDIT = "webhooks.view", "webhooks.edit"
_ENDPOINTS, _MESSAGES = "webhooks.endpoints", "webhooks.messages"

EventType = Annotated[str | None, QueryParameter(name="type", max_length=120)]


@get("/api/v1/webhooks/endpoints", tags=TAGS, summary="List endpoints")
async def list_endpoints(
    request: Request,
    owner_id: Annotated[UUID | None, QueryParameter()] = None,
    endpoint_state: Annotated[EndpointState | None, QueryParameter(name="state")] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[EndpointView]:
    """Give endpoints, the newest first."""
    authorise(request, VIEW)
    cursor = request.read_cursor(after, of=_ENDPOINTS, types=(UUID,))
    async with request.snapshot() as snap:
        found = await queries.list_endpoints(
            snap,
            owner=owner_id,
            state=endpoint_state,
            before=None if cursor is None else cursor[0],
            limit=limit + 1,
        )
        shown, following = request.page_of(
            found, limit=limit, of=_ENDPOINTS, key=lambda one: (one.id,)
        )
        secrets = await queries.list_secrets(
            snap, endpoint_ids=[one.id for one in shown], now=request.received_at
        )
    return ListPage([EndpointView.of(one, secrets[one.id]) for one in shown], following)


@post("/api/v1/webhooks/endpoints", tags=TAGS, summary="Add an endpoint")
async def add_endpoint(
    request: Request, data: JSONBody[NewEndpointBody]
) -> Response[NewEndpointView]:
    """Add an endpoint; its secret is in this answer and nowhere else."""
    actor = authorise(request, EDIT)

    async def add(tx: Transaction) -> NewEndpointView:
        endpoint, secret = await operations.add_endpoint(
            tx,
            owner=data.owner_id,
            url=data.url,
            event_types=data.event_types,
            description=data.description,
            calls_max=data.calls_max,
            signing_by=data.signing_by,
            key=_key(request),
            is_production=_is_production(request),
            by=actor,
            now=request.received_at,
        )
        return NewEndpointView(await _view(request, tx, endpoint.id), NewSecretView.of(secret))

    return await request.once_unkept(add)


@get("/api/v1/webhooks/endpoints/{endpoint_id:uuid}", tags=TAGS, summary="Show an endpoint")
async def show_endpoint(request: Request, endpoint_id: FromPath[UUID]) -> EndpointView:
    """Give an endpoint."""
    authorise(request, VIEW)
    async with request.snapshot() as snap:
        return await _view(request, snap, endpoint_id)


@patch("/api/v1/webhooks/endpoints/{endpoint_id:uuid}", tags=TAGS, summary="Change an endpoint")
async def change_endpoint(
    request: Request, endpoint_id: FromPath[UUID], data: JSONBody[EndpointChangeBody]
) -> Response[EndpointView]:
    """Change an endpoint; what waits goes to the new address."""
    actor = authorise(request, EDIT)

    async def change(tx: Transaction) -> EndpointView:
        await operations.change_endpoint(
            tx,
            endpoint_id=endpoint_id,
            url=data.url,
            event_types=data.event_types,
            description=data.description,
            calls_max=data.calls_max,
            is_production=_is_production(request),
            by=actor,
            now=request.received_at,
        )
        return await _view(request, tx, endpoint_id)

    return await request.once(change)


@delete("/api/v1/webhooks/endpoints/{endpoint_id:uuid}", tags=TAGS, summary="Remove an endpoint")
async def remove_endpoint(request: Request, endpoint_id: FromPath[UUID]) -> None:
    """Remove an endpoint; what waits for it is cancelled."""
    actor = authorise(request, EDIT)
    async with request.transaction(request.idempotency_key) as tx:
        await operations.remove_endpoint(
            tx, endpoint_id=endpoint_id, by=actor, now=request.received_at
        )


@post(
    "/api/v1/webhooks/endpoints/{endpoint_id:uuid}/secrets", tags=TAGS, summary="Replace the secret"
)
async def rotate_secret(
    request: Request, endpoint_id: FromPath[UUID], data: JSONBody[RotationBody]
) -> Response[NewSecretView]:
    """Make a new secret, which is in this answer and nowhere else; the former sign on for a while.

    With 0 hours the former end at once.
    """
    actor = authorise(request, EDIT)

    async def rotate(tx: Transaction) -> NewSecretView:
        secret = await operations.rotate_secret(
            tx,
            endpoint_id=endpoint_id,
            signing_by=data.signing_by,
            overlap=timedelta(hours=data.overlap_hours),
            key=_key(request),
            by=actor,
            now=request.received_at,
        )
        return NewSecretView.of(secret)

    return await request.once_unkept(rotate)


@post(
    "/api/v1/webhooks/endpoints/{endpoint_id:uuid}/disabled",
    tags=TAGS,
    summary="Disable an endpoint",
    status_code=200,
)
async def disable_endpoint(request: Request, endpoint_id: FromPath[UUID]) -> Response[EndpointView]:
    """Send nothing to it any more; what waits is cancelled and can be replayed."""
    actor = authorise(request, EDIT)

    async def disable(tx: Transaction) -> EndpointView:
        await operations.disable_endpoint(
            tx, endpoint_id=endpoint_id, by=actor, now=request.received_at
        )
        return await _view(request, tx, endpoint_id)

    return await request.once(disable)


@post(
    "/api/v1/webhooks/endpoints/{endpoint_id:uuid}/enabled",
    tags=TAGS,
    summary="Enable an endpoint",
    status_code=200,
)
async def enable_endpoint(request: Request, endpoint_id: FromPath[UUID]) -> Response[EndpointView]:
    """Send to it again what happens from now on."""
    actor = authorise(request, EDIT)

    async def enable(tx: Transaction) -> EndpointView:
        await operations.enable_endpoint(
            tx, endpoint_id=endpoint_id, by=actor, now=request.received_at
        )
        return await _view(request, tx, endpoint_id)

    return await request.once(enable)


@post("/api/v1/webhooks/endpoints/{endpoint_id:uuid}/tests", tags=TAGS, summary="Send a test")
async def send_test(request: Request, endpoint_id: FromPath[UUID]) -> Response[TestView]:
    """Send `webhooks.ping` to an endpoint; see the message for what came of it."""
    authorise(request, EDIT)

    async def ping(tx: Transaction) -> TestView:
        return TestView(
            await sending.send_test(tx, endpoint_id=endpoint_id, now=request.received_at)
        )

    return await request.once(ping)


@post(
    "/api/v1/webhooks/endpoints/{endpoint_id:uuid}/replays",
    tags=TAGS,
    summary="Send again since an instant",
    status_code=200,
)
async def replay_since(
    request: Request, endpoint_id: FromPath[UUID], data: JSONBody[ReplayBody]
) -> Response[ReplayedView]:
    """Count what would be sent again, or, without `dry_run`, send it: the dead as well."""
    actor = authorise(request, EDIT)
    if data.since.tzinfo is None:
        raise EndpointInvalid("since", "the time has no zone")
    since = data.since.astimezone(UTC)

    async def replay(tx: Transaction) -> ReplayedView:
        if data.dry_run:
            number = await replaying.count_since(
                tx,
                endpoint_id=endpoint_id,
                since=since,
                only_undelivered=data.only_undelivered,
            )
        else:
            number = await replaying.replay_since(
                tx,
                endpoint_id=endpoint_id,
                since=since,
                only_undelivered=data.only_undelivered,
                by=actor,
                now=request.received_at,
            )
        return ReplayedView(number, data.dry_run)

    return await request.once(replay)


@get("/api/v1/webhooks/messages", tags=TAGS, summary="List messages")
async def list_messages(  # noqa: PLR0917 - filters of a list
    request: Request,
    owner_id: Annotated[UUID | None, QueryParameter()] = None,
    endpoint_id: Annotated[UUID | None, QueryParameter()] = None,
    message_state: Annotated[MessageState | None, QueryParameter(name="state")] = None,
    event_type: EventType = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[MessageView]:
    """Give messages, the newest first."""
    authorise(request, VIEW)
    cursor = request.read_cursor(after, of=_MESSAGES, types=(UUID,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_messages(
            snap,
            owner=owner_id,
            endpoint_id=endpoint_id,
            state=message_state,
            type=event_type,
            before=None if cursor is None else cursor[0],
            limit=limit + 1,
        )
    shown, following = request.page_of(found, limit=limit, of=_MESSAGES, key=lambda one: (one.id,))
    return ListPage([MessageView.of(one) for one in shown], following)


@get("/api/v1/webhooks/messages/{message_id:uuid}", tags=TAGS, summary="Show a message")
async def show_message(request: Request, message_id: FromPath[UUID]) -> WholeMessageView:
    """Give a message, what is sent, and its attempts, the latest first."""
    authorise(request, VIEW)
    async with request.snapshot() as snap:
        return WholeMessageView.of(*await queries.get_message(snap, message_id=message_id))


@post(
    "/api/v1/webhooks/messages/{message_id:uuid}/replays",
    tags=TAGS,
    summary="Send a message again",
    status_code=200,
)
async def replay_message(request: Request, message_id: FromPath[UUID]) -> Response[MessageView]:
    """Send a message again, the same body under the same id, whatever became of it."""
    actor = authorise(request, EDIT)

    async def replay(tx: Transaction) -> MessageView:
        return MessageView.of(
            await replaying.replay_message(
                tx, message_id=message_id, by=actor, now=request.received_at
            )
        )

    return await request.once(replay)


async def _view(request: Request, snap: Snapshot, endpoint_id: UUID) -> EndpointView:
    endpoint = await queries.get_endpoint(snap, endpoint_id=endpoint_id)
    secrets = await queries.list_secrets(snap, endpoint_ids=[endpoint_id], now=request.received_at)
    return EndpointView.of(endpoint, secrets[endpoint_id])


def _key(request: Request) -> bytes:
    return request.context.settings.secret_key.reveal().encode()


def _is_production(request: Request) -> bool:
    return request.context.settings.environment == "production"


ROUTES = (
    list_endpoints,
    add_endpoint,
    show_endpoint,
    change_endpoint,
    remove_endpoint,
    rotate_secret,
    disable_endpoint,
    enable_endpoint,
    send_test,
    replay_since,
    list_messages,
    show_message,
    replay_message,
)
