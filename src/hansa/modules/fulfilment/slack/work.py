"""What is done in Slack after a click, in the background."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPressed(Job):
    """Tell whoever pressed a button in Slack, and nobody else there, what came of it."""

    type: ClassVar[str] = "fulfilment.TellPressed"
    address: str
    user: str
    language: str
    message: str
    data: dict[str, str]
