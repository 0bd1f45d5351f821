"""A shop that asks its shops in a practice Slack and a practice Telegram, over real HTTP.

async with a_talk(settings, committing, clock, channel="slack") as talk:
    question = await talk.ask({1: 2})                # two pieces of the first item
    await talk.slack.press("C1", "Да, все 2", user="U1")
    await talk.work()                                # the jobs that follow
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from uuid import UUID

import httpx
import msgspec

from hansa.assembly.modules import all_modules
from hansa.modules import fulfilment
from hansa.modules.fulfilment.chat.jobs import show_pressed
from hansa.modules.fulfilment.chat.work import ShowPressed
from hansa.modules.fulfilment.jobs import run_send_question, run_update_question
from hansa.modules.fulfilment.slack.api import ACTIONS_PATH
from hansa.modules.fulfilment.slack.jobs import tell_pressed
from hansa.modules.fulfilment.slack.work import TellPressed
from hansa.modules.fulfilment.telegram.channel import UPDATES_PATH
from hansa.modules.fulfilment.work import SendQuestion, UpdateQuestion
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.module import Module
from hansa.runtime.settings import Secret, Settings
from sandbox.acquirer.wire import Answer, Call, serve_connection
from tests.support import slack as slack_support
from tests.support import telegram as telegram_support
from tests.support.fulfilment import Chain, a_chain, an_order, findings, look, open_questions
from tests.support.http import Site, application
from tests.support.slack import Slack, a_slack
from tests.support.telegram import CHAT, Telegram, a_telegram

__all__ = ["CHANNEL", "Talk", "a_talk"]

CHANNEL = "C1"
MEMBERS = {"slack": ("U1", "U2"), "telegram": ("1", "2")}
ADDRESS = {"slack": CHANNEL, "telegram": str(CHAT)}
_HOP = {"connection", "content-length", "host", "transfer-encoding"}
_HANDLERS = {
    SendQuestion.type: (SendQuestion, run_send_question),
    UpdateQuestion.type: (UpdateQuestion, run_update_question),
    ShowPressed.type: (ShowPressed, show_pressed),
    TellPressed.type: (TellPressed, tell_pressed),
}


@dataclass
class Talk:
    """Everything a test of a conversation needs."""

    site: Site
    database: Database
    clock: FixedClock
    channel: str
    slack: Slack
    telegram: Telegram
    address: str
    chain: Chain = field(default_factory=lambda: Chain(shops=()))

    async def open(self, *, members: tuple[str, ...] | None = None) -> None:
        """Make a chain with one shop that is asked in the channel."""
        now = self.clock.now()
        async with self.database.transaction() as tx:
            self.chain = await a_chain(tx, now=now, stocks={0: (50, 50)})
            shop = fulfilment.Shop(
                warehouse_id=self.chain.shops[0],
                channel=fulfilment.ShopChannel(self.channel),
                address=ADDRESS[self.channel],
                members=MEMBERS[self.channel] if members is None else members,
            )
            await fulfilment.save_shop(tx, shop=shop, now=now)

    async def ask(self, item: int = 1, other: int = 0, *, send: bool = True) -> UUID:
        """Place an order that only the shop can serve, and ask it; give the question's id."""
        lines = {self.chain.item: item, self.chain.other: other}
        async with self.database.transaction() as tx:
            wanted = {variant: count for variant, count in lines.items() if count}
            order = await an_order(tx, wanted, now=self.clock.now())
            await look(tx, order, now=self.clock.now())
            [question] = await open_questions(tx, order)
        if send:
            await self.work()
        return question.id

    async def question(self, question_id: UUID) -> fulfilment.Question:
        async with self.database.snapshot() as snap:
            return await fulfilment.get_question(snap, question_id=question_id)

    async def answers(self, question_id: UUID) -> list[tuple[Decimal, Decimal, Decimal] | None]:
        """What was answered to each line: found, defective, missing."""
        question = await self.question(question_id)
        return [
            None if one is None else (one.found, one.defective, one.missing)
            for one in (line.answer for line in question.lines)
        ]

    async def waiting(self) -> list[str]:
        """The types of the jobs that wait, in the order they came."""
        async with self.database.snapshot(single=True) as snap:
            rows = await snap.all(
                "select task_name from jobs.procrastinate_jobs where status = 'todo' order by id"
            )
        return [row.task_name for row in rows]

    async def work(self) -> None:
        """Run the jobs of chats that wait, once each, as a worker would."""
        async with self.database.transaction() as tx:
            rows = await tx.all(
                "update jobs.procrastinate_jobs set status = 'succeeded' where status = 'todo'"
                " and task_name = any(%(names)s) returning id, task_name, args",
                {"names": list(_HANDLERS)},
            )
        for row in sorted(rows, key=lambda one: int(one.id)):
            kind, handle = _HANDLERS[row.task_name]
            await handle(self.site.context, msgspec.convert(row.args["job"], kind))  # type: ignore[operator]

    async def findings(self) -> list[str]:
        async with self.database.snapshot() as snap:
            return await findings(snap)

    async def post(self, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Call the site over HTTP."""
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            return await client.post(path, content=content, headers=headers)


@contextlib.asynccontextmanager
async def a_talk(
    settings: Settings, database: Database, clock: FixedClock, *, channel: str, burst: int = 100
) -> AsyncIterator[Talk]:
    """Run both chats and the site; their clocks are the test's."""
    running: list[Site] = []

    async def forward(call: Call) -> Answer:
        headers = [
            (name.encode(), value.encode("latin-1"))
            for name, value in call.headers.items()
            if name not in _HOP
        ]
        async with running[0].client(keyed=False) as client:
            answer = await client.request(
                call.method, call.path, content=call.body, headers=headers
            )
        kind = answer.headers.get("content-type", "text/plain")
        return Answer(status=answer.status_code, body=answer.content, content_type=kind)

    server = await asyncio.start_server(partial(serve_connection, forward), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        a_slack(request_url=address + ACTIONS_PATH, burst=burst) as slack,
        a_telegram(webhook_url=address + UPDATES_PATH, burst=burst) as telegram,
    ):
        slack.service.workspace.time = lambda: clock.now().timestamp()
        telegram.service.chats.time = lambda: clock.now().timestamp()
        own = replace(
            settings,
            public_url=address,
            slack_url=slack.url,
            slack_bot_token=Secret(slack_support.BOT_TOKEN),
            slack_signing_secret=Secret(slack_support.SIGNING_SECRET),
            telegram_url=telegram.url,
            telegram_token=Secret(telegram_support.TOKEN),
            telegram_secret=Secret(telegram_support.SECRET),
        )
        try:
            async with application(own, database, clock=clock, modules=_modules()) as site:
                running.append(site)
                talk = Talk(site, database, clock, channel, slack, telegram, address)
                await talk.open()
                yield talk
        finally:
            server.close()


def _modules() -> list[Module]:
    """What a conversation needs: everything but those who only look on."""
    return [one for one in all_modules() if one.name not in {"erp", "retailcrm"}]
