"""Bodies of `/loyalty/v1/webhooks`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules import webhooks
from hansa.modules.webhooks import (
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
Hours = Annotated[int, msgspec.Meta(ge=0, le=720)]


class NewWebhookBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new endpoint; `event_types` are names, or beginnings of names that end in `*`."""

    url: Url
    event_types: Patterns
    description: Text = ""
    signing_by: SecretKind = SecretKind.HMAC


class WebhookChangeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    url: Url | None = None
    event_types: Patterns | None = None
    description: Text | None = None
    is_active: bool | None = None


class WebhookRotationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the new secret signs, and how long the former ones sign beside it."""

    signing_by: SecretKind = SecretKind.HMAC
    overlap_hours: Hours = int(webhooks.OVERLAP.total_seconds()) // 3600


class WebhookReplayBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From when on to send again. A dry run, which it is unless told otherwise, only counts."""

    since: datetime
    only_undelivered: bool = False
    dry_run: bool = True


class WebhookSecretView(msgspec.Struct, kw_only=True):
    """A secret in force; `public_key` is that of an ed25519 pair."""

    id: UUID
    kind: SecretKind
    public_key: str
    created_at: datetime
    ends_at: datetime | None


class WebhookNewSecretView(msgspec.Struct, kw_only=True):
    """A new secret, shown now and never again."""

    id: UUID
    kind: SecretKind
    secret: str

    @classmethod
    def of(cls, made: NewSecret) -> "WebhookNewSecretView":
        """Show a new secret."""
        return cls(id=made.id, kind=made.kind, secret=made.shown)


class WebhookView(msgspec.Struct, kw_only=True):
    """An endpoint of yours. `failing_since` is the first failure after which nothing arrived."""

    id: UUID
    url: str
    description: str
    event_types: list[str]
    state: EndpointState
    reason: Reason | None
    failing_since: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    secrets: list[WebhookSecretView]

    @classmethod
    def of(cls, endpoint: Endpoint, secrets: list[SecretFacts]) -> "WebhookView":
        """Show an endpoint."""
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            description=endpoint.description,
            event_types=list(endpoint.event_types),
            state=endpoint.state,
            reason=endpoint.reason,
            failing_since=endpoint.failing_since,
            delivered_at=endpoint.delivered_at,
            created_at=endpoint.created_at,
            secrets=msgspec.convert(secrets, list[WebhookSecretView], from_attributes=True),
        )


class NewWebhookView(msgspec.Struct, kw_only=True):
    """A new endpoint with its secret, shown now and never again."""

    webhook: WebhookView
    secret: WebhookNewSecretView


class WebhookMessageView(msgspec.Struct, kw_only=True):
    """A message to an endpoint of yours, without its body."""

    id: UUID
    webhook_id: UUID
    type: str
    subject: str
    state: MessageState
    failures: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    code: str

    @classmethod
    def of(cls, message: Message) -> "WebhookMessageView":
        """Show a message."""
        return cls(
            id=message.id,
            webhook_id=message.endpoint_id,
            type=message.type,
            subject=message.subject,
            state=message.state,
            failures=message.failures,
            created_at=message.created_at,
            next_at=message.next_at,
            ended_at=message.ended_at,
            code=message.code,
        )


class WebhookAttemptView(msgspec.Struct, kw_only=True):
    """One call; without a `status` nothing was answered, and `code` says why."""

    began_at: datetime
    milliseconds: int | None
    status: int | None
    code: str
    answer: str


class WholeWebhookMessageView(msgspec.Struct, kw_only=True):
    """A message with what is sent, a CloudEvent, and its attempts, the latest first."""

    message: WebhookMessageView
    body: msgspec.Raw
    attempts: list[WebhookAttemptView]

    @classmethod
    def of(cls, message: Message, attempts: list[Attempt]) -> "WholeWebhookMessageView":
        """Show a message whole."""
        return cls(
            message=WebhookMessageView.of(message),
            body=msgspec.Raw(message.body),
            attempts=msgspec.convert(attempts, list[WebhookAttemptView], from_attributes=True),
        )


class WebhookReplayedView(msgspec.Struct, kw_only=True):
    """How many messages are sent again, or would be."""

    messages: int
    dry_run: bool


class WebhookTestView(msgspec.Struct, kw_only=True):
    """The message that is sent as a test."""

    message_id: UUID
