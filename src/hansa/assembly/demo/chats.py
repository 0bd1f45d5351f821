"""Where the demo's shops are asked: a practice Slack, and a practice Telegram for one of them."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from hansa.assembly.demo.assortment import demo_id
from hansa.modules import fulfilment
from hansa.modules.fulfilment import ShopChannel
from hansa.runtime.database import Transaction
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

SLACK_BOT_TOKEN = "xoxb-practice-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
SLACK_SIGNING_SECRET = "practice-slack-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
TELEGRAM_TOKEN = "700000001:practice-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
TELEGRAM_SECRET = "practice-telegram-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing
_SLACK_ACTIONS = "/api/v1/fulfilment/slack/actions"
_TELEGRAM_UPDATES = "/api/v1/fulfilment/telegram/updates"
_STRANGER = ("U0GUEST", "900000099", "Случайный прохожий")


class _Talk(NamedTuple):
    """A shop's channel and who answers there: (user id, name)."""

    place: str
    channel: ShopChannel
    address: str
    title: str
    people: tuple[tuple[str, str], ...]
    time_zone: str = "Europe/Moscow"


_TALKS = (
    _Talk(
        "petrovka",
        ShopChannel.SLACK,
        "C0PETROVKA",
        "петровка",
        (("U0ANNA", "Анна Ветрова"), ("U0BORIS", "Борис Ильин")),
    ),
    _Talk(
        "nevsky",
        ShopChannel.TELEGRAM,
        "-1001000044",
        "Магазин на Невском",
        (("900000001", "Нина Белых"), ("900000002", "Олег Морев")),
    ),
    _Talk("kazan", ShopChannel.SLACK, "C0KAZAN", "казань", (("U0ALIYA", "Алия Нурова"),)),
    _Talk(
        "ekb",
        ShopChannel.SLACK,
        "C0EKB",
        "екатеринбург",
        (("U0PAVEL", "Павел Уралов"),),
        "Asia/Yekaterinburg",
    ),
    _Talk(
        "nsk",
        ShopChannel.SLACK,
        "C0NSK",
        "новосибирск",
        (("U0DARIA", "Дарья Обская"),),
        "Asia/Novosibirsk",
    ),
    _Talk(
        "almaty",
        ShopChannel.SLACK,
        "C0ALMATY",
        "алматы",
        (("U0TIMUR", "Тимур Ахметов"),),
        "Asia/Almaty",
    ),
)


async def introduce(tx: Transaction, *, now: datetime) -> None:
    """Say how each shop is asked; the demo's shops are always open, to be tried at any hour."""
    for talk in _TALKS:
        shop = fulfilment.Shop(
            warehouse_id=_place(talk),
            channel=talk.channel,
            address=talk.address,
            time_zone=talk.time_zone,
            members=tuple(user for user, _ in talk.people),
        )
        await fulfilment.save_shop(tx, shop=shop, now=now)


def settings_of(slack_port: int, telegram_port: int, host: str) -> dict[str, str]:
    """Give the settings by which the shop finds its practice chats."""
    return {
        "slack_url": f"http://{host}:{slack_port}",
        "slack_bot_token": SLACK_BOT_TOKEN,
        "slack_signing_secret": SLACK_SIGNING_SECRET,
        "telegram_url": f"http://{host}:{telegram_port}",
        "telegram_token": TELEGRAM_TOKEN,
        "telegram_secret": TELEGRAM_SECRET,
    }


def programs(settings: Settings, environment: Mapping[str, str]) -> list[Program]:
    """Give the practice chats as programs."""
    return [
        Program(
            name="slack",
            command=[
                *(sys.executable, "-m", "sandbox.slack"),
                *("--port", str(urlsplit(settings.slack_url).port)),
                *("--state", str(settings.data_dir / "slack.json")),
                *("--request-url", settings.public_url + _SLACK_ACTIONS),
                *_slack_people(),
            ],
            environment={
                **environment,
                "SLACK_BOT_TOKEN": settings.slack_bot_token.reveal(),
                "SLACK_SIGNING_SECRET": settings.slack_signing_secret.reveal(),
            },
            stage=1,
        ),
        Program(
            name="telegram",
            command=[
                *(sys.executable, "-m", "sandbox.telegram"),
                *("--port", str(urlsplit(settings.telegram_url).port)),
                *("--state", str(settings.data_dir / "telegram.json")),
                *("--webhook", settings.public_url + _TELEGRAM_UPDATES),
                *_telegram_people(),
            ],
            environment={
                **environment,
                "TELEGRAM_TOKEN": settings.telegram_token.reveal(),
                "TELEGRAM_SECRET": settings.telegram_secret.reveal(),
            },
            stage=1,
        ),
    ]


def _slack_people() -> list[str]:
    slack = [talk for talk in _TALKS if talk.channel is ShopChannel.SLACK]
    people = [
        f"--person={id_}={name}={talk.address}" for talk in slack for id_, name in talk.people
    ]
    return [
        *(f"--channel={talk.address}={talk.title}" for talk in slack),
        *people,
        f"--person={_STRANGER[0]}={_STRANGER[2]}",
    ]


def _telegram_people() -> list[str]:
    telegram = [talk for talk in _TALKS if talk.channel is ShopChannel.TELEGRAM]
    people = [
        f"--person={id_}={name}={talk.address}" for talk in telegram for id_, name in talk.people
    ]
    return [
        *(f"--chat={talk.address}={talk.title}" for talk in telegram),
        *people,
        f"--person={_STRANGER[1]}={_STRANGER[2]}",
    ]


def _place(talk: _Talk) -> UUID:
    return demo_id("warehouse", talk.place)
