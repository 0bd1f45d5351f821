"""Jobs: enqueued with the change, run at least once, retried, rescued, seen by people."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
import pytest_asyncio

from hansa.kernel.message import Job
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.jobs import inspection
from hansa.runtime.jobs.worker import DuplicateJob, NoHandler, Retry, run_worker
from hansa.runtime.module import JobHandler, Module, Periodic
from tests.runtime.outbox.world import context_of, until
from tests.support.processes import Program

SEVEN = UUID(int=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet(Job):
    type: ClassVar[str] = "tests.greet"
    name: str
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    id: UUID = SEVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone(Job):
    type: ClassVar[str] = "tests.alone"
    queue: ClassVar[str] = "slow"
    number: int

    def lock(self) -> str | None:
        return "one at a time"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceWaiting(Job):
    type: ClassVar[str] = "tests.once"
    number: int

    def queueing_lock(self) -> str | None:
        return "once"


JOBS = "select * from jobs.procrastinate_jobs order by id"


@pytest_asyncio.fixture(loop_scope="session")
async def context(committing: Database, tmp_path: Path) -> Context:
    return context_of(committing, tmp_path)


@contextlib.asynccontextmanager
async def working(
    context: Context, *handlers: JobHandler, concurrency: int = 4, dead_after_seconds: float = 30
) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_worker(
            context,
            [Module(name="tests", jobs=handlers)],
            stop=stop,
            concurrency=concurrency,
            pause_seconds=0.01,
            poll_seconds=0.2,
            dead_after_seconds=dead_after_seconds,
        )
    )
    try:
        yield stop
    finally:
        stop.set()
        await running


async def enqueue(database: Database, *jobs: Job, run_at: datetime | None = None) -> None:
    async with database.transaction() as tx:
        for job in jobs:
            await tx.enqueue(job, run_at=run_at)


async def jobs_of(database: Database, status: str | None = None) -> list[inspection.JobFacts]:
    async with database.snapshot() as snapshot:
        return list(await inspection.list_jobs(snapshot, status=status))


async def test_a_job_is_a_row_of_the_callers_transaction(tx: Transaction) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)

    await tx.enqueue(Greet(name="Аня"), run_at=later)

    (row,) = await tx.all(JOBS)
    assert (row.task_name, row.queue_name, row.scheduled_at) == ("tests.greet", "default", later)
    assert row.args["job"]["name"] == "Аня"


async def test_a_waiting_job_stands_for_a_second_one_of_its_queueing_lock(tx: Transaction) -> None:
    later, sooner = datetime(2030, 1, 2, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

    await tx.enqueue(OnceWaiting(number=1), run_at=later)
    await tx.enqueue(OnceWaiting(number=2), run_at=sooner)
    await tx.enqueue(OnceWaiting(number=3), run_at=later)
    (between,) = await tx.all(JOBS)
    await tx.enqueue(OnceWaiting(number=4))
    await tx.enqueue(OnceWaiting(number=5), run_at=later)

    (row,) = await tx.all(JOBS)
    assert between.scheduled_at == sooner
    assert (row.args["job"]["number"], row.scheduled_at) == (1, None)


async def test_a_job_runs_with_its_values_and_is_gone(context: Context) -> None:
    seen: list[Greet] = []

    async def handle(given: Context, job: Greet) -> None:
        assert given is context
        seen.append(job)

    async with working(context, JobHandler(job=Greet, handle=handle)):
        await enqueue(context.database, Greet(name="Аня"))

        async def gone() -> bool:
            return bool(seen) and not await jobs_of(context.database)

        await until(gone, what="the job did not run")

    assert seen == [Greet(name="Аня")]


async def test_nothing_runs_for_a_transaction_that_was_rolled_back(context: Context) -> None:
    seen: list[str] = []

    async def handle(_: Context, job: Greet) -> None:
        seen.append(job.name)

    async with working(context, JobHandler(job=Greet, handle=handle)):
        with contextlib.suppress(ZeroDivisionError):
            async with context.database.transaction() as tx:
                await tx.enqueue(Greet(name="undone"))
                raise ZeroDivisionError
        await enqueue(context.database, Greet(name="done"))

        async def ran() -> bool:
            return bool(seen)

        await until(ran, what="the job did not run")

    assert seen == ["done"]


async def test_a_failing_job_is_tried_again_then_left_to_a_person(context: Context) -> None:
    broken, attempts = True, 0

    async def handle(_: Context, job: Greet) -> None:
        nonlocal attempts
        attempts += 1
        if broken:
            raise ValueError(f"no {job.name}\0")

    async def failed() -> list[inspection.JobFacts]:
        return await jobs_of(context.database, "failed")

    async with working(context, JobHandler(job=Greet, handle=handle, retries=2)):
        await enqueue(context.database, Greet(name="luck"))
        (job,) = await until(failed, what="the job did not fail for good")
        tried = attempts
        async with context.database.snapshot() as snapshot:
            findings = await inspection.find_failed(snapshot)
        broken = False
        async with context.database.transaction() as tx:
            await inspection.retry_job(tx, job_id=job.id)

        async def none_left() -> bool:
            return not await jobs_of(context.database)

        await until(none_left, what="the repaired job did not run")

    assert tried == 3
    assert job.error == "ValueError: no luck"
    assert job.traceback is not None
    assert "in handle" in job.traceback
    assert [finding.subject for finding in findings] == ["tests.greet"]
    assert attempts == 4


async def test_a_job_is_tried_again_though_another_waits_under_its_name(context: Context) -> None:
    numbers: list[int] = []

    async def handle(_: Context, job: OnceWaiting) -> None:
        numbers.append(job.number)
        if len(numbers) == 1:
            await enqueue(context.database, OnceWaiting(number=2))
            raise ValueError("not now")

    async def all_done() -> bool:
        return len(numbers) == 3 and not await jobs_of(context.database)

    async with working(context, JobHandler(job=OnceWaiting, handle=handle), concurrency=1):
        await enqueue(context.database, OnceWaiting(number=1))
        await until(all_done, what="one of the two never ran")

    assert sorted(numbers) == [1, 1, 2]


async def test_a_rescued_job_waits_beside_another_of_its_name(context: Context) -> None:
    await enqueue(context.database, OnceWaiting(number=1))
    (job,) = await jobs_of(context.database)
    async with context.database.transaction() as tx:
        await tx.execute("update jobs.procrastinate_jobs set status = 'doing'")
    await enqueue(context.database, OnceWaiting(number=2))
    async with context.database.transaction() as tx:
        await inspection.rescue(tx, job_id=job.id, again=True, now=datetime(2026, 1, 1, tzinfo=UTC))

    assert {one.status for one in await jobs_of(context.database)} == {"todo"}
    assert len(await jobs_of(context.database)) == 2


async def test_a_job_that_cannot_be_read_fails_at_once(context: Context) -> None:
    async def handle(_: Context, job: Greet) -> None:
        raise AssertionError("it must not run")

    async def failed() -> list[inspection.JobFacts]:
        return await jobs_of(context.database, "failed")

    async with working(context, JobHandler(job=Greet, handle=handle)):
        async with context.database.transaction() as tx:
            await tx.enqueue(Greet(name="x"))
            await tx.execute("""update jobs.procrastinate_jobs set args = '{"job": {"name": 5}}'""")
        (job,) = await until(failed, what="the job did not fail")

    assert job.attempts == 1
    assert "Expected `str`, got `int`" in (job.error or "")


async def test_jobs_of_one_lock_run_one_after_the_other_in_order(context: Context) -> None:
    running, order = 0, []

    async def handle(_: Context, job: Alone) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01)
        running -= 1
        order.append(job.number)

    async with working(context, JobHandler(job=Alone, handle=handle)):
        await enqueue(context.database, *[Alone(number=n) for n in range(5)])

        async def all_ran() -> bool:
            return len(order) == 5

        await until(all_ran, what="jobs of one lock did not run")

    assert order == [0, 1, 2, 3, 4]


async def test_a_stop_lets_the_job_in_hand_finish(context: Context) -> None:
    started, may_end, ended = asyncio.Event(), asyncio.Event(), False

    async def handle(_: Context, job: Greet) -> None:
        nonlocal ended
        started.set()
        await may_end.wait()
        ended = True

    async with working(context, JobHandler(job=Greet, handle=handle)) as stop:
        await enqueue(context.database, Greet(name="slow"))
        await started.wait()
        stop.set()
        await asyncio.sleep(0)
        may_end.set()

    assert ended
    assert await jobs_of(context.database) == []


async def test_a_cancelled_job_does_not_run_and_states_are_guarded(context: Context) -> None:
    await enqueue(context.database, Greet(name="later"), run_at=datetime(2030, 1, 1, tzinfo=UTC))
    (job,) = await jobs_of(context.database, "todo")

    async with context.database.transaction() as tx:
        with pytest.raises(inspection.JobBusy):
            await inspection.retry_job(tx, job_id=job.id)
        await inspection.cancel_job(tx, job_id=job.id)
        with pytest.raises(inspection.JobBusy):
            await inspection.cancel_job(tx, job_id=job.id)
        with pytest.raises(inspection.JobMissing):
            await inspection.cancel_job(tx, job_id=job.id + 1)

    assert [known.status for known in await jobs_of(context.database)] == ["cancelled"]


async def test_late_jobs_are_found(tx: Transaction) -> None:
    await tx.enqueue(Greet(name="late"), run_at=datetime.now(UTC) - timedelta(hours=1))
    await tx.enqueue(Greet(name="fresh"))

    findings = await inspection.find_late(tx)

    assert [finding.subject for finding in findings] == ["default"]
    assert findings[0].message.startswith("1 jobs")


async def test_a_periodic_job_is_enqueued_by_the_clock(context: Context) -> None:
    ran = asyncio.Event()

    async def handle(_: Context, job: Greet) -> None:
        assert job.name == "every minute"
        ran.set()

    module = Module(
        name="tests",
        jobs=[JobHandler(job=Greet, handle=handle)],
        periodic=[Periodic(cron="* * * * *", job=Greet(name="every minute"))],
    )
    stop = asyncio.Event()
    running = asyncio.create_task(run_worker(context, [module], stop=stop))
    # The last full minute is caught up with at the start.
    await asyncio.wait_for(ran.wait(), 60)
    stop.set()
    await running


async def test_mistakes_in_manifests_stop_the_start(context: Context) -> None:
    async def handle(_: Context, job: Greet) -> None: ...

    twice = Module(name="tests", jobs=[JobHandler(job=Greet, handle=handle)] * 2)
    orphan = Module(name="tests", periodic=[Periodic(cron="* * * * *", job=Greet(name="x"))])

    with pytest.raises(DuplicateJob):
        await run_worker(context, [twice], stop=asyncio.Event())
    with pytest.raises(NoHandler):
        await run_worker(context, [orphan], stop=asyncio.Event())


def test_pauses_grow_and_differ() -> None:
    retry = Retry(5, pause_seconds=2)

    assert [round(retry.pause(n).total_seconds() / (2 * 2**n)) for n in range(5)] == [1] * 5
    assert retry.pause(30) <= timedelta(seconds=3600 * 1.3)
    assert len({retry.pause(0) for _ in range(5)}) == 5


KILLED = """
import asyncio, sys
from pathlib import Path
from hansa.runtime.database import Database
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.module import JobHandler, Module
from tests.runtime.jobs.test_worker import Greet
from tests.runtime.outbox.world import context_of

async def handle(context, job):
    print("working", flush=True)
    await asyncio.sleep(600)

async def main():
    database = Database(sys.argv[1])
    await database.open()
    context = context_of(database, Path(sys.argv[2]))
    module = Module(name="tests", jobs=[JobHandler(job=Greet, handle=handle)])
    await run_worker(context, [module], stop=asyncio.Event(), dead_after_seconds=0.6)

asyncio.run(main())
"""


async def test_a_job_of_a_killed_worker_is_run_by_another(context: Context, tmp_path: Path) -> None:
    done = asyncio.Event()

    async def handle(_: Context, job: Greet) -> None:
        done.set()

    await enqueue(context.database, Greet(name="survivor"))
    with Program.started("-c", KILLED, context.database.dsn, str(tmp_path)) as victim:
        await asyncio.to_thread(victim.read_until, "working")
        victim.process.send_signal(signal.SIGKILL)

        async with working(context, JobHandler(job=Greet, handle=handle), dead_after_seconds=0.6):
            await asyncio.wait_for(done.wait(), 60)

    assert await jobs_of(context.database) == []
