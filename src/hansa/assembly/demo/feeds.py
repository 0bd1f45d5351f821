"""Programs that are partners of the demo's coalition: a marketplace, an insurer, a till.

They stand beside the shop as the practice bank does, and with them a receiver of webhooks; what
they need to know of the shop (cards, a secret) is in a file that the load writes.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from hansa.assembly.demo.assortment import demo_id
from hansa.assembly.demo.notes import read_note, write_note
from hansa.modules import webhooks
from hansa.modules.loyalty import intake, programmes
from hansa.modules.loyalty.intake import FeedKind, FeedSettings
from hansa.modules.loyalty.intake.examples import example
from hansa.runtime.context import Context
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

_HOST = "127.0.0.1"
_ACQUIRER_PORT = 8790
_MARKETPLACE_PORT, _INSURER_PORT, _TILL_PORT, _RECEIVER_PORT = 9290, 9350, 9410, 9470
_TOKEN = "practice-marketplace-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
_INSURER_SECRET = "practice-insurer-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
_TELL_SECRET = "practice-answers-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
_TILL_SECRET = "practice-till-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
_FILE = "practice-partners.json"
_BOX = "lavka"
HOOK_OWNER = "lavka"
_MARKETPLACE, _INSURER, _TILL = "marketplace", "insurer", "till"


class Known(msgspec.Struct):
    """What practice partners know of the shop: members' names, and the secret of webhooks."""

    cards: list[str] = []
    phones: list[str] = []
    webhook_secret: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A feed of the demo."""

    code: str
    name: str
    partner: str
    kind: FeedKind
    mapping: str
    settings: FeedSettings
    credentials: intake.Credentials
    cron: str = ""


def url_of(settings: Settings, port: int) -> str:
    """Practice partners stand as far from their usual ports as the bank does from its own."""
    acquirer = urlsplit(settings.acquirer_url or "").port or _ACQUIRER_PORT
    return f"http://{_HOST}:{port + acquirer - _ACQUIRER_PORT}"


def receiver_url(settings: Settings) -> str:
    """Give the address of the page with webhooks that came."""
    return url_of(settings, _RECEIVER_PORT)


def _wanted(settings: Settings) -> tuple[_Wanted, ...]:
    return (
        _Wanted(
            _MARKETPLACE,
            "Заказы «Базара»",
            "marketplace",
            FeedKind.POLL,
            "fashion-api",
            FeedSettings(
                url=url_of(settings, _MARKETPLACE_PORT),
                path="/api/orders",
                authorization="bearer",
                query={"limit": "50"},
                cursor_path="next_cursor",
                more_path="has_more",
            ),
            intake.Credentials(token=_TOKEN),
            cron="* * * * *",
        ),
        _Wanted(
            _INSURER,
            "Полисы «Полиса»",
            "polis",
            FeedKind.WEBHOOK,
            "insurer",
            FeedSettings(tell_url=url_of(settings, _INSURER_PORT)),
            intake.Credentials(secret=_INSURER_SECRET, tell_secret=_TELL_SECRET),
        ),
        _Wanted(
            _TILL,
            "Касса «Булки»",
            "bulka",
            FeedKind.WEBHOOK,
            "till",
            FeedSettings(
                answers="now",
                signature="hmac",
                signature_header="X-Till-Signature",
                signature_prefix="sha256=",
                timestamp_header="X-Till-Time",
            ),
            intake.Credentials(secret=_TILL_SECRET),
        ),
    )


async def connect(context: Context, now: datetime) -> None:
    """Take records from where practice partners are this time; orders from the first start on."""
    coalition = context.service(programmes.Directory).coalition
    codes = {one.code: one for one in coalition.partners.values()}
    programme = next(iter(coalition.programmes.values()), None)
    if programme is None:
        return
    for one in _wanted(context.settings):
        feed = intake.Feed(
            id=demo_id("feed", one.code),
            code=one.code,
            name=one.name,
            partner_id=codes[one.partner].id,
            programme_id=programme.id,
            kind=one.kind,
            settings=one.settings,
            cron=one.cron,
            is_active=True,
        )
        async with context.database.transaction() as tx:
            feeds = {known.code: known for known in await intake.list_feeds(tx)}
            known = feeds.get(one.code)
            if known is None or known.settings != one.settings:
                changed = feed if known is None else replace(known, settings=one.settings)
                await intake.save_feed(
                    tx, context, feed=changed, credentials=one.credentials, by=None, now=now
                )
            if known is None or not known.mapping_version:
                written = example(one.mapping)
                await intake.save_mapping(tx, context, feed=feed, written=written, by=None, now=now)
    await _send_webhooks(context, codes[HOOK_OWNER], now)


async def _send_webhooks(context: Context, partner: programmes.Partner, now: datetime) -> None:
    """Tell the receiver what happens to the points of one partner."""
    url = f"{receiver_url(context.settings)}/in/{_BOX}"
    async with context.database.transaction() as tx:
        endpoints = await webhooks.list_endpoints(tx, owner=partner.id, limit=1)
        if endpoints:
            await webhooks.change_endpoint(
                tx, endpoint_id=endpoints[0].id, url=url, is_production=False, by=None, now=now
            )
            return
        _, secret = await webhooks.add_endpoint(
            tx,
            owner=partner.id,
            url=url,
            event_types=["loyalty.*"],
            description="Учебный приёмник",
            key=context.settings.secret_key.reveal().encode(),
            is_production=False,
            by=None,
            now=now,
        )
        # Before the commit: a secret that was not written down could never be read again.
        known = msgspec.structs.replace(
            read_note(context.settings, _FILE, Known), webhook_secret=secret.shown
        )
        await asyncio.to_thread(write_note, context.settings, _FILE, known)


async def introduce(settings: Settings, *, cards: Sequence[str], phones: Sequence[str]) -> None:
    """Tell practice partners of members who are their customers."""
    known = Known(cards=list(cards), phones=list(phones))
    await asyncio.to_thread(write_note, settings, _FILE, known)


def programs(settings: Settings, environment: Mapping[str, str]) -> list[Program]:
    """Give the practice partners as programs."""
    known = read_note(settings, _FILE, Known)
    events = f"{settings.public_url}/loyalty/v1/feeds"
    cards = [f"--customer={card}" for card in known.cards]
    return [
        _program(
            settings,
            _MARKETPLACE,
            ("fashion_marketplace", _MARKETPLACE_PORT),
            [f"--customer={phone}" for phone in known.phones],
            {**environment, "MARKETPLACE_TOKEN": _TOKEN},
        ),
        _program(
            settings,
            _INSURER,
            ("insurer", _INSURER_PORT),
            ["--partner-url", f"{events}/{_INSURER}/events", *cards],
            {**environment, "INSURER_SECRET": _INSURER_SECRET, "PARTNER_SECRET": _TELL_SECRET},
        ),
        _program(
            settings,
            _TILL,
            ("offline_till", _TILL_PORT),
            ["--partner-url", f"{events}/{_TILL}/events", *cards],
            {**environment, "TILL_SECRET": _TILL_SECRET},
        ),
        Program(
            name="receiver",
            command=[
                *(sys.executable, "-m", "sandbox.webhooks"),
                *("--port", str(urlsplit(receiver_url(settings)).port)),
                *("--box", f"{_BOX}={known.webhook_secret}"),
            ],
            environment=dict(environment),
            stage=1,
        ),
    ]


def _program(
    settings: Settings,
    name: str,
    what: tuple[str, int],
    arguments: Sequence[str],
    environment: dict[str, str],
) -> Program:
    module, port = what
    return Program(
        name=name,
        command=[
            *(sys.executable, "-m", f"sandbox.{module}"),
            *("--port", str(urlsplit(url_of(settings, port)).port)),
            *("--state", str(settings.data_dir / f"{name}.json")),
            *arguments,
        ],
        environment=environment,
        stage=1,
    )
