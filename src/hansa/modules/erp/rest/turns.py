"""So many transactions of batches at a time in this process, whatever comes."""

import asyncio

from hansa.runtime.context import Context

AT_ONCE = 2


class Turns:
    """Lets transactions of batches in one after another.

    They wait for each other in the database anyway; without this each would wait with a connection
    in its hand, and pages would find none.
    """

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - its place in a service
        self.free = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""
