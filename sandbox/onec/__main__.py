"""Run this 1C: `python -m sandbox.onec --url URL --user U --password P send|orders|watch|serve`."""

import argparse
import os
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path

from sandbox.onec.client import CHUNK_BYTES, Dropped, OneC, Refused
from sandbox.onec.control import Control, make_server
from sandbox.onec.intake import Intake
from sandbox.onec.mischief import Mischief
from sandbox.onec.papers import read_statuses
from sandbox.onec.service import ROOT, Service
from sandbox.onec.world import World


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; 0 when the site took everything, 1 when it refused."""
    asked = _parser().parse_args(arguments)
    try:
        mischief = Mischief()
        for one in asked.misbehave:
            name, _, value = one.partition("=")
            mischief = mischief.switched(name.replace("-", "_"), value or "on")
    except ValueError as error:
        _say(f"error: {error}")
        return 2
    # The password may come from the environment, where process lists do not show it.
    password = asked.password or os.environ.get("ONEC_PASSWORD", "")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    site = OneC(
        asked.url,
        asked.user,
        password,
        mischief=mischief,
        version=asked.schema,
        tell=_say if asked.verbose else None,
    )
    with site:
        try:
            code: int = asked.run(asked, site, stop)
        except Refused as error:
            _say(f"failure: {error}")
            return 1
        except Dropped as error:
            _say(f"dropped: {error}")
            return 3
        return code


def _send(asked: argparse.Namespace, site: OneC, stop: threading.Event) -> int:
    del stop
    folder = Path(asked.folder)
    if not folder.is_dir():
        _say(f"error: there is no folder {folder}")
        return 2
    imported = site.exchange_catalog(
        folder,
        zipped=asked.zip,
        chunk=asked.chunk,
        deactivate=asked.deactivate,
        on_progress=lambda text: _say(f"  progress {text}"),
    )
    _say(f"success: {len(imported)} files imported: {', '.join(imported)}")
    return 0


def _orders(asked: argparse.Namespace, site: OneC, stop: threading.Event) -> int:
    del stop
    world = _world(asked)
    fresh = world.pull(site)
    for order in fresh:
        lines = "; ".join(f"{line.name} x {line.quantity:g}" for line in order.lines)
        _say(f"order {order.number} {order.total} {order.currency} {order.buyer}: {lines}")
    answers = {"confirm": world.confirm, "ship": world.ship, "cancel": world.cancel}
    if asked.answer in answers:
        world.report(site, [answers[asked.answer](order.number) for order in fresh])
        if asked.answer == "ship" and world.changed:
            world.send_stock(site, full=False, dialect=asked.dialect)
    _say(f"success: {len(fresh)} new orders")
    return 0


def _info(asked: argparse.Namespace, site: OneC, stop: threading.Event) -> int:
    del asked, stop
    site.check_auth("sale")
    for identifier, name in read_statuses(site.info()).items():
        _say(f"{identifier}: {name}")
    return 0


def _watch(asked: argparse.Namespace, site: OneC, stop: threading.Event) -> int:
    _world(asked, tell=True).watch(
        site, every_seconds=asked.every, ship_after_seconds=asked.ship_after, stop=stop
    )
    return 0


def _serve(asked: argparse.Namespace, site: OneC, stop: threading.Event) -> int:
    world = _world(asked)
    state = Path(asked.state) if asked.state else None
    intake = Intake(world, state, ship_after_seconds=asked.ship_after)
    password = os.environ.get("ONEC_SERVICE_PASSWORD", asked.service_password)
    service = Service(intake, asked.service_user, password)
    server = make_server(Control(world, site, intake), asked.host, asked.port, service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _say(f"1C: http://{asked.host}:{server.server_address[1]}/")
    _say(f"HTTP service of 1C: http://{asked.host}:{server.server_address[1]}{ROOT}")
    if asked.every:
        # A connection of its own: the page's misbehaviours are for the page's exchanges too.
        world.watch(
            site,
            every_seconds=asked.every,
            ship_after_seconds=asked.ship_after,
            stop=stop,
            pulls=not asked.no_pull,
        )
    stop.wait()
    server.shutdown()
    return 0


def _world(asked: argparse.Namespace, *, tell: bool = False) -> World:
    world = World(
        Path(asked.state) if asked.state else None, utc_offset_hours=asked.utc_offset_hours
    )
    if asked.world:
        world.read_folder(Path(asked.world))
    if tell or asked.verbose:
        inner = world.tell

        def tell_aloud(text: str) -> None:
            inner(text)
            _say(text)

        world.tell = tell_aloud  # type: ignore[method-assign]  # the same, and aloud
    return world


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox.onec", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", default="", help="or ONEC_PASSWORD in the environment")
    parser.add_argument("--schema", default="2.08", help="schema version told at init")
    parser.add_argument("--state", help="folder to keep goods, stock and orders in")
    parser.add_argument("--world", help="folder of exports to take goods and stock from")
    parser.add_argument("--utc-offset-hours", type=float, default=3.0)
    parser.add_argument("--dialect", default="rests", help="rests, attributes, changes or total")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument(
        "--misbehave",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help=", ".join(field.name for field in fields(Mischief)),
    )
    commands = parser.add_subparsers(required=True)
    send = commands.add_parser("send", help="send a folder of files and have them imported")
    send.add_argument("folder")
    send.add_argument("--zip", action="store_true", help="pack, if the site takes archives")
    send.add_argument("--chunk", type=int, default=CHUNK_BYTES, help="bytes a piece")
    send.add_argument("--deactivate", action="store_true", help="switch off what was not sent")
    send.set_defaults(run=_send)
    orders = commands.add_parser("orders", help="fetch orders, and answer them if told")
    orders.add_argument("--answer", choices=("none", "confirm", "ship", "cancel"), default="none")
    orders.set_defaults(run=_orders)
    commands.add_parser("info", help="show the site's statuses").set_defaults(run=_info)
    watch = commands.add_parser("watch", help="fetch orders and ship them, again and again")
    serve = commands.add_parser("serve", help="a page to drive this 1C by hand")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8780)
    serve.add_argument("--service-user", default="site", help="who may push messages to 1C")
    serve.add_argument(
        "--service-password", default="site", help="or ONEC_SERVICE_PASSWORD in the environment"
    )
    serve.add_argument("--no-pull", action="store_true", help="orders come by the HTTP service")
    for command, every in ((watch, 2.0), (serve, 0.0)):
        command.add_argument("--every", type=_seconds, default=every, help="2s; 0 for never")
        command.add_argument("--ship-after", type=_seconds, default=5.0)
    watch.set_defaults(run=_watch)
    serve.set_defaults(run=_serve)
    return parser


if __name__ == "__main__":
    sys.exit(main())
