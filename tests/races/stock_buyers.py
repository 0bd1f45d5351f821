"""A program that buys without end, for tests that kill it: prints each acknowledged reservation.

Usage: stock_buyers.py DSN CHANNEL VARIANT...
"""

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

from hansa.modules import stock
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database


async def main() -> None:
    dsn, channel, *variants = sys.argv[1:]
    database = Database(dsn, connections_max=4)
    await database.open()
    settings = SimpleNamespace(batch_commands_max=50, batch_queue_max=5000)
    reserver = stock.Reserver(
        SimpleNamespace(clock=SystemClock(), database=database, settings=settings)
    )
    await reserver.start()
    numbers = itertools.count()

    async def buy() -> None:
        for number in numbers:
            wish = stock.Hold(
                key=f"{os.getpid()}-{number}",
                channel=channel,
                lines=tuple(
                    (UUID(variants[(number + step) % len(variants)]), Decimal(1)) for step in (0, 3)
                ),
                expires_at=datetime.now(UTC) + timedelta(minutes=number % 3 - 1),
                owner="test",
            )
            try:
                granted = await reserver.hold(wish)
            except stock.OutOfStock:
                continue
            sys.stdout.write(f"{granted.id}\n")

    await asyncio.gather(*(buy() for _ in range(100)))


if __name__ == "__main__":
    asyncio.run(main())
