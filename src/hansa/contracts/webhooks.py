"""What is published about webhooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled(Event):
    """Nothing is sent to an endpoint any more; whoever owns it should be told.

    `reason` is `by_hand`, `gone` (it answered 410) or `failing` (nothing arrived for days). What
    happens meanwhile is kept for a while and can be replayed when it is enabled again.
    """

    type: ClassVar[str] = "webhooks.EndpointDisabled"

    endpoint_id: UUID
    owner_id: UUID
    reason: str
    disabled_at: datetime

    def key(self) -> str:
        """Keep the order per endpoint."""
        return str(self.endpoint_id)
