"""Bodies of the JSON API of webhooks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from hansa.modules.webhooks import model
from hansa.modules.webhooks.model import (
    Attempt,
    Endpoint,
    EndpointState,
    Message,
    MessageState,
    NewSecret,
    Reason,
    SecretFacts,
    SecretKind,
)

Url = Annotated[str, msgspec.Meta(max_length=2000, examples=["https://partner.example/hooks"])]
Text = Annotated[str, msgspec.Meta(max_length=500)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["loyalty.points.*"])]
Patterns = Annotated[list[Pattern], msgspec.Meta(min_length=1, max_length=50)]
Calls = Annotated[int, msgspec.Meta(ge=1, le=16)]
Hours = Annotated[int, msgspec.Meta(ge=0, le=720)]


class NewEndpointBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new endpoint; `event_types` are names, or beginnings of names that end in `*`."""

    owner_id: UUID
    url: Url
    event_types: Patterns
    description: Text = ""
    calls_max: Calls = model.CALLS_USUAL
    signing_by: SecretKind = SecretKind.HMAC


class EndpointChangeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    url: Url | None = None
    event_types: Patterns | None = None
    description: Text | None = None
    calls_max: Calls | None = None


class RotationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the new secret signs, and how long the former ones sign beside it."""

    signing_by: SecretKind = SecretKind.HMAC
    overlap_hours: Hours = 24


class ReplayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on to send again. A dry run, which it is unless told otherwise, only counts."""

    since: datetime
    only_undelivered: bool = False
    dry_run: bool = True


class ReplayedView(msgspec.Struct, frozen=True):
    """How many messages are sent again, or would be."""

    messages: int
    dry_run: bool


class SecretView(msgspec.Struct, frozen=True):
    """A secret in force; `public_key` is that of an ed25519 pair."""

    id: UUID
    kind: SecretKind
    public_key: str
    created_at: datetime
    ends_at: datetime | None

    @classmethod
    def of(cls, secret: SecretFacts) -> "SecretView":
        """Show what may be known of a secret."""
        return cls(**{name: getattr(secret, name) for name in cls.__struct_fields__})


class NewSecretView(msgspec.Struct, frozen=True):
    """A new secret, shown now and never again."""

    id: UUID
    kind: SecretKind
    secret: str

    @classmethod
    def of(cls, made: NewSecret) -> "NewSecretView":
        """Show a new secret."""
        return cls(made.id, made.kind, made.shown)


class EndpointView(msgspec.Struct, frozen=True):
    """An endpoint. `failing_since` is the first failure after which nothing arrived."""

    id: UUID
    owner_id: UUID
    url: str
    description: str
    event_types: list[str]
    calls_max: int
    state: EndpointState
    reason: Reason | None
    failing_since: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    secrets: list[SecretView]

    @classmethod
    def of(cls, endpoint: Endpoint, secrets: list[SecretFacts]) -> "EndpointView":
        """Show an endpoint."""
        return cls(
            id=endpoint.id,
            owner_id=endpoint.owner_id,
            url=endpoint.url,
            description=endpoint.description,
            event_types=list(endpoint.event_types),
            calls_max=endpoint.calls_max,
            state=endpoint.state,
            reason=endpoint.reason,
            failing_since=endpoint.failing_since,
            delivered_at=endpoint.delivered_at,
            created_at=endpoint.created_at,
            secrets=[SecretView.of(one) for one in secrets],
        )


class NewEndpointView(msgspec.Struct, frozen=True):
    """A new endpoint with its secret, shown now and never again."""

    endpoint: EndpointView
    secret: NewSecretView


class MessageView(msgspec.Struct, frozen=True):
    """A message, without its body."""

    id: UUID
    endpoint_id: UUID
    owner_id: UUID
    type: str
    subject: str
    state: MessageState
    failures: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    code: str

    @classmethod
    def of(cls, message: Message) -> "MessageView":
        """Show a message."""
        return cls(**{name: getattr(message, name) for name in cls.__struct_fields__})


class AttemptView(msgspec.Struct, frozen=True):
    """One call; without a `status` nothing was answered, and `code` says why."""

    began_at: datetime
    milliseconds: int | None
    status: int | None
    code: str
    answer: str

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptView":
        """Show an attempt."""
        return cls(**{name: getattr(attempt, name) for name in cls.__struct_fields__})


class WholeMessageView(msgspec.Struct, frozen=True):
    """A message with what is sent, a CloudEvent, and its attempts, the latest first."""

    message: MessageView
    body: Any
    attempts: list[AttemptView]

    @classmethod
    def of(cls, message: Message, attempts: list[Attempt]) -> "WholeMessageView":
        """Show a message whole."""
        return cls(
            MessageView.of(message),
            msgspec.Raw(message.body),
            [AttemptView.of(one) for one in attempts],
        )


class TestView(msgspec.Struct, frozen=True):
    """The message that is sent as a test."""

    message_id: UUID
