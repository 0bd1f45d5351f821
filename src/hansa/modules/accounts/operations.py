"""What changes users, roles and passwords. Sessions are in `sessions.py`, keys in `keys.py`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.contracts.accounts import UserCreated
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import Localised
from hansa.modules.accounts import model, queries, store
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.passwords import hash_password
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http.identity import Actor, PermissionMissing

PASSWORD_CHARACTERS_MIN = 10


async def create_user(  # noqa: PLR0913 - what a user is made of
    tx: Transaction,
    *,
    email: str,
    password: str | None,
    kind: model.UserKind,
    party_id: UUID | None = None,
    partner_id: UUID | None = None,
    roles: Sequence[str] = (),
    name: str = "",
    language: str | None = None,
    is_email_verified: bool = False,
    password_characters_min: int = PASSWORD_CHARACTERS_MIN,
    by: Actor | None = None,
    now: datetime,
) -> model.User:
    """Let somebody sign in. Without a password they cannot, until they have set one by a link.

    Raises:
        EmailInvalid, EmailTaken, PartnerUnfit, PasswordWeak, NoSuchRole: as their names say.
    """
    if (kind == "partner") != (partner_id is not None):
        raise model.PartnerUnfit
    cleaned = model.clean_email(email)
    password_hash = None
    if password is not None:
        model.check_password(password, email=cleaned, characters_min=password_characters_min)
        password_hash = await hash_password(password)
    user_id = new_id(now)
    made = await tx.execute(
        store.INSERT_USER,
        {
            "id": user_id,
            "kind": kind,
            "email": cleaned,
            "name": name[: model.NAME_CHARACTERS_MAX],
            "language": language,
            "party_id": party_id,
            "partner_id": partner_id,
            "password_hash": password_hash,
            "email_verified_at": now if is_email_verified else None,
            "now": now,
        },
    )
    if made == 0:
        raise model.EmailTaken
    if roles:
        await _replace_roles(tx, user_id=user_id, roles=roles)
    await record(
        tx,
        actor=by,
        action="accounts.create_user",
        subject_kind="user",
        subject_id=user_id,
        after={
            "kind": kind,
            "roles": list(roles),
            "party_id": party_id,
            "partner_id": partner_id,
        },
        now=now,
    )
    await tx.publish(UserCreated(user_id=user_id, kind=kind, party_id=party_id))
    return await queries.get_user(tx, user_id=user_id)


async def save_user(  # noqa: PLR0913 - each may be changed alone
    tx: Transaction,
    *,
    user_id: UUID,
    name: str | None = None,
    language: str | None = None,
    is_active: bool | None = None,
    party_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> model.User:
    """Change what is given and leave the rest. Switching a user off ends all their sessions.

    Raises:
        NoSuchUser, LastAdministrator: as their names say.
    """
    await lock_user(tx, user_id=user_id)
    before = await queries.get_user(tx, user_id=user_id)
    if is_active is False:
        await _keep_an_administrator(tx, user_id=user_id)
    await tx.execute(
        store.UPDATE_USER,
        {
            "id": user_id,
            "name": None if name is None else name[: model.NAME_CHARACTERS_MAX],
            "language": language,
            "is_active": is_active,
            "party_id": party_id,
            "now": now,
        },
    )
    if is_active is False:
        await end_sessions(tx, user_id=user_id, now=now)
    after = await queries.get_user(tx, user_id=user_id)
    changed = [
        field
        for field in ("name", "language", "is_active", "party_id")
        if getattr(before, field) != getattr(after, field)
    ]
    if changed:
        await record(
            tx,
            actor=by,
            action="accounts.save_user",
            subject_kind="user",
            subject_id=user_id,
            before={field: getattr(before, field) for field in changed},
            after={field: getattr(after, field) for field in changed},
            now=now,
        )
    return after


async def set_roles(
    tx: Transaction, *, user_id: UUID, roles: Sequence[str], by: Actor | None, now: datetime
) -> model.User:
    """Give a member of staff exactly these roles.

    Raises:
        NoSuchUser, NoSuchRole, LastAdministrator: as their names say.
    """
    await lock_user(tx, user_id=user_id)
    before = await queries.get_user(tx, user_id=user_id)
    if sorted(set(roles)) == sorted(before.roles):
        return before
    if model.ADMINISTRATOR in before.roles and model.ADMINISTRATOR not in roles:
        await _keep_an_administrator(tx, user_id=user_id)
    await _replace_roles(tx, user_id=user_id, roles=roles)
    await record(
        tx,
        actor=by,
        action="accounts.set_roles",
        subject_kind="user",
        subject_id=user_id,
        before={"roles": list(before.roles)},
        after={"roles": sorted(set(roles))},
        now=now,
    )
    return await queries.get_user(tx, user_id=user_id)


async def set_password(
    tx: Transaction,
    *,
    user_id: UUID,
    password: str,
    password_characters_min: int = PASSWORD_CHARACTERS_MIN,
    keep_session: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """Set a password and end every session but one.

    Raises:
        NoSuchUser, PasswordWeak: as their names say.
    """
    user = await queries.get_user(tx, user_id=user_id)
    model.check_password(password, email=user.email, characters_min=password_characters_min)
    password_hash = await hash_password(password)
    await tx.execute(
        store.SET_PASSWORD, {"id": user_id, "password_hash": password_hash, "now": now}
    )
    await tx.execute(store.END_TOKENS, {"user_id": user_id, "purpose": "password", "now": now})
    await end_sessions(tx, user_id=user_id, but_not=keep_session, now=now)
    await record(
        tx,
        actor=by,
        action="accounts.set_password",
        subject_kind="user",
        subject_id=user_id,
        now=now,
    )


async def end_sessions(
    tx: Transaction, *, user_id: UUID, but_not: UUID | None = None, now: datetime
) -> int:
    """End a user's sessions; give how many."""
    return await tx.execute(
        store.REVOKE_SESSIONS_OF_USER, {"user_id": user_id, "but_not": but_not, "now": now}
    )


async def save_role(
    tx: Transaction,
    *,
    code: str,
    title: Localised,
    permissions: Sequence[str],
    known_permissions: Sequence[str],
    by: Actor | None,
    now: datetime,
) -> model.Role:
    """Make or change a role. It counts from the next request of whoever has it.

    Raises:
        RoleInvalid: an odd code, or a permission that no module declares.
        RoleInUse: the role is built in; its permissions come with Hansa.
    """
    model.check_role(code, permissions, known_permissions)
    before = await queries.find_role(tx, code=code)
    if before is not None and before.is_built_in:
        raise model.RoleInUse(code)
    wanted = sorted(set(permissions))
    await _write_role(tx, code=code, title=title, permissions=wanted, is_built_in=False, now=now)
    await record(
        tx,
        actor=by,
        action="accounts.save_role",
        subject_kind="role",
        subject_id=code,
        before=None if before is None else {"permissions": list(before.permissions)},
        after={"permissions": wanted},
        now=now,
    )
    saved = await queries.find_role(tx, code=code)
    assert saved is not None
    return saved


async def remove_role(tx: Transaction, *, code: str, by: Actor | None, now: datetime) -> None:
    """Delete a role nobody has.

    Raises:
        NoSuchRole, RoleInUse: as their names say.
    """
    role = await queries.find_role(tx, code=code)
    if role is None:
        raise model.NoSuchRole(code)
    if role.is_built_in or role.users:
        raise model.RoleInUse(code)
    await tx.execute(store.DELETE_ROLE, {"code": code})
    await record(
        tx,
        actor=by,
        action="accounts.remove_role",
        subject_kind="role",
        subject_id=code,
        before={"permissions": list(role.permissions)},
        now=now,
    )


async def ensure_built_in_roles(
    tx: Transaction, *, known_permissions: Sequence[str], now: datetime
) -> None:
    """Make the roles that come with Hansa, with the permissions of the modules that are there."""
    for role in model.BUILT_IN_ROLES:
        await _write_role(
            tx,
            code=role.code,
            title=role.title,
            permissions=role.permissions(known_permissions),
            is_built_in=True,
            now=now,
        )


async def check_may_give(snapshot: Snapshot, *, actor: Actor, roles: Sequence[str]) -> None:
    """Refuse to give or take a role that allows more than the actor may do themselves.

    Raises:
        NoSuchRole: there is no such role.
        PermissionMissing: the role allows what the actor may not.
    """
    for code in roles:
        role = await queries.find_role(snapshot, code=code)
        if role is None:
            raise model.NoSuchRole(code)
        for permission in role.permissions:
            if not actor.may(permission):
                raise PermissionMissing(permission)


async def lock_user(tx: Transaction, *, user_id: UUID) -> Row:
    """Lock a user's row and give it.

    Raises:
        NoSuchUser: there is none.
    """
    row = await tx.maybe(store.LOCK_USER, {"id": user_id})
    if row is None:
        raise model.NoSuchUser
    return row


async def _write_role(
    tx: Transaction,
    *,
    code: str,
    title: Localised,
    permissions: Sequence[str],
    is_built_in: bool,
    now: datetime,
) -> None:
    await tx.execute(
        store.SAVE_ROLE,
        {
            "id": new_id(now),
            "code": code,
            "title": Jsonb(dict(title)),
            "permissions": list(permissions),
            "is_built_in": is_built_in,
            "now": now,
        },
    )


async def _replace_roles(tx: Transaction, *, user_id: UUID, roles: Sequence[str]) -> None:
    wanted = sorted(set(roles))
    rows = await tx.all(store.ROLE_IDS, {"codes": wanted})
    found = {row.code: row.id for row in rows}
    for code in wanted:
        if code not in found:
            raise model.NoSuchRole(code)
    await tx.execute(store.CLEAR_USER_ROLES, {"id": user_id})
    await tx.execute(
        store.ADD_USER_ROLES, {"id": user_id, "role_ids": [found[code] for code in wanted]}
    )


async def _keep_an_administrator(tx: Transaction, *, user_id: UUID) -> None:
    user = await queries.get_user(tx, user_id=user_id)
    if model.ADMINISTRATOR not in user.roles or not user.is_active:
        return
    await tx.maybe(store.LOCK_ADMINISTRATOR_ROLE)
    if await tx.scalar(store.COUNT_OTHER_ADMINISTRATORS, {"id": user_id}) == 0:
        raise model.LastAdministrator
