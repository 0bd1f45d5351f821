"""The demo: a fashion brand's shop with goods, pictures, people, orders, and programs beside it."""

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import hansa
from hansa.assembly.demo import chats, crm, feeds, onec, telephones
from hansa.assembly.demo.assortment import LAST_DRESS_SLUG
from hansa.assembly.demo.coalition import PHONES
from hansa.assembly.demo.loading import Show, load
from hansa.assembly.demo.partners_desk import PARTNER_PERSON
from hansa.assembly.demo.people import ERP_USER, OWNER, PASSWORD, SELLER
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

__all__ = ["Show", "load", "programs", "settings_beside", "welcome"]

_HOST = "127.0.0.1"
_ACQUIRER_PORT = 8790
_SLACK_PORT = 8720
_TELEGRAM_PORT = 8660
# The programs of `sandbox` are no part of the package: they stand beside it in the source tree.
_SOURCE_TREE = str(Path(hansa.__file__).parents[2])


def settings_beside(free_port: Callable[[str, int], int]) -> dict[str, str]:
    """Give the demo's settings, besides the usual defaults: where its practice programs will be."""
    slack, telegram = free_port(_HOST, _SLACK_PORT), free_port(_HOST, _TELEGRAM_PORT)
    return {
        **chats.settings_of(slack, telegram, _HOST),
        "acquirer_url": f"http://{_HOST}:{free_port(_HOST, _ACQUIRER_PORT)}",
        "acquirer_secret": "practice-bank-of-the-demo-only",
        "webpush_practice_url": f"http://{_HOST}:{free_port(_HOST, telephones.PUSH_PORT)}",
    }


def programs(settings: Settings) -> list[Program]:
    """Give the programs that run beside the shop: practice bank, 1C, CRM, chats and partners."""
    return [
        *chats.programs(settings, {"PYTHONPATH": _SOURCE_TREE}),
        Program(
            name="acquirer",
            command=[
                *(sys.executable, "-m", "sandbox.acquirer"),
                *("--port", str(urlsplit(settings.acquirer_url or "").port)),
                *("--state", str(settings.data_dir / "bank.sqlite")),
            ],
            environment={
                "PYTHONPATH": _SOURCE_TREE,
                "ACQUIRER_SECRET": settings.acquirer_secret.reveal(),
            },
            stage=1,
        ),
        onec.program(settings, {"PYTHONPATH": _SOURCE_TREE}),
        crm.program(settings, {"PYTHONPATH": _SOURCE_TREE}),
        *feeds.programs(settings, {"PYTHONPATH": _SOURCE_TREE}),
        telephones.program(settings, {"PYTHONPATH": _SOURCE_TREE}),
    ]


def welcome(settings: Settings) -> list[str]:
    """Give the lines that say where everything is."""
    url = settings.public_url
    return [
        f"Shop: {url}/ru/",
        f"Back office: {url}/office {OWNER} {PASSWORD}",
        f"1C exchange: {url}/1c_exchange {ERP_USER} {PASSWORD}",
        f"API docs: {url}/api/docs",
        f"Practice 1C: {onec.url_of(settings)}/",
        f"Practice RetailCRM: {crm.url_of(settings)}/",
        f"Practice Slack: {settings.slack_url}/",
        f"Practice Telegram: {settings.telegram_url}/",
        f"A dress only one shop still has: {url}/ru/p/{LAST_DRESS_SLUG}",
        f"Shop's page for a telephone: {url}/office/shop {SELLER} {PASSWORD}",
        f"Shopper with own prices: {url}/ru/sign-in partner@olkha.example {PASSWORD}",
        f"Members' app (the code is on the page): {url}/ru/loyalty {PHONES[0]}",
        f"A partner's cabinet: {url}/ru/partner {PARTNER_PERSON} {PASSWORD}",
        f"Practice receiver of webhooks: {feeds.receiver_url(settings)}/",
        f"What members' telephones show: {settings.webpush_practice_url}/",
    ]
