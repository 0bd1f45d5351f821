"""The worker role: runs jobs of all modules, enqueues periodic ones, rescues those of dead workers.

Procrastinate fetches, locks and schedules; here a job gets its type back, its trace, its retries
with growing jittered pauses, and its last error is kept where a person sees it.
"""

import asyncio
import random
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import procrastinate
import structlog
from procrastinate import PsycopgConnector, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as QueuedJob
from procrastinate.retry import BaseRetryStrategy
from procrastinate.worker import Worker
from prometheus_client import Counter, Gauge, Histogram

from hansa.runtime.context import Context
from hansa.runtime.jobs import inspection
from hansa.runtime.jobs.append import arguments
from hansa.runtime.module import JobHandler, Module, Periodic
from hansa.runtime.telemetry import bind_log_context, continue_trace

_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 2.0, 3600.0
_HEARTBEAT_SECONDS = 5.0
_WATCH_SECONDS = 10.0

_log = structlog.get_logger(__name__)
_JOBS = Counter("hansa_jobs_total", "Jobs run", ["job", "outcome"])
_SECONDS = Histogram(
    "hansa_job_seconds",
    "Time a job took",
    ["job"],
    buckets=(0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3600),
)
_WAITING = Gauge(
    "hansa_jobs_waiting", "Jobs that could run now", ["queue"], multiprocess_mode="max"
)
_FAILED = Gauge("hansa_jobs_failed", "Jobs left to a person", ["queue"], multiprocess_mode="max")


class DuplicateJob(ValueError):
    """Two handlers take jobs of one type."""


class NoHandler(LookupError):
    """A periodic job has no handler."""


class Retry(BaseRetryStrategy):
    """Try again with doubled, jittered pauses; `retries` counts after the first attempt."""

    def __init__(self, retries: int, *, pause_seconds: float) -> None:
        self.retries = retries
        self._pause_seconds = pause_seconds

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        """Decide about the next attempt; `job.attempts` does not count the one that just failed."""
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision(retry_at=datetime.now(UTC))  # the worker stops, the job goes on
        if isinstance(exception, msgspec.ValidationError) or job.attempts >= self.retries:
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + self.pause(job.attempts))

    def pause(self, attempts: int) -> timedelta:
        """Give the wait before the next attempt."""
        grown = min(self._pause_seconds * 2.0 ** min(attempts, 20), _PAUSE_SECONDS_MAX)
        return timedelta(seconds=grown * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load


async def run_worker(
    context: Context,
    modules: Sequence[Module],
    *,
    stop: asyncio.Event,
    concurrency: int | None = None,
    pause_seconds: float = _PAUSE_SECONDS,
    poll_seconds: float = 1.0,  # only for jobs that become due; others are announced
    dead_after_seconds: float = 30.0,
) -> None:
    """Run jobs until `stop` is set, then finish those in hand and return.

    Jobs not done within `shutdown_grace_seconds` are broken off and run again by another worker. A
    job whose worker died is run again after `dead_after_seconds`; that counts as an attempt.

    Raises:
        DuplicateJob: two handlers take jobs of one type.
        NoHandler: a periodic job has none.
    """
    settings = context.settings
    concurrency = concurrency or settings.worker_concurrency
    connector = PsycopgConnector(
        conninfo=context.database.dsn,
        kwargs={"options": "-c search_path=jobs -c timezone=UTC", "application_name": "hansa jobs"},
        min_size=1,
        max_size=min(concurrency, 4) + 2,  # for fetching and finishing; handlers use the database
    )
    app = procrastinate.App(connector=connector)
    handlers = _register(app, context, modules, pause_seconds=pause_seconds)
    async with app.open_async():
        worker = Worker(
            app,
            concurrency=concurrency,
            install_signal_handlers=False,
            fetch_job_polling_interval=poll_seconds,
            shutdown_graceful_timeout=settings.shutdown_grace_seconds,
            delete_jobs="successful",
            update_heartbeat_interval=min(_HEARTBEAT_SECONDS, dead_after_seconds / 3),
            stalled_worker_timeout=dead_after_seconds,
        )
        watching = asyncio.create_task(_watch(app, context, handlers, dead_after_seconds))
        stopping = asyncio.create_task(_stop_when(stop, worker))
        try:
            await worker.run()  # type: ignore[no-untyped-call] # not annotated there
        finally:
            for task in (watching, stopping):
                task.cancel()
            await asyncio.gather(watching, stopping, return_exceptions=True)


async def _stop_when(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.stop()  # type: ignore[no-untyped-call] # not annotated there


def _register(
    app: procrastinate.App, context: Context, modules: Sequence[Module], *, pause_seconds: float
) -> dict[str, JobHandler]:
    handlers: dict[str, JobHandler] = {}
    for handler in (handler for module in modules for handler in module.jobs):
        if handler.job.type in handlers:
            raise DuplicateJob(handler.job.type)
        handlers[handler.job.type] = handler
        app.task(
            name=handler.job.type,
            queue=handler.job.queue,
            pass_context=True,
            retry=Retry(handler.retries, pause_seconds=pause_seconds),
        )(_task(context, handler))
    for periodic in (periodic for module in modules for periodic in module.periodic):
        _schedule(app, periodic)
    return handlers


def _schedule(app: procrastinate.App, periodic: Periodic) -> None:
    job = periodic.job
    if job.type not in app.tasks:
        raise NoHandler(job.type)
    identity = f"{job.type} {periodic.cron} {arguments(job)}"[:120]
    app.periodic(
        cron=periodic.cron,
        periodic_id=identity,
        lock=job.lock(),
        # While the workers are behind, one waiting tick is enough.
        queueing_lock=job.queueing_lock() or f"periodic {identity}",
        task_kwargs={"job": msgspec.to_builtins(job)},
    )(app.tasks[job.type])


def _task(context: Context, handler: JobHandler) -> Any:
    kind = handler.job.type

    async def run(
        queued: JobContext,
        *,
        job: dict[str, Any],
        trace: str | None = None,
        timestamp: int | None = None,
    ) -> None:
        del timestamp  # the tick of a periodic job
        started = time.perf_counter()
        outcome = "failed"
        with (
            bind_log_context(job=kind, job_id=queued.job.id),
            continue_trace(trace, f"job {kind}"),
        ):
            try:
                await handler.handle(context, msgspec.convert(job, handler.job))
                outcome = "succeeded"
            except asyncio.CancelledError:
                outcome = "broken off"
                raise
            except Exception as error:
                attempt = queued.job.attempts + 1
                last = attempt > handler.retries
                write = _log.error if last else _log.warning
                write("job failed", attempt=attempt, last=last, error=repr(error))
                await _keep_error(context, queued, error)
                raise
            finally:
                _JOBS.labels(kind, outcome).inc()
                _SECONDS.labels(kind).observe(time.perf_counter() - started)

    return run


async def _keep_error(context: Context, queued: JobContext, error: Exception) -> None:
    # If even this fails, the job's own error matters more; the log has both.
    try:
        async with context.database.transaction() as tx:
            await inspection.give_way(tx, job_id=queued.job.id or 0)
            await inspection.note_error(
                tx,
                job_id=queued.job.id or 0,
                attempt=queued.job.attempts + 1,
                error=f"{type(error).__name__}: {error}",
                traceback="".join(traceback.format_exception(error)),
                now=context.clock.now(),
            )
    except Exception as second:  # noqa: BLE001 - see above
        _log.warning("the error of a job could not be kept", error=repr(second))


async def _watch(
    app: procrastinate.App,
    context: Context,
    handlers: dict[str, JobHandler],
    dead_after_seconds: float,
) -> None:
    """Take over jobs of dead workers, and keep the gauges."""
    pause = min(_WATCH_SECONDS, dead_after_seconds / 2)
    while True:
        with suppress(TimeoutError):
            try:
                await _rescue(app, context, handlers, dead_after_seconds)
                async with context.database.snapshot(single=True) as snapshot:
                    for queue, waiting, failed in await inspection.queue_depths(snapshot):
                        _WAITING.labels(queue).set(waiting)
                        _FAILED.labels(queue).set(failed)
            except Exception as error:  # noqa: BLE001 - supervised: it is tried again
                _log.warning("watching jobs failed", error=repr(error))
        await asyncio.sleep(pause)


async def _rescue(
    app: procrastinate.App,
    context: Context,
    handlers: dict[str, JobHandler],
    dead_after_seconds: float,
) -> None:
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=dead_after_seconds)
    for job in stalled:
        handler = handlers.get(job.task_name)
        retries = 0 if handler is None else handler.retries
        _log.warning("a worker died with a job", job=job.task_name, job_id=job.id)
        async with context.database.transaction() as tx:
            await inspection.rescue(
                tx, job_id=job.id or 0, again=job.attempts < retries, now=context.clock.now()
            )
