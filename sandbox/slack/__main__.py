"""Run the simulated Slack until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from functools import partial

from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.slack.clicks import Clicks
from sandbox.slack.methods import Rates, WebApi
from sandbox.slack.service import Service
from sandbox.slack.workspace import Person, Workspace


def workspace_of(state: str | None, channels: Sequence[str], people: Sequence[str]) -> Workspace:
    """Make a workspace of `ID=name` channels and `ID=name=channel,channel` people."""
    workspace = Workspace.open(state)
    for described in channels:
        channel_id, _, name = described.partition("=")
        workspace.add_channel(channel_id, name or channel_id)
    for described in people:
        person_id, _, rest = described.partition("=")
        name, _, inside = rest.partition("=")
        workspace.people[person_id] = Person(
            person_id, name or person_id, [one for one in inside.split(",") if one]
        )
    return workspace


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    workspace = workspace_of(arguments.state, arguments.channel, arguments.person)
    service = Service(
        api=WebApi(workspace, os.environ.get("SLACK_BOT_TOKEN", "xoxb-practice"), Rates(workspace)),
        clicks=Clicks(
            workspace,
            os.environ.get("SLACK_SIGNING_SECRET", "practice-secret"),
            arguments.request_url,
        ),
    )
    server = await asyncio.start_server(
        partial(serve_connection, service.answer),
        arguments.host,
        arguments.port,
        limit=HEAD_BYTES_MAX,
    )
    print(f"Slack: http://{arguments.host}:{arguments.port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()
    await service.clicks.close()


def main() -> None:
    """Read the command line; secrets come by the environment."""
    parser = argparse.ArgumentParser(
        prog="sandbox.slack",
        description=__doc__,
        epilog="SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET are read from the environment.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8770)
    parser.add_argument("--state", help="file that keeps messages over restarts")
    parser.add_argument("--request-url", required=True, help="where the app takes clicks")
    parser.add_argument("--channel", action="append", default=[], help="ID=name, repeatable")
    parser.add_argument(
        "--person", action="append", default=[], help="ID=name=CHANNEL,CHANNEL, repeatable"
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
