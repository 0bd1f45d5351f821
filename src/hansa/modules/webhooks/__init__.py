"""Signed webhooks to outside systems, by Standard Webhooks 1.0.0, each a CloudEvent 1.0.2.

Owns: endpoints with their secrets, messages, attempts to deliver them. An endpoint belongs to an
`owner`, which is a number and nothing more here.
Promises: a message is sent with the same id and body until the endpoint takes it or its attempts
are used up; a secret that is being replaced signs beside the new one; nothing is sent to an address
inside the own network; whatever was not delivered can be seen and replayed, for as long as messages
are kept. Messages may arrive twice and in any order.
Publishes: contracts.webhooks.EndpointDisabled.
Locks: endpoints sorted by id, then their messages.
"""

from hansa.modules.webhooks.model import (
    ENDPOINTS_MAX,
    OVERLAP,
    PING,
    REPLAYED_MAX,
    SCHEDULE,
    Attempt,
    Endpoint,
    EndpointInvalid,
    EndpointOff,
    EndpointState,
    Message,
    MessageInvalid,
    MessageState,
    NewMessage,
    NewSecret,
    NoSuchEndpoint,
    NoSuchMessage,
    Reason,
    SecretFacts,
    SecretKind,
    TooManyEndpoints,
    TooMuchToReplay,
)
from hansa.modules.webhooks.operations import (
    add_endpoint,
    change_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
)
from hansa.modules.webhooks.queries import (
    TALLIED_MAX,
    LostEndpoint,
    Tally,
    get_endpoint,
    get_message,
    list_endpoints,
    list_lost,
    list_messages,
    list_secrets,
    owners_with_endpoints,
    tally,
)
from hansa.modules.webhooks.replaying import count_since, replay_message, replay_since
from hansa.modules.webhooks.sending import send, send_many, send_test

__all__ = [
    "ENDPOINTS_MAX",
    "OVERLAP",
    "PING",
    "REPLAYED_MAX",
    "SCHEDULE",
    "TALLIED_MAX",
    "Attempt",
    "Endpoint",
    "EndpointInvalid",
    "EndpointOff",
    "EndpointState",
    "LostEndpoint",
    "Message",
    "MessageInvalid",
    "MessageState",
    "NewMessage",
    "NewSecret",
    "NoSuchEndpoint",
    "NoSuchMessage",
    "Reason",
    "SecretFacts",
    "SecretKind",
    "Tally",
    "TooManyEndpoints",
    "TooMuchToReplay",
    "add_endpoint",
    "change_endpoint",
    "count_since",
    "disable_endpoint",
    "enable_endpoint",
    "get_endpoint",
    "get_message",
    "list_endpoints",
    "list_lost",
    "list_messages",
    "list_secrets",
    "owners_with_endpoints",
    "remove_endpoint",
    "replay_message",
    "replay_since",
    "rotate_secret",
    "send",
    "send_many",
    "send_test",
    "tally",
]
