"""What people decide of feeds: settings, mappings, running now, trying again; and a dry run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.modules.loyalty.intake import queries, schedule
from hansa.modules.loyalty.intake.due import try_rows
from hansa.modules.loyalty.intake.mapping import (
    BalanceAsked,
    Direct,
    MappingInvalid,
    OrderReturn,
    OrderState,
    Planned,
    read_mapping,
)
from hansa.modules.loyalty.intake.model import (
    Credentials,
    Feed,
    FeedInvalid,
    FeedKind,
    NoItem,
    WrittenMapping,
)
from hansa.modules.loyalty.intake.reading import SourceBroken, pieces_of, read_records
from hansa.modules.loyalty.intake.store import feeds as sql
from hansa.modules.loyalty.intake.store import runs as runs_sql
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.modules.loyalty.intake.work import RunFeed, TryRefused
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

SAMPLE_RECORDS_MAX = 50
SAMPLE_BYTES_MAX = 256 * 1024
NAME_CHARACTERS_MAX = 100
_CODE = re.compile(r"[a-z][a-z0-9-]{1,40}")


async def save_feed(
    tx: Transaction,
    context: Context,
    *,
    feed: Feed,
    credentials: Credentials | None,
    by: Actor | None,
    now: datetime,
) -> Feed:
    """Make a feed or change it; without `credentials` those it has stay.

    Code, partner, programme and kind never change.

    Raises:
        FeedInvalid: a field is no such thing.
    """
    check_feed(feed)
    sealer = context.service(Intake).sealer
    if credentials is not None:
        feed = replace(feed, sealed=sealer.seal(msgspec.json.encode(credentials)))
    next_at = schedule.next_after(feed.cron, now) if feed.cron and feed.is_active else None
    columns: dict[str, object] = {
        "id": feed.id,
        "code": feed.code,
        "name": feed.name,
        "partner_id": feed.partner_id,
        "programme_id": feed.programme_id,
        "kind": feed.kind,
        "settings": msgspec.json.encode(feed.settings).decode(),
        "cron": feed.cron,
        "is_active": feed.is_active,
        "next_at": next_at,
    }
    await tx.execute(sql.SAVE_FEED, {**columns, "sealed": feed.sealed, "now": now})
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_feed",
        subject_kind="loyalty_feed",
        subject_id=feed.id,
        after={**columns, "secrets_changed": credentials is not None},
        now=now,
    )
    return feed


def check_feed(feed: Feed) -> None:
    """Check the fields of a feed.

    Raises:
        FeedInvalid: one is no such thing.
    """
    settings = feed.settings
    _require("code", _CODE.fullmatch(feed.code) is not None)
    _require("name", 0 < len(feed.name) <= NAME_CHARACTERS_MAX)
    if feed.cron:
        try:
            schedule.read_schedule(feed.cron)
        except schedule.ScheduleInvalid:
            raise FeedInvalid("cron") from None
    if feed.kind is FeedKind.PULL_FILE:
        _require("folder", bool(settings.folder) != bool(settings.url))
    if feed.kind in {FeedKind.POLL, FeedKind.CALL_OUT}:
        _require("url", bool(settings.url))
    if feed.kind is FeedKind.CALL_OUT:
        _require("answers", settings.answers == "later")
    is_path = settings.path.startswith("/") and not settings.path.startswith("//")
    _require("path", is_path or not settings.path)
    for field in ("url", "tell_url"):
        _require(field, _is_address(getattr(settings, field)))
    if settings.signature == "hmac":
        _require("signature_header", bool(settings.signature_header))


def _is_address(address: str) -> bool:
    if not address:
        return True
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.username


def _require(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise FeedInvalid(field)


async def save_mapping(
    tx: Transaction,
    context: Context,
    *,
    feed: Feed,
    written: str,
    by: Actor | None,
    now: datetime,
) -> int:
    """Put a new version of a feed's mapping in force; give its number.

    Raises:
        MappingInvalid: it cannot be used.
    """
    context.service(Intake).compile(feed, written)
    asked = {"feed_id": feed.id, "now": now, "written": written, "by": by.id if by else None}
    version: int = await tx.scalar(sql.NEXT_MAPPING_VERSION, asked)
    await tx.execute(sql.ADD_MAPPING, asked)
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_mapping",
        subject_kind="loyalty_feed",
        subject_id=feed.id,
        after={"version": version},
        now=now,
    )
    return version


async def run_now(tx: Transaction, *, feed_id: UUID) -> None:
    """Let a feed look for records at once."""
    await tx.enqueue(RunFeed(feed_id=feed_id))


async def try_all_refused(tx: Transaction, *, feed_id: UUID) -> None:
    """Try every refused record again, by the mapping of now."""
    await tx.enqueue(TryRefused(feed_id=feed_id))


async def try_item(context: Context, *, feed: Feed, item_id: UUID) -> None:
    """Try one refused record again, by the mapping of now.

    Raises:
        NoItem: it is taken by now, or its content is gone.
        Unavailable: points are away.
    """
    async with context.database.snapshot(single=True) as snap:
        row = await snap.maybe(runs_sql.GET_SEALED, {"feed_id": feed.id, "id": item_id})
    if row is None or row.sealed is None or row.state == "taken":
        raise NoItem
    await try_rows(context, feed, [row])


def encoding_of(written: str) -> str:
    """Give the encoding a mapping expects; that of an unreadable one is UTF-8."""
    try:
        return read_mapping(written).source.encoding
    except MappingInvalid:
        return "utf-8"


# -- dry run ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a record of a sample would become. `commands` are named with what they say."""

    row: int
    rule: str
    commands: tuple[tuple[str, Mapping[str, str]], ...]
    refusal: HansaError | None
    warnings: tuple[str, ...]
    is_skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a mapping makes of a sample; `broken` if it could not be read to its end."""

    records: tuple[Tried, ...]
    broken: HansaError | None
    is_cut: bool


async def try_mapping(context: Context, *, feed: Feed, written: str, sample: bytes) -> Trial:
    """Say what commands would come out of a sample; nothing is done.

    Raises:
        MappingInvalid: the mapping cannot be used.
    """
    intake = context.service(Intake)
    engine = intake.compile(feed, written)
    worker = intake.worker(feed, engine)
    tried: list[Tried] = []
    broken: HansaError | None = None
    try:
        async for found in read_records(pieces_of(sample), engine.document.source):
            if len(tried) == SAMPLE_RECORDS_MAX:
                return Trial(records=tuple(tried), broken=None, is_cut=True)
            result = worker.read(found)
            understood = result.understood
            tried.append(
                Tried(
                    row=found.row,
                    rule="" if understood is None else understood.rule,
                    commands=()
                    if understood is None
                    else tuple(described(one) for one in understood.planned),
                    refusal=result.refusal,
                    warnings=() if understood is None else understood.warnings,
                    is_skipped=result.is_skipped,
                )
            )
    except SourceBroken as error:
        broken = error
    return Trial(records=tuple(tried), broken=broken, is_cut=False)


_NAMES = {OrderState: "Order", OrderReturn: "Return", BalanceAsked: "Balance"}


def described(planned: Planned) -> tuple[str, Mapping[str, str]]:
    """Name what is planned, with its fields as texts; the partner's own keys aside."""
    name, held = _NAMES.get(type(planned), ""), planned
    if isinstance(planned, Direct):
        name, held = type(planned.command).__name__, planned.command  # type: ignore[assignment]  # fields are read by name
    elif isinstance(planned, OrderState) and planned.member is None:
        name = "Cancel"
    fields = {}
    for field in held.__dataclass_fields__:
        value = getattr(held, field)
        if field in {"owner", "programme_id", "may_revise"} or value in {None, "", ()}:
            continue
        fields[field] = _said(value).lstrip("0") if field == "version" else _said(value)
    return name, fields


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        return "; ".join(f"{one.line}: {one.amount_minor}" for one in value)
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return str(value)


async def current_mapping(context: Context, *, feed: Feed) -> WrittenMapping | None:
    """Give the mapping in force."""
    async with context.database.snapshot(single=True) as snap:
        return await queries.get_mapping(snap, feed=feed)
