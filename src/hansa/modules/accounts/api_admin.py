"""JSON API for administrators: users, roles, API keys, audit log."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.accounts import audit, keys, links, operations, queries, two_factor
from hansa.modules.accounts.bodies import (
    AuditView,
    KeyView,
    NewKeyBody,
    NewKeyView,
    NewUserBody,
    PermissionView,
    RoleBody,
    RoleView,
    UserChangeBody,
    UserView,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http.identity import PermissionMissing, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT, Cursor, Limit, ListPage
from hansa.runtime.http.request import Request

TAGS = ["Users, roles and keys"]
Text = Annotated[str | None, QueryParameter(max_length=200)]


@get("/api/v1/users", tags=TAGS, summary="List users")
async def list_users(
    request: Request,
    kind: Annotated[Literal["staff", "shopper", "partner"], QueryParameter()] = "staff",
    search: Text = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[UserView]:
    """Give users, newest first."""
    authorise(request, "accounts.view")
    cursor = request.read_cursor(after, of="users", types=(UUID,))
    async with request.snapshot(single=True) as snapshot:
        found = await queries.list_users(
            snapshot,
            kind=kind,
            search=search,
            after=cursor[0] if cursor else None,
            limit=limit + 1,
        )
    shown, following = request.page_of(found, limit=limit, of="users", key=lambda user: [user.id])
    return ListPage([UserView.of(user) for user in shown], following)


@post("/api/v1/users", tags=TAGS, summary="Add a user")
async def add_user(request: Request, data: JSONBody[NewUserBody]) -> Response[UserView]:
    """Make a user; without a password they are sent a link to set one."""
    actor = authorise(request, "accounts.edit")

    async def add(tx: Transaction) -> UserView:
        await operations.check_may_give(tx, actor=actor, roles=data.roles)
        user = await operations.create_user(
            tx,
            email=data.email,
            password=data.password,
            kind=data.kind,
            partner_id=data.partner_id,
            roles=data.roles,
            name=data.name,
            language=data.language,
            password_characters_min=request.context.settings.password_characters_min,
            by=actor,
            now=request.received_at,
        )
        if data.password is None:
            await tx.enqueue(links.SendLink(user_id=user.id, purpose="password"))
        return UserView.of(user)

    return await request.once(add)


@get("/api/v1/users/{user_id:uuid}", tags=TAGS, summary="Show a user")
async def show_user(request: Request, user_id: FromPath[UUID]) -> UserView:
    """Give a user."""
    authorise(request, "accounts.view")
    async with request.snapshot(single=True) as snapshot:
        return UserView.of(await queries.get_user(snapshot, user_id=user_id))


@patch("/api/v1/users/{user_id:uuid}", tags=TAGS, summary="Change a user")
async def change_user(
    request: Request, user_id: FromPath[UUID], data: JSONBody[UserChangeBody]
) -> Response[UserView]:
    """Change a user's name, language, roles, or switch them off."""
    actor = authorise(request, "accounts.edit")

    async def change(tx: Transaction) -> UserView:
        before = await queries.get_user(tx, user_id=user_id)
        await operations.check_may_give(tx, actor=actor, roles=before.roles)
        if data.roles is not None:
            await operations.check_may_give(tx, actor=actor, roles=data.roles)
            await operations.set_roles(
                tx, user_id=user_id, roles=data.roles, by=actor, now=request.received_at
            )
        user = await operations.save_user(
            tx,
            user_id=user_id,
            name=data.name,
            language=data.language,
            is_active=data.is_active,
            by=actor,
            now=request.received_at,
        )
        return UserView.of(user)

    return await request.once(change)


@delete(
    "/api/v1/users/{user_id:uuid}/two-factor", tags=TAGS, summary="Take a user's second factor off"
)
async def take_two_factor_off(request: Request, user_id: FromPath[UUID]) -> None:
    """For somebody who lost the telephone and the recovery codes; their sessions end."""
    actor = authorise(request, "accounts.edit")
    async with request.transaction(request.idempotency_key) as tx:
        user = await queries.get_user(tx, user_id=user_id)
        await operations.check_may_give(tx, actor=actor, roles=user.roles)
        await two_factor.remove_two_factor(tx, user_id=user_id, by=actor, now=request.received_at)
        await operations.end_sessions(tx, user_id=user_id, now=request.received_at)


@get("/api/v1/permissions", tags=TAGS, summary="List permissions")
async def list_permissions(request: Request) -> list[PermissionView]:
    """Give everything a role may allow, titles in the language of the request."""
    authorise(request, "accounts.view")
    wiring = request.visit.wiring
    return [
        PermissionView(one.code, wiring.translator.sentence(request.language, one.title))
        for one in wiring.permissions
    ]


@get("/api/v1/roles", tags=TAGS, summary="List roles")
async def list_roles(request: Request) -> list[RoleView]:
    """Give every role."""
    authorise(request, "accounts.view")
    async with request.snapshot(single=True) as snapshot:
        return [RoleView.of(role) for role in await queries.list_roles(snapshot)]


@put("/api/v1/roles/{code:str}", tags=TAGS, summary="Save a role")
async def save_role(
    request: Request, code: FromPath[str], data: JSONBody[RoleBody]
) -> Response[RoleView]:
    """Make a role or change it; nobody puts more into a role than they may do themselves."""
    actor = authorise(request, "accounts.edit")
    for permission in data.permissions:
        if not actor.may(permission):
            raise PermissionMissing(permission)

    async def save(tx: Transaction) -> RoleView:
        return RoleView.of(
            await operations.save_role(
                tx,
                code=code,
                title=data.title,
                permissions=data.permissions,
                known_permissions=request.visit.wiring.permission_codes,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(save)


@delete("/api/v1/roles/{code:str}", tags=TAGS, summary="Delete a role")
async def remove_role(request: Request, code: FromPath[str]) -> None:
    """Delete a role nobody has."""
    actor = authorise(request, "accounts.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.remove_role(tx, code=code, by=actor, now=request.received_at)


@get("/api/v1/api-keys", tags=TAGS, summary="List API keys")
async def list_keys(request: Request) -> list[KeyView]:
    """Give every key, without secrets."""
    authorise(request, "accounts.view")
    async with request.snapshot(single=True) as snapshot:
        return [KeyView.of(key) for key in await keys.list_api_keys(snapshot)]


@post("/api/v1/api-keys", tags=TAGS, summary="Make an API key")
async def add_key(request: Request, data: JSONBody[NewKeyBody]) -> Response[NewKeyView]:
    """Make a key; its secret is in this answer and nowhere else, so a repeat makes another key."""
    actor = authorise(request, "accounts.edit")

    async def add(tx: Transaction) -> NewKeyView:
        key, secret = await keys.create_api_key(
            tx,
            name=data.name,
            scopes=data.scopes,
            by=actor,
            expires_at=data.expires_at,
            known_permissions=request.visit.wiring.permission_codes,
            now=request.received_at,
        )
        return NewKeyView(KeyView.of(key), secret)

    return await request.once_unkept(add)


@delete("/api/v1/api-keys/{key_id:uuid}", tags=TAGS, summary="End an API key")
async def revoke_key(request: Request, key_id: FromPath[UUID]) -> None:
    """End a key."""
    actor = authorise(request, "accounts.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await keys.revoke_api_key(tx, key_id=key_id, by=actor, now=request.received_at)


@get("/api/v1/audit", tags=TAGS, summary="Read the audit log")
async def list_audit(  # noqa: PLR0917 - Litestar passes them by name
    request: Request,
    subject_kind: Text = None,
    subject_id: Text = None,
    actor_id: Annotated[UUID | None, QueryParameter()] = None,
    action: Text = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[AuditView]:
    """Give changes of state, newest first."""
    authorise(request, "accounts.audit")
    cursor = request.read_cursor(after, of="audit", types=(datetime, UUID))
    async with request.snapshot(single=True) as snapshot:
        found = await audit.list_audit(
            snapshot,
            subject_kind=subject_kind,
            subject_id=subject_id,
            actor_id=actor_id,
            action=action,
            after=cursor,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of="audit", key=lambda entry: [entry.at, entry.id]
    )
    return ListPage([AuditView.of(entry) for entry in shown], following)


ROUTES = [
    list_users,
    add_user,
    show_user,
    change_user,
    take_two_factor_off,
    list_permissions,
    list_roles,
    save_role,
    remove_role,
    list_keys,
    add_key,
    revoke_key,
    list_audit,
]
