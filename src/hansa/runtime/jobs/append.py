"""Write a job into the queue, in the transaction that needs it done."""

from datetime import datetime
from typing import Any

import msgspec

from hansa.kernel.message import Job
from hansa.runtime.outbox.append import current_trace

# Procrastinate's own function raises on a queueing lock that is taken, which would abort the
# caller's transaction. Here the waiting job stands for the new one, moved forward if that must run
# earlier. Its triggers (event log, wake-up of the workers) fire all the same.
ENQUEUE = """
    insert into jobs.procrastinate_jobs as waiting
           (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    values (%(queue)s, %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s,
            %(args)s::text::jsonb, %(run_at)s::timestamptz)
        on conflict (queueing_lock) where status = 'todo' do update
       set scheduled_at = case
               when excluded.scheduled_at is null then null
               else least(waiting.scheduled_at, excluded.scheduled_at)
           end
     where waiting.scheduled_at > excluded.scheduled_at
        or (waiting.scheduled_at is not null and excluded.scheduled_at is null)
"""


def parameters(job: Job, run_at: datetime | None) -> dict[str, Any]:
    """Make the parameters of `ENQUEUE`; without `run_at` the job may start at once."""
    return {
        "queue": job.queue,
        "task": job.type,
        "priority": 0,
        "lock": job.lock(),
        "queueing_lock": job.queueing_lock(),
        "args": arguments(job),
        "run_at": run_at,
    }


def arguments(job: Job) -> str:
    """Encode what the worker gets: the job itself and the trace it belongs to."""
    return msgspec.json.encode({"job": job, "trace": current_trace()}).decode()
