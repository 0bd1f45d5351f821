"""Events that failed for good and jobs that failed, seen and tried again by a person."""

from __future__ import annotations

import json

from tests.conftest import NOON

STUCK = """
    insert into outbox_stuck (subscription, stream, partition, key, attempts, error, failed_at,
                              next_try_at, set_aside_at)
    values ('search.project', 'outbox', 3, 'variant:1', 12, 'no such <table>', %(now)s, %(now)s,
            %(now)s)
"""
STATE = "select set_aside_at, attempts from outbox_stuck where key = 'variant:1'"
FAILED_JOB = """
    insert into jobs.procrastinate_jobs (task_name, queue_name, priority, lock, args, status,
                                         attempts)
    values ('payments.settle', 'default', 0, 'one', %(args)s, 'failed', 5)
    returning id
"""
JOB_STATE = "select status::text from jobs.procrastinate_jobs where id = %(id)s"


async def a_dead_event(committing) -> None:
    async with committing.transaction() as tx:
        await tx.execute(STUCK, {"now": NOON})


async def a_failed_job(committing) -> int:
    async with committing.transaction() as tx:
        return int(await tx.scalar(FAILED_JOB, {"args": json.dumps({"payment_id": "x"})}))


async def test_a_dead_event_is_shown_and_delivered_again(root, committing) -> None:
    await a_dead_event(committing)
    page = await root.open("/office/work")

    await root.send("/office/work/replay", {"subscription": "search.project", "key": "variant:1"})

    assert "no such &lt;table&gt;" in page
    assert "variant:1" in page
    async with committing.snapshot() as snap:
        row = await snap.one(STATE)
    assert row.set_aside_at is None
    assert row.attempts == 0
    assert "variant:1" not in await root.open("/office/work")
    assert "variant:1" in await root.open("/office/work?all=1")
    assert "runtime.replay" in await root.open("/office/audit")


async def test_what_is_not_set_aside_cannot_be_discarded(root, committing) -> None:
    await a_dead_event(committing)
    form = {"subscription": "search.project", "key": "variant:1"}

    await root.send("/office/work/discard", form)
    await root.send("/office/work/discard", form, status=404)


async def test_a_failed_job_is_shown_and_run_again(root, committing) -> None:
    job_id = await a_failed_job(committing)
    page = await root.open("/office/work/jobs")
    path = f"/office/work/jobs/{job_id}"

    await root.send(f"{path}/retry")
    again = await root.send(f"{path}/retry")
    called_off = await root.send(f"{path}/cancel")
    gone = await root.send("/office/work/jobs/999999/retry")

    assert "payments.settle" in page
    assert "refused=" in again.headers["location"]
    assert "refused=" in gone.headers["location"]
    assert "state in which this cannot be done" in await root.open(again.headers["location"])
    assert "job_cancelled" in called_off.headers["location"]
    async with committing.snapshot() as snap:
        assert await snap.scalar(JOB_STATE, {"id": job_id}) == "cancelled"
    assert "payments.settle" not in await root.open("/office/work/jobs?status=failed")
    assert "payments.settle" in await root.open("/office/work/jobs?status=cancelled")
    assert "payments.settle" not in await root.open("/office/work/jobs?status=all&type=other")


async def test_looking_is_not_repairing(sign_in, committing) -> None:
    await a_dead_event(committing)
    job_id = await a_failed_job(committing)
    async with sign_in("runtime.view") as onlooker:
        events = await onlooker.open("/office/work")
        jobs = await onlooker.open("/office/work/jobs")
        for path in ("replay", "discard", f"jobs/{job_id}/retry", f"jobs/{job_id}/cancel"):
            await onlooker.send(f"/office/work/{path}", status=403)

    assert "/office/work/replay" not in events
    assert "/retry" not in jobs
