"""Rows as values."""

from hansa.modules.webhooks.model import (
    Endpoint,
    EndpointState,
    Message,
    MessageState,
    Reason,
    SecretFacts,
    SecretKind,
)
from hansa.runtime.database import Row


def endpoint_of(row: Row) -> Endpoint:
    """Make an endpoint of its row."""
    return Endpoint(
        **row._asdict()
        | {
            "event_types": tuple(row.event_types),
            "state": EndpointState(row.state),
            "reason": Reason(row.reason) if row.reason else None,
        }
    )


def message_of(row: Row) -> Message:
    """Make a message of its row."""
    return Message(**row._asdict() | {"state": MessageState(row.state), "body": bytes(row.body)})


def secret_of(row: Row) -> SecretFacts:
    """Make what may be known of a secret of its row."""
    return SecretFacts(**row._asdict() | {"kind": SecretKind(row.kind)})
