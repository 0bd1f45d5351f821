"""The push services this installation is connected to."""

from hansa.modules.notifications.channels import edna, fcm, webpush
from hansa.modules.notifications.channels.protocol import Channel
from hansa.modules.notifications.model import ChannelName
from hansa.runtime.context import Context


class Channels:
    """The adapters of a process, by name."""

    def __init__(self, context: Context) -> None:
        self.webpush = webpush.make(context)
        made: dict[ChannelName, Channel | None] = {
            ChannelName.WEBPUSH: self.webpush,
            ChannelName.FCM: fcm.make(context),
            ChannelName.EDNA: edna.make(context),
        }
        self._known = {name: one for name, one in made.items() if one is not None}

    async def start(self) -> None:
        """Nothing to begin: connections are made when they are needed."""

    async def close(self) -> None:
        """Nothing to end: the outbound client closes its connections itself."""

    def get(self, name: ChannelName) -> Channel | None:
        """Give a channel, or None if this installation has no connection to it."""
        return self._known.get(name)

    def names(self) -> tuple[ChannelName, ...]:
        """Give the names of the channels that are connected."""
        return tuple(self._known)
