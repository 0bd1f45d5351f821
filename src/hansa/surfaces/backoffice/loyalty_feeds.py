"""Feeds of partners as staff see them: how each goes, what was refused, trying again."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import accounts
from hansa.modules.loyalty import intake, programmes
from hansa.runtime.database import Transaction
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Actor, Request
from hansa.runtime.http.problems import filled
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/loyalty/feeds"
VIEW, EDIT = "loyalty.view", "loyalty.edit"
KINDS = {
    intake.FeedKind.PULL_FILE: "fetched file",
    intake.FeedKind.POLL: "polled API",
    intake.FeedKind.WEBHOOK: "events told to us",
    intake.FeedKind.CALL_OUT: "events, then a question",
}
RUN_STATES = {
    intake.RunState.RUNNING: ("is running", "accent"),
    intake.RunState.DONE: ("taken in", "good"),
    intake.RunState.BROKEN: ("broken off", "bad"),
}
_CURSOR = "office.loyalty.feeds"
_PHRASES = frozenset({"expected", "reason"})
_DATE = "a date as "
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_RUNS_SHOWN = 15


@get(HOME)
async def list_feeds(request: Request) -> Page:
    """Show all feeds and how they go, those with something to do first."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        feeds = await intake.list_feeds(snap)
        healths = await intake.health_of(snap, feeds=feeds)
    healths.sort(key=lambda one: (not one.feed.failure, not one.refused, one.feed.code))
    return show(request, "loyalty_feeds.html", feeds=[_health(request, one) for one in healths])


@get(HOME + "/{feed_id:uuid}")
async def show_feed(request: Request, feed_id: FromPath[UUID]) -> Page:
    """Show a feed: its runs, and what was refused."""
    staff(request, VIEW)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        feed = await intake.get_feed(snap, feed_id=feed_id)
        (health,) = await intake.health_of(snap, feeds=[feed])
        runs = await intake.list_runs(snap, feed_id=feed_id, limit=_RUNS_SHOWN)
        items = await intake.list_refused(
            snap, feed_id=feed_id, after=after and tuple(after), limit=PAGE_ROWS + 1
        )
        scheduled, next_due = await intake.count_scheduled(snap, feed_id=feed_id)
    shown, cursor = request.page_of(
        items, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.last_at, one.id)
    )
    language, zone = request.language, zone_of(request)
    return show(
        request,
        "loyalty_feed.html",
        feed=_health(request, health),
        runs=[_run(request, one) for one in runs],
        items=[_item(request, one) for one in shown],
        scheduled=format_number(scheduled, language),
        next_due=format_moment(next_due, language, zone) if next_due else "",
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@post(HOME + "/{feed_id:uuid}/run")
async def run_now(request: Request, feed_id: FromPath[UUID]) -> Response[None]:
    """Let a feed look for records at once."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        feed = await intake.get_feed(tx, feed_id=feed_id)
        await intake.run_now(tx, feed_id=feed.id)
        await _note(request, tx, feed_id, "loyalty.run_feed", by)
    return done(request, f"{HOME}/{feed_id}", "feed_started")


@post(HOME + "/{feed_id:uuid}/retry")
async def try_all(request: Request, feed_id: FromPath[UUID]) -> Response[None]:
    """Try everything that was refused again."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        feed = await intake.get_feed(tx, feed_id=feed_id)
        await intake.try_all_refused(tx, feed_id=feed.id)
        await _note(request, tx, feed_id, "loyalty.try_refused", by)
    return done(request, f"{HOME}/{feed_id}", "replayed")


@post(HOME + "/{feed_id:uuid}/items/{item_id:uuid}/retry")
async def try_one(
    request: Request, feed_id: FromPath[UUID], item_id: FromPath[UUID]
) -> Response[None]:
    """Try a refused record again, by the mapping of now."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        feed = await intake.get_feed(tx, feed_id=feed_id)
        await _note(request, tx, feed_id, "loyalty.try_record", by)
    await intake.try_item(request.context, feed=feed, item_id=item_id)
    return done(request, f"{HOME}/{feed_id}", "replayed")


async def _note(request: Request, tx: Transaction, feed_id: UUID, action: str, by: Actor) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=action,
        subject_kind="loyalty_feed",
        subject_id=feed_id,
        now=request.received_at,
    )


def names_of(request: Request, feed: intake.Feed) -> tuple[str, str]:
    """Give the names of a feed's partner and programme."""
    coalition = request.context.service(programmes.Directory).coalition
    partner = coalition.partners.get(feed.partner_id)
    programme = coalition.programmes.get(feed.programme_id)
    return (
        pick(partner.name, request.language) if partner else "",
        pick(programme.name, request.language) if programme else "",
    )


def _health(request: Request, health: intake.Health) -> dict[str, Any]:
    feed, language, zone = health.feed, request.language, zone_of(request)
    translate = words(request)
    partner, programme = names_of(request, feed)
    if not feed.is_active:
        label, tone = "not in use", ""
    elif feed.failure:
        label, tone = "does not work", "bad"
    elif health.refused:
        label, tone = "has refused records", "warn"
    else:
        label, tone = "works", "good"
    return {
        "id": feed.id,
        "url": f"{HOME}/{feed.id}",
        "code": feed.code,
        "name": feed.name,
        "partner": partner,
        "programme": programme,
        "kind": translate(KINDS[feed.kind]),
        "state": translate(label),
        "tone": tone,
        "is_active": feed.is_active,
        "pulls": feed.kind in {intake.FeedKind.PULL_FILE, intake.FeedKind.POLL},
        "told_at": ""
        if feed.kind in {intake.FeedKind.PULL_FILE, intake.FeedKind.POLL}
        else intake.events_path(feed),
        "cron": feed.cron,
        "version": feed.mapping_version,
        "ran": format_moment(feed.ran_at, language, zone) if feed.ran_at else "",
        "next": format_moment(feed.next_at, language, zone) if feed.next_at else "",
        "refused": health.refused,
        "waiting": health.waiting,
        "calls": health.calls_waiting,
        "failure": told(request, feed.failure, feed.failure_facts) if feed.failure else "",
        "last_run": _run(request, health.last_run) if health.last_run else None,
    }


def _run(request: Request, run: intake.Run) -> dict[str, Any]:
    language, zone = request.language, zone_of(request)
    label, tone = RUN_STATES[run.state]
    return {
        "id": run.id,
        "source": run.source if "/" in run.source else run.source[:24],
        "state": words(request)(label),
        "tone": tone,
        "is_running": run.state is intake.RunState.RUNNING,
        "started": format_moment(run.started_at, language, zone),
        **{
            name: format_number(getattr(run, name), language)
            for name in ("read", "taken", "refused", "waiting", "repeated", "skipped")
        },
        "warnings": ", ".join(run.warnings),
        "failure": told(request, run.failure, run.failure_facts) if run.failure else "",
    }


def _item(request: Request, item: intake.Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "row": item.row,
        "rule": item.rule,
        "text": told(request, item.message, item.facts),
        "moment": format_moment(item.last_at, request.language, zone_of(request)),
        "times": item.times,
        "shown": []
        if item.shown is None
        else [(name, _plain(one)) for name, one in item.shown.items()],
        "is_kept": item.shown is not None,
    }


def told(request: Request, message: str, facts: Mapping[str, object]) -> str:
    """Say a kept sentence in the reader's language, with what was expected and why in it too."""
    translate = words(request)
    said = {
        name: _phrase(translate, str(one)) if name in _PHRASES else one
        for name, one in facts.items()
    }
    return filled(translate(message), said)


def _phrase(translate: Callable[[str], str], phrase: str) -> str:
    """Say a phrase whose numbers, or the form of a date, are not part of the msgid."""
    if phrase.startswith(_DATE):
        return translate("a date as {0}").replace("{0}", phrase.removeprefix(_DATE))
    numbers = _NUMBER.findall(phrase)
    places = (f"{{{place}}}" for place in range(len(numbers)))
    said = translate(_NUMBER.sub(lambda _: next(places), phrase))
    for place, number in enumerate(numbers):
        said = said.replace(f"{{{place}}}", number)
    return said


def _plain(value: object) -> str:
    return value if isinstance(value, str) else str(value)


ROUTES = (list_feeds, show_feed, run_now, try_all, try_one)
