"""A worker may die in the middle of a call: the message is sent again under its id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hansa.runtime.clock import FixedClock
from tests.support.processes import Program
from tests.support.webhooks import World


@pytest.fixture
def clock() -> FixedClock:
    """A moment ago, since the worker's clock is the machine's."""
    return FixedClock(datetime.now(UTC) - timedelta(seconds=1))


async def test_what_a_killed_worker_had_under_way_arrives_under_its_id(
    world: World, settings, tmp_path: Path
) -> None:
    await world.endpoint("anna", calls_max=8)
    for _ in range(20):
        await world.send()
    box = world.receiver.box("anna")
    world.receiver.misbehave("anna", slow_seconds=600)
    environment = {
        "HANSA_DATABASE_URL": world.context.database.dsn,
        "HANSA_DATA_DIR": str(tmp_path),
        "HANSA_SECRET_KEY": settings.secret_key.reveal(),
    }

    with Program.started("-m", "hansa", "run-role", "worker", environment=environment) as worker:
        await world.until_true(lambda: box.under_way == 8, "the worker never called")
        under_way = [one.id for one in await world.messages() if one.is_under_way]
        worker.process.kill()
        worker.process.wait()
    world.receiver.misbehave("anna")
    world.receiver.wake()
    await world.until_true(lambda: box.under_way == 0, "calls of the dead worker go on")
    world.move(timedelta(minutes=1))
    async with world.delivering():
        await world.until(*["delivered"] * 20)

    assert len(under_way) == 8
    assert sorted(box.ids()) == sorted(str(one.id) for one in await world.messages())
    repeated = {one.id for one in box.deliveries if one.is_repeat}
    assert repeated <= {str(one) for one in under_way}
    for message_id in under_way:
        codes = [one.code for one in await world.attempts(message_id)]
        assert codes == ["interrupted", ""]
    await world.prove()
