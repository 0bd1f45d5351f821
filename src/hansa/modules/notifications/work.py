"""The jobs of notifications, as data."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDevices(Job):
    """Remove devices of which nothing was heard for very long."""

    type: ClassVar[str] = "notifications.forget_devices"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMessages(Job):
    """Remove messages and statuses that ended long ago."""

    type: ClassVar[str] = "notifications.forget_messages"
