"""JSON API for administrators: clients, their secrets and keys."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from hansa.modules.accounts.oauth import operations, queries
from hansa.modules.accounts.oauth.bodies import (
    ClientChangeBody,
    ClientKeyView,
    ClientView,
    NewClientBody,
    NewClientKeyBody,
    NewClientView,
    NewSecretView,
    RotationBody,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http.identity import authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT, Cursor, Limit, ListPage
from hansa.runtime.http.request import Request

PERMISSION = "accounts.manage_clients"
TAGS = ["OAuth 2 clients"]
PATH = "/api/v1/oauth/clients"
ONE = f"{PATH}/{{client_id:uuid}}"


@get(PATH, tags=TAGS, summary="List clients")
async def list_clients(
    request: Request,
    partner_id: Annotated[UUID | None, QueryParameter()] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[ClientView]:
    """Give clients, ended ones too, newest first."""
    authorise(request, PERMISSION)
    cursor = request.read_cursor(after, of="oauth.clients", types=(UUID,))
    async with request.snapshot() as snapshot:
        found = await queries.list_clients(
            snapshot,
            partner_id=partner_id,
            after=cursor[0] if cursor else None,
            limit=limit + 1,
            now=request.received_at,
        )
    shown, following = request.page_of(
        found, limit=limit, of="oauth.clients", key=lambda client: [client.id]
    )
    return ListPage([ClientView.of(client) for client in shown], following)


@post(PATH, tags=TAGS, summary="Make a client")
async def add_client(request: Request, data: JSONBody[NewClientBody]) -> Response[NewClientView]:
    """Make a client; its secret is in this answer and nowhere else."""
    actor = authorise(request, PERMISSION)

    async def add(tx: Transaction) -> NewClientView:
        client, secret = await operations.create_client(
            tx,
            name=data.name,
            scopes=data.scopes,
            partner_id=data.partner_id,
            is_sandbox=data.is_sandbox,
            spend_needs_key=data.spend_needs_key,
            networks=data.networks,
            requests_per_minute=data.requests_per_minute,
            with_secret=data.with_secret,
            known_permissions=request.visit.wiring.permission_codes,
            by=actor,
            now=request.received_at,
        )
        return NewClientView(ClientView.of(client), secret)

    return await request.once_unkept(add)


@get(ONE, tags=TAGS, summary="Show a client")
async def show_client(request: Request, client_id: FromPath[UUID]) -> ClientView:
    """Give a client."""
    authorise(request, PERMISSION)
    async with request.snapshot() as snapshot:
        client = await queries.get_client(snapshot, client_id=client_id, now=request.received_at)
    return ClientView.of(client)


@patch(ONE, tags=TAGS, summary="Change a client")
async def change_client(
    request: Request, client_id: FromPath[UUID], data: JSONBody[ClientChangeBody]
) -> Response[ClientView]:
    """Change what a client may do; tokens given before are refused within five seconds."""
    actor = authorise(request, PERMISSION)
    rate = data.requests_per_minute

    async def change(tx: Transaction) -> ClientView:
        return ClientView.of(
            await operations.change_client(
                tx,
                client_id=client_id,
                name=None if data.name is UNSET else data.name,
                scopes=None if data.scopes is UNSET else data.scopes,
                networks=None if data.networks is UNSET else data.networks,
                requests_per_minute=None if rate is UNSET else rate,
                is_rate_changed=rate is not UNSET,
                spend_needs_key=None if data.spend_needs_key is UNSET else data.spend_needs_key,
                known_permissions=request.visit.wiring.permission_codes,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(change)


@delete(ONE, tags=TAGS, summary="End a client")
async def revoke_client(request: Request, client_id: FromPath[UUID]) -> None:
    """End a client and, within five seconds, its tokens."""
    actor = authorise(request, PERMISSION)
    async with request.transaction(request.idempotency_key) as tx:
        await operations.revoke_client(tx, client_id=client_id, by=actor, now=request.received_at)


@post(f"{ONE}/secrets", tags=TAGS, summary="Give a client a new secret")
async def rotate_secret(
    request: Request, client_id: FromPath[UUID], data: JSONBody[RotationBody]
) -> Response[NewSecretView]:
    """Make a secret, shown in this answer alone; the old ones end after the overlap."""
    actor = authorise(request, PERMISSION)

    async def rotate(tx: Transaction) -> NewSecretView:
        kept, secret = await operations.rotate_secret(
            tx,
            client_id=client_id,
            overlap=timedelta(hours=data.overlap_hours),
            by=actor,
            now=request.received_at,
        )
        return NewSecretView(kept.id, secret)

    return await request.once_unkept(rotate)


@delete(f"{ONE}/secrets/{{secret_id:uuid}}", tags=TAGS, summary="End a secret")
async def revoke_secret(
    request: Request, client_id: FromPath[UUID], secret_id: FromPath[UUID]
) -> None:
    """End a secret and, within five seconds, the tokens it got."""
    actor = authorise(request, PERMISSION)
    async with request.transaction(request.idempotency_key) as tx:
        await operations.revoke_secret(
            tx, client_id=client_id, secret_id=secret_id, by=actor, now=request.received_at
        )


@post(f"{ONE}/keys", tags=TAGS, summary="Add a public key")
async def add_key(
    request: Request, client_id: FromPath[UUID], data: JSONBody[NewClientKeyBody]
) -> Response[ClientKeyView]:
    """Add a public key for signed assertions."""
    actor = authorise(request, PERMISSION)

    async def add(tx: Transaction) -> ClientKeyView:
        return ClientKeyView.of(
            await operations.add_client_key(
                tx, client_id=client_id, jwk=data.jwk, by=actor, now=request.received_at
            )
        )

    return await request.once(add)


@delete(f"{ONE}/keys/{{kid:str}}", tags=TAGS, summary="Take a public key away")
async def remove_key(request: Request, client_id: FromPath[UUID], kid: FromPath[str]) -> None:
    """Take a public key away and, within five seconds, the tokens it got."""
    actor = authorise(request, PERMISSION)
    async with request.transaction(request.idempotency_key) as tx:
        await operations.remove_client_key(
            tx, client_id=client_id, kid=kid, by=actor, now=request.received_at
        )


ROUTES = [
    list_clients,
    add_client,
    show_client,
    change_client,
    revoke_client,
    rotate_secret,
    revoke_secret,
    add_key,
    remove_key,
]
