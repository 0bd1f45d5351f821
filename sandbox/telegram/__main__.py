"""Run the simulated Telegram until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from functools import partial

from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.telegram.chats import Chat, Chats, Person
from sandbox.telegram.methods import BotApi, Rates, Webhook
from sandbox.telegram.service import Service
from sandbox.telegram.updates import Updates


def chats_of(state: str | None, chats: Sequence[str], people: Sequence[str]) -> Chats:
    """Make chats of `ID=title` and people of `ID=name=CHAT,CHAT`."""
    made = Chats.open(state)
    for described in chats:
        chat_id, _, title = described.partition("=")
        made.chats[int(chat_id)] = Chat(int(chat_id), title or chat_id)
    for described in people:
        person_id, _, rest = described.partition("=")
        name, _, inside = rest.partition("=")
        groups = [int(one) for one in inside.split(",") if one]
        made.people[int(person_id)] = Person(int(person_id), name or person_id, groups)
    return made


def service_of(chats: Chats, *, token: str, webhook: Webhook) -> Service:
    """Put the parts together."""
    api = BotApi(chats, Rates(chats), webhook)
    updates = Updates(api)
    api.webhook_changed = updates.wake
    return Service(api=api, updates=updates, token=token)


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = service_of(
        chats_of(arguments.state, arguments.chat, arguments.person),
        token=os.environ.get("TELEGRAM_TOKEN", "700000001:practice"),
        webhook=Webhook(arguments.webhook or "", os.environ.get("TELEGRAM_SECRET", "")),
    )
    server = await asyncio.start_server(
        partial(serve_connection, service.answer),
        arguments.host,
        arguments.port,
        limit=HEAD_BYTES_MAX,
    )
    print(f"Telegram: http://{arguments.host}:{arguments.port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()
    await service.updates.close()


def main() -> None:
    """Read the command line; secrets come by the environment."""
    parser = argparse.ArgumentParser(
        prog="sandbox.telegram",
        description=__doc__,
        epilog="TELEGRAM_TOKEN and TELEGRAM_SECRET are read from the environment.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8775)
    parser.add_argument("--state", help="file that keeps messages over restarts")
    parser.add_argument("--webhook", help="where updates go until the bot says otherwise")
    parser.add_argument("--chat", action="append", default=[], help="ID=title, repeatable")
    parser.add_argument(
        "--person", action="append", default=[], help="ID=name=CHAT,CHAT, repeatable"
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
