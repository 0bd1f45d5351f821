"""Who asks, and whether they may.

`authorise` is the one question every handler asks. Who the actor is, an `Authenticator` found out
before the handler ran; it is implemented by the accounts and wired by the assembly.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol
from uuid import UUID

from hansa.kernel.errors import Forbidden

if TYPE_CHECKING:
    from hansa.runtime.http.request import Request

ActorKind = Literal["staff", "shopper", "partner", "key", "guest"]

ANYTHING = "*"
"""Permission of the administrator: all of them, those of later modules included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever a request acts for: a person, a program with a key, or a guest with a session.

    `id` is the user's, the key's or the guest session's. `name` is for display and the audit log.
    A partner's person or program carries its partner; a program also whether it only tries things
    out, and its own limit.
    """

    id: UUID
    kind: ActorKind
    permissions: frozenset[str] = field(default_factory=frozenset)
    party_id: UUID | None = None
    session_id: UUID | None = None
    name: str = ""
    language: str | None = None
    partner_id: UUID | None = None
    is_sandbox: bool = False
    requests_per_minute: int | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the actor has a permission."""
        return permission in self.permissions or ANYTHING in self.permissions

    @property
    def is_signed_in(self) -> bool:
        """Tell whether this is somebody known, not a guest."""
        return self.kind != "guest"


@dataclass(eq=False)
class SignInNeeded(Forbidden):
    """Nobody is signed in, and this needs somebody."""

    code: ClassVar[str] = "access.sign_in_needed"
    message: ClassVar[str] = "Sign in first."


@dataclass(eq=False)
class PermissionMissing(Forbidden):
    """The actor is known, but lacks a permission."""

    code: ClassVar[str] = "access.permission_missing"
    message: ClassVar[str] = (
        "You may not do this: the permission “{permission}” is missing. "
        "Ask an administrator to add it to your role."
    )

    permission: str


@dataclass(eq=False)
class BadCredentials(SignInNeeded):
    """A key or a session was shown that is wrong, has ended or was revoked."""

    code: ClassVar[str] = "access.bad_credentials"
    message: ClassVar[str] = "The key or password is wrong, has expired or was revoked."


class Authenticator(Protocol):
    """Finds out who asks from the cookie or the `Authorization` header."""

    async def authenticate(self, request: "Request") -> Actor | None:
        """Give the actor, or None when nobody is known.

        Raises:
            BadCredentials: an `Authorization` header was sent and is wrong.
        """

    def knows(self, header: bytes) -> bool:
        """Tell at once whether an `Authorization` header was found right a moment ago."""


class Nobody:
    """An authenticator that knows nobody; for applications without accounts."""

    async def authenticate(self, request: "Request") -> Actor | None:  # noqa: ARG002 - Authenticator
        """Give None."""
        return None

    def knows(self, header: bytes) -> bool:  # noqa: ARG002 - Authenticator
        """Give False."""
        return False


def authorise(request: "Request", permission: str) -> Actor:
    """Give the actor if they have the permission.

    Raises:
        SignInNeeded: nobody is signed in.
        PermissionMissing: the actor lacks the permission.
    """
    actor = request.actor
    request.visit.authorised = True
    if actor is None or not actor.is_signed_in:
        raise SignInNeeded
    if permission not in actor.permissions and ANYTHING not in actor.permissions:
        raise PermissionMissing(permission)
    return actor


def signed_in(request: "Request") -> Actor:
    """Give the actor if it is a person or key that is known, whatever they may do.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    actor = request.actor
    request.visit.authorised = True
    if actor is None or not actor.is_signed_in:
        raise SignInNeeded
    return actor


def shopper_or_guest(request: "Request") -> Actor | None:
    """Give the shopper, or None for anybody else: for what anybody may do with their own things.

    A handler that calls this says: whoever asks only reaches what hangs on their own session or
    account. Staff who look at the shop are guests there.
    """
    request.visit.authorised = True
    actor = request.actor
    return actor if actor is not None and actor.kind == "shopper" else None
