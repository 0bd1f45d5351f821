"""`/loyalty/v1/webhooks`: a partner's endpoints, its messages with their attempts, replays.

Every call passes the partner as the owner, so nothing of another's is found.
"""

from datetime import UTC, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules import webhooks
from hansa.modules.loyalty.partner_api.webhook_bodies import (
    NewWebhookBody,
    NewWebhookView,
    WebhookChangeBody,
    WebhookMessageView,
    WebhookNewSecretView,
    WebhookReplayBody,
    WebhookReplayedView,
    WebhookRotationBody,
    WebhookTestView,
    WebhookView,
    WholeWebhookMessageView,
)
from hansa.modules.loyalty.programmes.calling import once, partner_of, quietly
from hansa.modules.webhooks import EndpointInvalid, MessageState
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

HOME = "/loyalty/v1/webhooks"
ONE = HOME + "/{webhook_id:uuid}"
MESSAGES = HOME + "/messages"
TAGS = ["Loyalty: webhooks"]
SCOPE = "loyalty.webhooks"
_ENDPOINTS, _MESSAGES = "loyalty.webhooks", "loyalty.webhooks.messages"

EventType = Annotated[str | None, QueryParameter(name="type", max_length=120)]


@get(HOME, tags=TAGS, summary="List webhooks")
async def list_webhooks(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[WebhookView]:
    """Give your endpoints, the newest first."""
    authorise(request, SCOPE)
    owner = partner_of(request).id
    cursor = request.read_cursor(after, of=_ENDPOINTS, types=(UUID,))
    async with request.snapshot() as snap:
        found = await webhooks.list_endpoints(
            snap, owner=owner, before=cursor[0] if cursor else None, limit=limit + 1
        )
        shown, following = request.page_of(
            found, limit=limit, of=_ENDPOINTS, key=lambda one: (one.id,)
        )
        secrets = await webhooks.list_secrets(
            snap, endpoint_ids=[one.id for one in shown], now=request.received_at
        )
    return ListPage([WebhookView.of(one, secrets[one.id]) for one in shown], following)


@post(HOME, tags=TAGS, summary="Add a webhook")
async def add_webhook(request: Request, data: JSONBody[NewWebhookBody]) -> Response[NewWebhookView]:
    """Add an endpoint; its secret is in this answer and nowhere else."""
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id

    async def add(tx: Transaction) -> NewWebhookView:
        endpoint, secret = await webhooks.add_endpoint(
            tx,
            owner=owner,
            url=data.url,
            event_types=data.event_types,
            description=data.description,
            signing_by=data.signing_by,
            key=_key(request),
            is_production=_is_production(request),
            by=actor,
            now=request.received_at,
        )
        return NewWebhookView(
            webhook=await _view(request, tx, endpoint.id, owner),
            secret=WebhookNewSecretView.of(secret),
        )

    return await once(request, add, is_secret=True)


@get(ONE, tags=TAGS, summary="Show a webhook")
async def show_webhook(request: Request, webhook_id: FromPath[UUID]) -> WebhookView:
    """Give an endpoint of yours."""
    authorise(request, SCOPE)
    owner = partner_of(request).id
    async with request.snapshot() as snap:
        return await _view(request, snap, webhook_id, owner)


@patch(ONE, tags=TAGS, summary="Change a webhook")
async def change_webhook(
    request: Request, webhook_id: FromPath[UUID], data: JSONBody[WebhookChangeBody]
) -> Response[WebhookView]:
    """Change an endpoint, switch it off or on; what waits goes to the new address."""
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id

    async def change(tx: Transaction) -> WebhookView:
        now = request.received_at
        await webhooks.change_endpoint(
            tx,
            endpoint_id=webhook_id,
            owner=owner,
            url=data.url,
            event_types=data.event_types,
            description=data.description,
            is_production=_is_production(request),
            by=actor,
            now=now,
        )
        if data.is_active is not None:
            switch = webhooks.enable_endpoint if data.is_active else webhooks.disable_endpoint
            await switch(tx, endpoint_id=webhook_id, owner=owner, by=actor, now=now)
        return await _view(request, tx, webhook_id, owner)

    return await once(request, change)


@delete(ONE, tags=TAGS, summary="Remove a webhook")
async def remove_webhook(request: Request, webhook_id: FromPath[UUID]) -> None:
    """Remove an endpoint; what waits for it is cancelled."""
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id

    async def remove(tx: Transaction) -> None:
        await webhooks.remove_endpoint(
            tx, endpoint_id=webhook_id, owner=owner, by=actor, now=request.received_at
        )

    await quietly(request, remove)


@post(ONE + "/secrets", tags=TAGS, summary="Replace the secret of a webhook")
async def rotate_webhook_secret(
    request: Request, webhook_id: FromPath[UUID], data: JSONBody[WebhookRotationBody]
) -> Response[WebhookNewSecretView]:
    """Make a new secret, which is in this answer and nowhere else; the former sign on for a while.

    With 0 hours the former end at once.
    """
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id

    async def rotate(tx: Transaction) -> WebhookNewSecretView:
        secret = await webhooks.rotate_secret(
            tx,
            endpoint_id=webhook_id,
            owner=owner,
            signing_by=data.signing_by,
            overlap=timedelta(hours=data.overlap_hours),
            key=_key(request),
            by=actor,
            now=request.received_at,
        )
        return WebhookNewSecretView.of(secret)

    return await once(request, rotate, is_secret=True)


@post(ONE + "/tests", tags=TAGS, summary="Send a test message")
async def test_webhook(request: Request, webhook_id: FromPath[UUID]) -> Response[WebhookTestView]:
    """Send `webhooks.ping` to an endpoint; see the message for what came of it."""
    authorise(request, SCOPE)
    owner = partner_of(request).id

    async def ping(tx: Transaction) -> WebhookTestView:
        sent = await webhooks.send_test(
            tx, endpoint_id=webhook_id, owner=owner, now=request.received_at
        )
        return WebhookTestView(message_id=sent)

    return await once(request, ping)


@post(ONE + "/replays", tags=TAGS, summary="Send again since an instant", status_code=200)
async def replay_since(
    request: Request, webhook_id: FromPath[UUID], data: JSONBody[WebhookReplayBody]
) -> Response[WebhookReplayedView]:
    """Count what would be sent again, or, without `dry_run`, send it: the dead as well."""
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id
    if data.since.tzinfo is None:
        raise EndpointInvalid("since", "the time has no zone")
    since = data.since.astimezone(UTC)

    async def replay(tx: Transaction) -> WebhookReplayedView:
        if data.dry_run:
            number = await webhooks.count_since(
                tx,
                endpoint_id=webhook_id,
                owner=owner,
                since=since,
                only_undelivered=data.only_undelivered,
            )
        else:
            number = await webhooks.replay_since(
                tx,
                endpoint_id=webhook_id,
                owner=owner,
                since=since,
                only_undelivered=data.only_undelivered,
                by=actor,
                now=request.received_at,
            )
        return WebhookReplayedView(messages=number, dry_run=data.dry_run)

    return await once(request, replay)


@get(MESSAGES, tags=TAGS, summary="List messages")
async def list_webhook_messages(  # noqa: PLR0917 - filters of a list
    request: Request,
    webhook_id: Annotated[UUID | None, QueryParameter()] = None,
    message_state: Annotated[MessageState | None, QueryParameter(name="state")] = None,
    event_type: EventType = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[WebhookMessageView]:
    """Give your messages, the newest first."""
    authorise(request, SCOPE)
    owner = partner_of(request).id
    cursor = request.read_cursor(after, of=_MESSAGES, types=(UUID,))
    async with request.snapshot(single=True) as snap:
        found = await webhooks.list_messages(
            snap,
            owner=owner,
            endpoint_id=webhook_id,
            state=message_state,
            type=event_type,
            before=cursor[0] if cursor else None,
            limit=limit + 1,
        )
    shown, following = request.page_of(found, limit=limit, of=_MESSAGES, key=lambda one: (one.id,))
    return ListPage([WebhookMessageView.of(one) for one in shown], following)


@get(MESSAGES + "/{message_id:uuid}", tags=TAGS, summary="Show a message")
async def show_webhook_message(
    request: Request, message_id: FromPath[UUID]
) -> WholeWebhookMessageView:
    """Give a message, what is sent, and its attempts, the latest first."""
    authorise(request, SCOPE)
    owner = partner_of(request).id
    async with request.snapshot() as snap:
        found = await webhooks.get_message(snap, message_id=message_id, owner=owner)
    return WholeWebhookMessageView.of(*found)


@post(
    MESSAGES + "/{message_id:uuid}/replays",
    tags=TAGS,
    summary="Send a message again",
    status_code=200,
)
async def replay_webhook_message(
    request: Request, message_id: FromPath[UUID]
) -> Response[WebhookMessageView]:
    """Send a message again, the same body under the same id, whatever became of it."""
    actor = authorise(request, SCOPE)
    owner = partner_of(request).id

    async def replay(tx: Transaction) -> WebhookMessageView:
        message = await webhooks.replay_message(
            tx, message_id=message_id, owner=owner, by=actor, now=request.received_at
        )
        return WebhookMessageView.of(message)

    return await once(request, replay)


async def _view(request: Request, snap: Snapshot, webhook_id: UUID, owner: UUID) -> WebhookView:
    endpoint = await webhooks.get_endpoint(snap, endpoint_id=webhook_id, owner=owner)
    secrets = await webhooks.list_secrets(snap, endpoint_ids=[webhook_id], now=request.received_at)
    return WebhookView.of(endpoint, secrets[webhook_id])


def _key(request: Request) -> bytes:
    return request.context.settings.secret_key.reveal().encode()


def _is_production(request: Request) -> bool:
    return request.context.settings.environment == "production"


ROUTES = (
    list_webhooks,
    add_webhook,
    show_webhook,
    change_webhook,
    remove_webhook,
    rotate_webhook_secret,
    test_webhook,
    replay_since,
    list_webhook_messages,
    show_webhook_message,
    replay_webhook_message,
)
