"""Bodies of the JSON API of the accounts."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from hansa.modules.accounts import model

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, examples=["anna@example.com"])]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
PermissionCode = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
RoleCode = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Kind = Literal["staff", "shopper", "partner"]


class SignUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new shopper."""

    email: Email
    password: Password
    name: Name = ""
    language: Language | None = None


class SignInBody(msgspec.Struct, forbid_unknown_fields=True):
    """Name and password, and the code where a second factor is on."""

    email: Email
    password: Password
    kind: Kind = "shopper"
    code: Code | None = None


class SecondFactorBody(msgspec.Struct, forbid_unknown_fields=True):
    """The ticket of the refusal `accounts.second_factor_needed`, and the code."""

    ticket: Token
    code: Code


class CodeBody(msgspec.Struct, forbid_unknown_fields=True):
    """A code of the second factor."""

    code: Code


class PasswordBody(msgspec.Struct, forbid_unknown_fields=True):
    """A change of one's own password."""

    old: Password
    new: Password


class ResetRequestBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whose password is to be set anew."""

    email: Email
    kind: Kind = "shopper"


class ResetBody(msgspec.Struct, forbid_unknown_fields=True):
    """The secret of the link, and the new password."""

    token: Token
    password: Password


class ProfileBody(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of one's own; what is left out stays."""

    name: Name | None = None
    language: Language | None = None


class NewUserBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new user, made by staff. Without a password they get a link.

    A person of the kind `partner` works for the partner named.
    """

    email: Email
    kind: Kind = "staff"
    name: Name = ""
    password: Password | None = None
    roles: Annotated[list[RoleCode], msgspec.Meta(max_length=50)] = []
    language: Language | None = None
    partner_id: UUID | None = None


class UserChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a user; what is left out stays."""

    name: Name | None = None
    language: Language | None = None
    is_active: bool | None = None
    roles: Annotated[list[RoleCode], msgspec.Meta(max_length=50)] | None = None


class RoleBody(msgspec.Struct, forbid_unknown_fields=True):
    """A role as it shall be."""

    title: Annotated[dict[Language, Name], msgspec.Meta(max_length=10)]
    permissions: Annotated[list[PermissionCode], msgspec.Meta(max_length=500)]


class NewKeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new API key."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[PermissionCode], msgspec.Meta(min_length=1, max_length=500)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class UserView(msgspec.Struct):
    """A user."""

    id: UUID
    kind: Kind
    email: str
    name: str
    language: str | None
    party_id: UUID | None
    partner_id: UUID | None
    roles: list[str]
    is_active: bool
    is_email_verified: bool
    has_two_factor: bool
    created_at: datetime
    last_sign_in_at: datetime | None

    @classmethod
    def of(cls, user: model.User) -> "UserView":
        """Show a user."""
        return cls(
            id=user.id,
            kind=user.kind,
            email=user.email,
            name=user.name,
            language=user.language,
            party_id=user.party_id,
            partner_id=user.partner_id,
            roles=list(user.roles),
            is_active=user.is_active,
            is_email_verified=user.is_email_verified,
            has_two_factor=user.has_two_factor,
            created_at=user.created_at,
            last_sign_in_at=user.last_sign_in_at,
        )


class MeView(msgspec.Struct):
    """Who asks. `csrf_token` is what a browser's unsafe calls must carry in `X-CSRF-Token`."""

    kind: Literal["staff", "shopper", "partner", "key", "guest"]
    id: UUID | None
    name: str
    party_id: UUID | None
    permissions: list[str]
    csrf_token: str | None


class SessionView(msgspec.Struct):
    """A sign-in of one browser."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    is_this: bool


class TwoFactorView(msgspec.Struct):
    """A second factor that is being set up; `picture` is a QR code as SVG."""

    secret: str
    address: str
    picture: str


class RecoveryCodesView(msgspec.Struct):
    """Codes for a lost telephone; shown once."""

    codes: list[str]


class RoleView(msgspec.Struct):
    """A role."""

    code: str
    title: dict[str, str]
    permissions: list[str]
    is_built_in: bool
    users: int

    @classmethod
    def of(cls, role: model.Role) -> "RoleView":
        """Show a role."""
        return cls(
            code=role.code,
            title=dict(role.title),
            permissions=list(role.permissions),
            is_built_in=role.is_built_in,
            users=role.users,
        )


class PermissionView(msgspec.Struct):
    """Something a role may allow."""

    code: str
    title: str


class KeyView(msgspec.Struct):
    """An API key, without its secret."""

    id: UUID
    public_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, key: model.ApiKey) -> "KeyView":
        """Show a key."""
        return cls(
            id=key.id,
            public_id=key.public_id,
            name=key.name,
            scopes=list(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            used_at=key.used_at,
        )


class NewKeyView(msgspec.Struct):
    """A new API key; `secret` is shown this once."""

    key: KeyView
    secret: str


class AuditView(msgspec.Struct):
    """One change of state."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_kind: str
    actor_name: str
    action: str
    subject_kind: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, entry: model.AuditEntry) -> "AuditView":
        """Show an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_kind=entry.actor_kind,
            actor_name=entry.actor_name,
            action=entry.action,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            before=None if entry.before is None else dict(entry.before),
            after=None if entry.after is None else dict(entry.after),
        )
