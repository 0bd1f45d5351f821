"""The port to the places where shops are asked (Slack, Telegram)."""

from collections.abc import Mapping
from typing import Protocol

from hansa.modules.fulfilment.model import Question, Shop, Told

Handle = Mapping[str, str]
"""What a channel needs to find its message again."""


class AnswerChannel(Protocol):
    """A place where people of a shop read questions and press buttons.

    Calls go out by `context.outbound`, never inside a transaction. `Unavailable` means that the
    outcome is not known; the call is repeated.
    """

    async def ask(self, question: Question, shop: Shop, *, key: str, is_repeat: bool) -> Handle:
        """Send the question; `is_repeat` if an earlier call may have sent it already."""

    async def update(self, handle: Handle, question: Question, shop: Shop, text: Told) -> None:
        """Show the question as it is now, with `text`; take buttons away that do nothing more."""
