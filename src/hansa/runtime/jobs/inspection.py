"""What people see of jobs and may do with them: list, retry, cancel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hansa.kernel.errors import Conflict, NotFound
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.module import Check, Finding

STATUSES = ("todo", "doing", "failed", "cancelled", "aborted")
_LATE = timedelta(minutes=15)
_ERROR_CHARACTERS_MAX, _TRACEBACK_CHARACTERS_MAX = 2000, 20_000

# Newest first; successful jobs are deleted, so the table holds what waits, runs or failed.
LIST_JOBS = """
    select job.id, job.task_name as type, job.queue_name as queue, job.status::text as status,
           job.attempts, job.scheduled_at, job.lock, job.args, error.error, error.traceback,
           error.failed_at,
           (select min(at) from jobs.procrastinate_events where job_id = job.id) as enqueued_at
      from jobs.procrastinate_jobs as job
      left join jobs.job_error as error on error.job_id = job.id
     where (%(status)s::text is null or job.status = %(status)s::jobs.procrastinate_job_status)
       and (%(type)s::text is null or job.task_name = %(type)s)
       and (%(before)s::bigint is null or job.id < %(before)s)
     order by job.id desc
     limit %(limit)s
"""

LOCK_JOB = "select status::text from jobs.procrastinate_jobs where id = %(id)s for update"

# Attempts begin anew: a person who retries has changed something.
RETRY_JOB = """
    update jobs.procrastinate_jobs
       set status = 'todo', attempts = 0, scheduled_at = null, worker_id = null
     where id = %(id)s
"""

WAKE_WORKERS = """
    select pg_notify('procrastinate_any_queue_v1',
                     json_build_object('type', 'job_inserted', 'job_id', %(id)s::bigint)::text)
"""

CANCEL_JOB = "update jobs.procrastinate_jobs set status = 'cancelled' where id = %(id)s"

RESCUE_JOB = """
    update jobs.procrastinate_jobs
       set status = (case when %(again)s then 'todo' else 'failed' end)
               ::jobs.procrastinate_job_status,
           attempts = attempts + 1, scheduled_at = null, worker_id = null, abort_requested = false
     where id = %(id)s
       and status = 'doing'
"""

# Of one queueing lock only one job may wait. While this one ran, another came to wait: a job that
# goes back to waiting gives the name up to it, or the index would refuse it for ever.
GIVE_WAY = """
    update jobs.procrastinate_jobs as job
       set queueing_lock = null
     where job.id = %(id)s
       and exists (select
                     from jobs.procrastinate_jobs as waiting
                    where waiting.queueing_lock = job.queueing_lock
                      and waiting.status = 'todo')
"""

NOTE_ERROR = """
    insert into jobs.job_error (job_id, attempt, error, traceback, failed_at)
    select %(job_id)s, %(attempt)s, %(error)s, %(traceback)s, %(failed_at)s
     where exists (select from jobs.procrastinate_jobs where id = %(job_id)s)
        on conflict (job_id) do update
       set attempt = excluded.attempt, error = excluded.error, traceback = excluded.traceback,
           failed_at = excluded.failed_at
"""

QUEUE_DEPTHS = """
    select queue_name as queue,
           count(*) filter (where status = 'todo'
                                  and coalesce(scheduled_at, now()) <= now()) as waiting,
           count(*) filter (where status = 'failed') as failed
      from jobs.procrastinate_jobs
     group by queue_name
     order by queue_name
"""

LATE_JOBS = """
    select queue_name as queue, count(*) as number
      from jobs.procrastinate_jobs as job
     where status = 'todo'
       and coalesce(scheduled_at,
                    (select min(at) from jobs.procrastinate_events where job_id = job.id)
           ) < now() - %(age)s
       and (lock is null or not exists (
               select
                 from jobs.procrastinate_jobs as other
                where other.lock = job.lock
                  and other.id < job.id
                  and other.status in ('todo', 'doing')
           ))
     group by queue_name
     order by queue_name
"""

FAILED_JOBS = """
    select task_name as type, count(*) as number, max(error.error) as error
      from jobs.procrastinate_jobs as job
      left join jobs.job_error as error on error.job_id = job.id
     where job.status = 'failed'
     group by task_name
     order by task_name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job that waits, runs or has failed, with its last error."""

    id: int
    type: str
    queue: str
    status: str
    attempts: int
    scheduled_at: datetime | None
    enqueued_at: datetime | None
    lock: str | None
    args: Mapping[str, Any]
    error: str | None
    traceback: str | None
    failed_at: datetime | None


class JobMissing(NotFound):
    """No such job; it may have succeeded meanwhile."""

    code: ClassVar[str] = "jobs.missing"
    message: ClassVar[str] = "There is no such job; perhaps it is done by now."


class JobBusy(Conflict):
    """The job runs, or waits already, or has ended."""

    code: ClassVar[str] = "jobs.busy"
    message: ClassVar[str] = "The job is in a state in which this cannot be done."


async def list_jobs(
    snapshot: Snapshot,
    *,
    status: str | None = None,
    type: str | None = None,  # noqa: A002 - as everywhere
    before: int | None = None,
    limit: int = 50,
) -> Sequence[JobFacts]:
    """List jobs, newest first; `before` is the id of the last one seen."""
    assert status is None or status in STATUSES, status
    rows = await snapshot.all(
        LIST_JOBS, {"status": status, "type": type, "before": before, "limit": limit}
    )
    return [JobFacts(**row._asdict()) for row in rows]


async def retry_job(tx: Transaction, *, job_id: int) -> None:
    """Run a failed, cancelled or broken-off job once more, with all its attempts.

    Raises:
        JobMissing: there is none.
        JobBusy: it waits or runs.
    """
    await _expect(tx, job_id, {"failed", "cancelled", "aborted"})
    await tx.execute(RETRY_JOB, {"id": job_id})
    await tx.execute(WAKE_WORKERS, {"id": job_id})


async def cancel_job(tx: Transaction, *, job_id: int) -> None:
    """Take a waiting or failed job out of the way.

    Raises:
        JobMissing: there is none.
        JobBusy: it runs, or has been cancelled.
    """
    await _expect(tx, job_id, {"todo", "failed"})
    await tx.execute(CANCEL_JOB, {"id": job_id})


async def rescue(tx: Transaction, *, job_id: int, again: bool, now: datetime) -> None:
    """Take a job from a worker that died: run it again, or leave it to a person."""
    await give_way(tx, job_id=job_id)
    if await tx.execute(RESCUE_JOB, {"id": job_id, "again": again}) == 0:
        return
    if again:
        await tx.execute(WAKE_WORKERS, {"id": job_id})
        return
    await note_error(
        tx,
        job_id=job_id,
        attempt=0,
        error="The worker died while it ran this job.",
        traceback="",
        now=now,
    )


async def give_way(tx: Transaction, *, job_id: int) -> None:
    """Let a job that is to wait again stand beside the one that waits under its queueing lock."""
    await tx.execute(GIVE_WAY, {"id": job_id})


async def note_error(
    tx: Transaction, *, job_id: int, attempt: int, error: str, traceback: str, now: datetime
) -> None:
    """Keep the last error of a job."""
    await tx.execute(
        NOTE_ERROR,
        {
            "job_id": job_id,
            "attempt": attempt,
            "error": error.replace("\0", "")[:_ERROR_CHARACTERS_MAX],
            "traceback": traceback.replace("\0", "")[-_TRACEBACK_CHARACTERS_MAX:],
            "failed_at": now,
        },
    )


async def queue_depths(snapshot: Snapshot) -> Sequence[tuple[str, int, int]]:
    """Give queue, jobs that could run now, and failed jobs."""
    return [(row.queue, row.waiting, row.failed) for row in await snapshot.all(QUEUE_DEPTHS)]


async def find_late(snapshot: Snapshot) -> list[Finding]:
    """Report queues in which jobs wait for long."""
    return [
        Finding(
            check="jobs.moving",
            subject=row.queue,
            message=f"{row.number} jobs wait for more than 15 minutes: is a worker running?",
        )
        for row in await snapshot.all(LATE_JOBS, {"age": _LATE})
    ]


async def find_failed(snapshot: Snapshot) -> list[Finding]:
    """Report jobs that failed for good."""
    return [
        Finding(
            check="jobs.failed",
            subject=row.type,
            message=f"{row.number} jobs failed for good, such as: {row.error}. "
            "Retry or cancel them.",
        )
        for row in await snapshot.all(FAILED_JOBS)
    ]


CHECKS = (
    Check(area="jobs", name="no job waits for long", run=find_late),
    Check(area="jobs", name="no job is left to a person", run=find_failed),
)


async def _expect(tx: Transaction, job_id: int, statuses: set[str]) -> None:
    row = await tx.maybe(LOCK_JOB, {"id": job_id})
    if row is None:
        raise JobMissing
    if row.status not in statuses:
        raise JobBusy
