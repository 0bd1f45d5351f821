"""The one door to points, as intake sees it."""

from typing import Protocol

from hansa.modules.loyalty.points.commands import Command, Receipt


class Door(Protocol):
    """Takes commands of points."""

    async def submit(self, command: Command) -> Receipt:
        """Do what a command asks for, once; give its answer, the same for a repeat.

        Raises:
            HansaError: it is refused, or cannot be done now.
        """
