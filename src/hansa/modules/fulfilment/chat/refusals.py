"""How a conversation with a chat can fail for good."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Forbidden, Invalid, Rejected


@dataclass(eq=False)
class ChannelRefused(Rejected):
    """The vendor says no and will say no again: no such channel, not invited, wrong token."""

    code: ClassVar[str] = "fulfilment.channel_refused"
    message: ClassVar[str] = "{channel} refuses: {reason}."
    channel: str
    reason: str


@dataclass(eq=False)
class NotFromTheVendor(Forbidden):
    """A call that does not prove that it comes from the chat's vendor, or is too old to."""

    code: ClassVar[str] = "fulfilment.not_from_vendor"
    message: ClassVar[str] = "The call does not prove where it comes from."


@dataclass(eq=False)
class UpdateInvalid(Invalid):
    """A proven call that cannot be read."""

    code: ClassVar[str] = "fulfilment.update_invalid"
    message: ClassVar[str] = "The call cannot be read."
