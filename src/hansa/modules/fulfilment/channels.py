"""The channels this installation is connected to."""

from collections.abc import Callable, Mapping

from hansa.modules.fulfilment import slack, telegram
from hansa.modules.fulfilment.asking import AnswerChannel
from hansa.modules.fulfilment.model import ShopChannel
from hansa.runtime.context import Context

FACTORIES: Mapping[str, Callable[[Context], AnswerChannel | None]] = {
    ShopChannel.SLACK: slack.make,
    ShopChannel.TELEGRAM: telegram.make,
}
"""Makes the adapter of a channel, or nothing if its settings are empty."""


class Channels:
    """The places where shops can be asked, by name; the back office needs none."""

    def __init__(self, context: Context) -> None:
        made = {name: make(context) for name, make in FACTORIES.items()}
        self._known = {name: one for name, one in made.items() if one is not None}

    async def start(self) -> None:
        """Nothing to begin: connections are made when they are needed."""

    async def close(self) -> None:
        """Nothing to end: the outbound client closes its connections itself."""

    def get(self, name: str) -> AnswerChannel | None:
        """Give a channel, or None if this installation has no connection to it."""
        return self._known.get(name)

    def names(self) -> tuple[str, ...]:
        """Give the names of the channels that are connected."""
        return tuple(self._known)
