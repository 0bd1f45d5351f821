"""Events and jobs: what waits, what failed for good, and trying it again."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.runtime.database import Transaction
from hansa.runtime.html import Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Actor, Request, go_to
from hansa.runtime.http.problems import detail
from hansa.runtime.jobs import inspection as jobs
from hansa.runtime.outbox import inspection as events
from hansa.runtime.outbox import repair
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/work"
JOBS = "/office/work/jobs"
STATUSES = {
    "todo": ("waits", "accent"),
    "doing": ("runs", "accent"),
    "failed": ("failed", "bad"),
    "cancelled": ("called off", ""),
    "aborted": ("broken off", "warn"),
}
_CURSOR = "office.stuck"
_ID_DIGITS_MAX = 18
_TRIED_AGAIN_AFTER_ALL = ("failed", "cancelled", "aborted")


class StuckFields(msgspec.Struct):
    """Events of which subscription; without a key, all of them."""

    subscription: str = ""
    key: str = ""


@get("/office/work")
async def show_events(request: Request) -> Page:
    """Show how far events are, and those that were set aside."""
    staff(request, "runtime.view")
    only_set_aside = asked(request, "all") != "1"
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str, str))
    async with request.snapshot() as snap:
        behind = await events.events_behind(snap)
        stuck = await events.stuck_counts(snap)
        found = await events.list_stuck_keys(
            snap, set_aside=only_set_aside, after=after or ("", ""), limit=PAGE_ROWS + 1
        )
        queues = await jobs.queue_depths(snap)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.subscription, one.key)
    )
    language, zone = request.language, zone_of(request)
    names = sorted({*behind, *stuck})
    return show(
        request,
        "work.html",
        tabs=_tabs(request, HOME),
        waiting=format_number(max(behind.values(), default=0), language),
        set_aside=sum(count for _, count in stuck.values()),
        trying=sum(count for count, _ in stuck.values()),
        jobs_waiting=sum(count for _, count, _ in queues),
        jobs_failed=sum(count for _, _, count in queues),
        subscriptions=[
            {
                "name": name,
                "behind": format_number(behind.get(name, 0), language),
                "trying": stuck.get(name, (0, 0))[0],
                "set_aside": stuck.get(name, (0, 0))[1],
            }
            for name in names
        ],
        stuck=[
            {
                "subscription": one.subscription,
                "key": one.key,
                "type": one.type or "",
                "event": str(one.event_id or ""),
                "payload": one.payload or "",
                "error": one.error or "",
                "attempts": one.attempts,
                "waiting": one.waiting,
                "failed": format_moment(one.failed_at, language, zone),
                "next": format_moment(one.next_try_at, language, zone),
                "is_set_aside": one.set_aside_at is not None,
            }
            for one in shown
        ],
        only_set_aside=only_set_aside,
        other_url=address(request, all="1" if only_set_aside else None),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        live_url=address(request),
    )


@post("/office/work/replay")
async def replay(request: Request) -> Response[None]:
    """Have events that were set aside delivered again."""
    actor = staff(request, "runtime.edit")
    form = await read_form(request, StuckFields)
    subscription, key = form.text("subscription"), form.text("key") or None
    async with request.transaction() as tx:
        number = await repair.replay(tx, subscription=subscription, key=key)
        if number:
            await _note(
                request, tx, actor, "runtime.replay", "event", f"{subscription} {key or '*'}"
            )
    return done(request, HOME, "replayed")


@post("/office/work/discard")
async def discard(request: Request) -> Response[None]:
    """Drop the event that blocks a key, for one subscription."""
    actor = staff(request, "runtime.edit")
    form = await read_form(request, StuckFields)
    subscription, key = form.text("subscription"), form.text("key")
    async with request.transaction() as tx:
        await repair.discard(tx, subscription=subscription, key=key)
        await _note(request, tx, actor, "runtime.discard", "event", f"{subscription} {key}")
    return done(request, HOME, "discarded")


@get("/office/work/jobs")
async def list_jobs(request: Request) -> Page:
    """Show jobs by state; those that failed first of all."""
    staff(request, "runtime.view")
    told = asked(request, "status") or "failed"
    status = told if told in jobs.STATUSES else None
    before = asked(request, "before")
    async with request.snapshot() as snap:
        found = await jobs.list_jobs(
            snap,
            status=status,
            type=asked(request, "type") or None,
            before=int(before) if before.isdecimal() and len(before) <= _ID_DIGITS_MAX else None,
            limit=PAGE_ROWS + 1,
        )
        queues = await jobs.queue_depths(snap)
    translate, language, zone = words(request), request.language, zone_of(request)
    shown = found[:PAGE_ROWS]
    return show(
        request,
        "jobs.html",
        tabs=_tabs(request, JOBS),
        queues=[
            {"name": name, "waiting": format_number(waiting, language), "failed": failed}
            for name, waiting, failed in queues
        ],
        views=[
            {
                "label": translate(label),
                "href": f"{JOBS}?{urlencode({'status': one})}",
                "current": told == one,
            }
            for one, (label, _) in STATUSES.items()
        ]
        + [
            {
                "label": translate("All"),
                "href": f"{JOBS}?{urlencode({'status': 'all'})}",
                "current": status is None,
            }
        ],
        type=asked(request, "type"),
        status=told,
        rows=[_job_row(one, translate, language, zone) for one in shown],
        first_url=address(request, before=None) if before else None,
        next_url=address(request, before=str(shown[-1].id)) if len(found) > PAGE_ROWS else None,
        refused=asked(request, "refused"),
    )


@post("/office/work/jobs/{job_id:int}/retry")
async def retry_job(request: Request, job_id: FromPath[int]) -> Response[None]:
    """Run a job once more, with all its attempts."""
    actor = staff(request, "runtime.edit")
    try:
        async with request.transaction() as tx:
            await jobs.retry_job(tx, job_id=job_id)
            await _note(request, tx, actor, "runtime.retry_job", "job", str(job_id))
    except HansaError as refusal:
        return _refused(request, refusal)
    return done(request, JOBS, "retried")


@post("/office/work/jobs/{job_id:int}/cancel")
async def cancel_job(request: Request, job_id: FromPath[int]) -> Response[None]:
    """Take a job out of the way; it can be tried again later."""
    actor = staff(request, "runtime.edit")
    try:
        async with request.transaction() as tx:
            await jobs.cancel_job(tx, job_id=job_id)
            await _note(request, tx, actor, "runtime.cancel_job", "job", str(job_id))
    except HansaError as refusal:
        return _refused(request, refusal)
    return done(request, JOBS, "job_cancelled", of=str(job_id))


def _refused(request: Request, refusal: HansaError) -> Response[None]:
    return go_to(request, f"{JOBS}?{urlencode({'refused': detail(request, refusal)})}")


def _job_row(one: jobs.JobFacts, translate: Any, language: str, zone: str) -> dict[str, Any]:
    label, tone = STATUSES.get(one.status, (one.status, ""))
    return {
        "id": one.id,
        "type": one.type,
        "queue": one.queue,
        "state": translate(label),
        "tone": tone,
        "attempts": one.attempts,
        "enqueued": format_moment(one.enqueued_at, language, zone),
        "scheduled": format_moment(one.scheduled_at, language, zone),
        "failed": format_moment(one.failed_at, language, zone),
        "lock": one.lock or "",
        "args": msgspec.json.format(msgspec.json.encode(dict(one.args))).decode(),
        "error": one.error or "",
        "traceback": one.traceback or "",
        "may_retry": one.status in _TRIED_AGAIN_AFTER_ALL,
        "may_cancel": one.status in {"todo", "failed"},
    }


def _tabs(request: Request, current: str) -> list[dict[str, object]]:
    labels = (("Events", HOME), ("Jobs", JOBS))
    return [
        {"label": words(request)(label), "href": href, "current": href == current}
        for label, href in labels
    ]


async def _note(  # noqa: PLR0917 - who did what to which thing
    request: Request, tx: Transaction, actor: Actor, action: str, kind: str, subject: str
) -> None:
    await accounts.record(
        tx,
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=subject,
        now=request.received_at,
    )
