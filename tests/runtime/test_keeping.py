"""What is held in memory is read again, and stops being read whatever swallows a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from hansa.kernel.errors import Unavailable
from hansa.runtime.keeping import KeptFresh


async def test_it_is_read_again_also_after_a_failure():
    read = 0
    enough = asyncio.Event()

    async def refresh() -> None:
        nonlocal read
        read += 1
        if read == 2:
            raise Unavailable
        if read == 4:
            enough.set()

    fresh = KeptFresh(refresh, name="things", seconds=0.001)
    await fresh.start()
    async with asyncio.timeout(60):
        await enough.wait()
        await fresh.close()

    assert read >= 4


async def test_a_first_reading_that_fails_stops_the_start():
    async def refresh() -> None:
        raise Unavailable

    fresh = KeptFresh(refresh, name="things", seconds=0.001)
    with pytest.raises(Unavailable):
        await fresh.start()
    await fresh.close()


async def test_a_swallowed_cancellation_does_not_keep_it_going():
    read = 0
    reading = asyncio.Event()

    async def refresh() -> None:
        nonlocal read
        read += 1
        if read == 1:
            return
        reading.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return  # as waiting for a connection does when its answer comes at the same moment

    fresh = KeptFresh(refresh, name="things", seconds=0)
    await fresh.start()
    async with asyncio.timeout(60):
        await reading.wait()
        await fresh.close()
