"""What the accounts publish."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """Somebody can sign in from now on."""

    type: ClassVar[str] = "accounts.UserCreated"

    user_id: UUID
    kind: str
    party_id: UUID | None

    def key(self) -> str:
        """One user's events in order."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A user signed in; `session_id` is the guest's session if there was one, now the user's."""

    type: ClassVar[str] = "accounts.SignedIn"

    user_id: UUID
    session_id: UUID
    party_id: UUID | None

    def key(self) -> str:
        """One user's events in order."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(Event):
    """A user asked for a new password. Holds no secret: the link is made where it is sent."""

    type: ClassVar[str] = "accounts.PasswordResetRequested"

    user_id: UUID

    def key(self) -> str:
        """One user's events in order."""
        return str(self.user_id)
