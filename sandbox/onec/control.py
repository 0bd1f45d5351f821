"""A page to drive this 1C by hand: goods, orders, exchanges, and a switchboard of misbehaviours."""

import html
import json
import threading
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote

from sandbox.onec.client import Dropped, OneC, Refused
from sandbox.onec.intake import Intake
from sandbox.onec.mischief import Mischief
from sandbox.onec.papers import Order
from sandbox.onec.service import Service, respond
from sandbox.onec.world import World, waits

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#f6f4ee}
header{background:#ffd94a;padding:14px 24px;font-weight:700}main{padding:20px 24px;max-width:1200px}
h2{margin:28px 0 8px;font-size:18px}table{border-collapse:collapse;width:100%;background:#fff}
td,th{padding:6px 10px;border-bottom:1px solid #e5e1d5;text-align:left}
form{display:inline}button{padding:5px 12px;border:1px solid #b9a23a;background:#fff3bf;
border-radius:4px;cursor:pointer}input{padding:4px 6px;width:80px}
.on{background:#d64545;color:#fff;border-color:#a22}pre{background:#fff;padding:12px;overflow:auto}
.note{padding:8px 12px;background:#fff;border-left:4px solid #d64545}
"""
_GOODS_SHOWN = 200
_MESSAGES_SHOWN = 50


class Control:
    """The page's actions on a world and its site."""

    def __init__(self, world: World, site: OneC, intake: Intake | None = None) -> None:
        self.world = world
        self.site = site
        self.intake = intake
        self.note = ""
        self._busy = threading.Lock()

    def act(self, action: str, form: dict[str, str]) -> None:
        """Do what a button says; what the site refuses is shown, not raised."""
        world, site = self.world, self.site
        actions: dict[str, Callable[[], object]] = {
            "pull": lambda: world.pull(site, ship_after_seconds=1e12),
            "confirm": lambda: world.report(site, [world.confirm(form["number"])]),
            "ship": lambda: self._ship(form["number"]),
            "cancel": lambda: world.report(site, [world.cancel(form["number"])]),
            "set": lambda: world.set_stock(form["goods"], form["warehouse"], float(form["n"])),
            "receive": lambda: world.receive(form["goods"], form["warehouse"], float(form["n"])),
            "full": lambda: world.send_stock(site, full=True),
            "delta": lambda: world.send_stock(site, full=False),
            "switch": lambda: self._switch(form["name"], form["value"]),
            "mood": lambda: self._mood(form["name"], form["value"]),
            "clock": lambda: world.move_clock(timedelta(hours=float(form["n"]))),
        }
        with self._busy:
            try:
                actions[action]()
                self.note = ""
            except (Refused, Dropped, ValueError, KeyError) as error:
                self.note = str(error)
                world.tell(f"{action}: {error}")

    def _ship(self, number: str) -> None:
        order = self.world.ship(number)
        self.world.report(self.site, [order])
        self.world.send_stock(self.site, full=False)

    def _switch(self, name: str, value: str) -> None:
        self.site.mischief = self.site.mischief.switched(name, value)

    def _mood(self, name: str, value: str) -> None:
        assert self.intake is not None, "the page shows these buttons only then"
        self.intake.moods = self.intake.moods.switched({name: json.loads(value)})

    def _service(self) -> str:
        """Draw what came by the HTTP service, and its switches."""
        if self.intake is None:
            return ""
        intake = self.intake
        with intake.lock:
            records = list(intake.records[-_MESSAGES_SHOWN:])
            number, faults = len(intake.records), intake.faults()
        moods = intake.moods
        buttons = [
            _mood_button("down", "down (503)", json.dumps(not moods.down), is_on=moods.down),
            _mood_button("cut", "off (hangs up)", json.dumps(not moods.cut), is_on=moods.cut),
            _mood_button(
                "slow_seconds",
                "slow (300 ms)",
                "0" if moods.slow_seconds else "0.3",
                is_on=moods.slow_seconds > 0,
            ),
            _mood_button("lose_answers", "lose the next answer", "1", is_on=moods.lose_answers > 0),
            _mood_button(
                "refuse",
                "refuse all orders",
                "[]" if moods.refuse else '["*"]',
                is_on=bool(moods.refuse),
            ),
            *(
                _mood_button(
                    name,
                    f"answer: {name}",
                    json.dumps(not getattr(moods, name)),
                    is_on=getattr(moods, name),
                )
                for name in ("shuffle", "twice", "invent", "forget", "nonsense")
            ),
            _mood_button(
                "contracts",
                "takes contract v2 only",
                '["v2"]' if "v1" in moods.contracts else '["v1", "v2"]',
                is_on="v1" not in moods.contracts,
            ),
        ]
        rows = "".join(
            f"<tr><td>{html.escape(one.at[11:19])}<td>{one.number}<td>{html.escape(one.contract)}"
            f"<td>{html.escape(one.order_number or one.subject)}<td>{html.escape(one.outcome)} "
            f"{html.escape(one.code)}{' (repeat)' if one.is_repeat else ''}</tr>"
            for one in reversed(records)
        )
        told = "".join(f'<p class="note">{html.escape(fault)}</p>' for fault in faults)
        return (
            f"<h2>HTTP service: {number} messages came</h2>{''.join(buttons)}"
            f"{_button('clock', 'Move the clock on, hours', field='1')}{told}"
            "<table><tr><th>At<th>Number<th>Contract<th>Of<th>Answer</tr>"
            f"{rows or '<tr><td colspan=5>None yet</td></tr>'}</table>"
        )

    def page(self) -> str:
        """Draw the page."""
        world = self.world
        with world.lock:
            orders = "".join(self._order_row(number) for number in reversed(world.orders))
            goods = "".join(
                self._goods_rows(identifier) for identifier in list(world.goods)[:_GOODS_SHOWN]
            )
            log = html.escape("\n".join(reversed(world.log)))
            changed = len(world.changed)
        note = f'<p class="note">{html.escape(self.note)}</p>' if self.note else ""
        switches = "".join(self._switch_button(field.name) for field in fields(Mischief))
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><title>1C</title>"
            f"<style>{_STYLE}</style><header>1C sandbox → {html.escape(self.site.url)}</header>"
            f"<main>{note}{_button('pull', 'Fetch orders')} {_button('full', 'Send full stock')} "
            f"{_button('delta', f'Send {changed} changes')}"
            f"<h2>Misbehave</h2>{switches}"
            "<h2>Orders</h2><table><tr><th>Number<th>1C<th>Buyer<th>Goods<th>Total<th>State<th>"
            f"</tr>{orders or '<tr><td colspan=7>No orders yet</td></tr>'}</table>"
            f"{self._service()}"
            f"<h2>Goods ({len(world.goods)}, the first {_GOODS_SHOWN} shown)</h2>"
            f"<table><tr><th>Goods<th>Warehouse<th>Quantity<th></tr>{goods}</table>"
            f"<h2>Log</h2><pre>{log}</pre></main></html>"
        )

    def _order_row(self, number: str) -> str:
        order = self.world.orders[number]
        lines = "<br>".join(html.escape(f"{line.name} × {line.quantity:g}") for line in order.lines)
        buttons = ""
        if order.status == "received":
            buttons += _button("confirm", "Confirm", number=number)
        if order.status in {"received", "confirmed"}:
            buttons += _button("ship", "Ship", number=number)
            buttons += _button("cancel", "Cancel", number=number)
        cells = (number, order.number_1c, order.buyer)
        return (
            "<tr>"
            + "".join(f"<td>{html.escape(cell)}" for cell in cells)
            + f"<td>{lines}<td>{html.escape(order.total)} {html.escape(order.currency)}"
            f"<td>{'waits for the shop' if waits(order) else order.status}"
            f"<br>{html.escape(_places(order, self.world))}<td>{buttons}</tr>"
        )

    def _goods_rows(self, identifier: str) -> str:
        one = self.world.goods[identifier]
        rows = ""
        for place, quantity in one.stock.items():
            name = html.escape(self.world.warehouses.get(place, place))
            rows += (
                f"<tr><td>{html.escape(one.name or one.id)}<td>{name}<td>{quantity:g}<td>"
                + _button("set", "Set", field=f"{quantity:g}", goods=identifier, warehouse=place)
                + " "
                + _button("receive", "Receive", field="1", goods=identifier, warehouse=place)
                + "</tr>"
            )
        return rows

    def _switch_button(self, name: str) -> str:
        value = getattr(self.site.mischief, name)
        label = name.replace("_", " ")
        if name == "cut_at_byte":
            shown = "" if value is None else str(value)
            return (
                f'<form method=post action=/switch><input type=hidden name=name value="{name}">'
                f'<button class="{"on" if value is not None else ""}">{label}</button>'
                f'<input name=value value="{shown}"></form> '
            )
        on = bool(value)
        return (
            f'<form method=post action=/switch><input type=hidden name=name value="{name}">'
            f'<input type=hidden name=value value="{"off" if on else "on"}">'
            f'<button class="{"on" if on else ""}">{label}</button></form> '
        )


def _places(order: Order, world: World) -> str:
    places = {line.warehouse or order.warehouse for line in order.lines} - {None}
    return ", ".join(sorted(world.warehouses.get(str(one), str(one)) for one in places))


def _button(action: str, label: str, *, field: str | None = None, **values: str) -> str:
    hidden = "".join(
        f'<input type=hidden name="{name}" value="{html.escape(value)}">'
        for name, value in values.items()
    )
    number = "" if field is None else f'<input name=n value="{field}">'
    return (
        f"<form method=post action=/{quote(action)}>{hidden}{number}"
        f"<button>{html.escape(label)}</button></form> "
    )


def _mood_button(name: str, label: str, value: str, *, is_on: bool) -> str:
    return (
        f'<form method=post action=/mood><input type=hidden name=name value="{name}">'
        f'<input type=hidden name=value value="{html.escape(value)}">'
        f'<button class="{"on" if is_on else ""}">{html.escape(label)}</button></form> '
    )


def make_server(
    control: Control, host: str, port: int, service: Service | None = None
) -> ThreadingHTTPServer:
    """Make the page's server, with 1C's HTTP service beside it; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if service is not None and self.path.startswith("/hs/"):
                respond(self, service, "GET")
                return
            body = control.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if service is not None and self.path.startswith("/hs/"):
                respond(self, service, "POST")
                return
            length = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            control.act(self.path.strip("/"), {name: value[0] for name, value in form.items()})
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            del format, args

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server
