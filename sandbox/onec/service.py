"""1C's HTTP service over the wire: messages in, and switches for whoever practises.

`POST /hs/hansa/v1/messages`, `/hs/hansa/v2/messages` (HTTP Basic or a bearer token); `GET
/hs/received` gives everything it ever got; `GET` and `POST /hs/moods` show and set misbehaviours.
"""

import base64
import hmac
import json
import socket
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.onec.intake import Intake, Reply

ROOT = "/hs/hansa"


@dataclass
class Service:
    """The service of one 1C."""

    intake: Intake
    user: str = "site"
    password: str = "site"  # noqa: S105 - for practice; given on the command line else

    def answer(  # noqa: PLR0911 - one line an address
        self, method: str, path: str, signed_in_by: str, body: bytes
    ) -> Reply:
        """Answer one request."""
        match method, path.strip("/").split("/"):
            case "POST", ["hs", "hansa", version, "messages"]:
                if not self._may(signed_in_by):
                    return Reply(401, b"who are you?")
                with self.intake.lock:
                    self.intake.calls += 1
                if self.intake.moods.slow_seconds:
                    time.sleep(self.intake.moods.slow_seconds)
                return self.intake.take(version, body)
            case "GET", ["hs", "received"]:
                return _json(self.intake.told())
            case "GET", ["hs", "moods"]:
                return _json(self.intake.moods.told())
            case "POST", ["hs", "moods"]:
                try:
                    self.intake.moods = self.intake.moods.switched(json.loads(body))
                except (ValueError, TypeError) as error:
                    return Reply(400, str(error).encode())
                return _json(self.intake.moods.told())
            case _:
                return Reply(404, b"no such address")

    def _may(self, header: str) -> bool:
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        allowed = (f"Basic {pair}", f"Bearer {self.password}")
        return any(hmac.compare_digest(header.encode(), one.encode()) for one in allowed)


def respond(handler: BaseHTTPRequestHandler, service: Service, method: str) -> None:
    """Read a request off a connection and answer it, or cut the connection."""
    length = int(handler.headers.get("Content-Length") or 0)
    body = handler.rfile.read(length)
    signed = handler.headers.get("Authorization", "")
    reply = service.answer(method, handler.path.partition("?")[0], signed, body)
    if reply.status is None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)
        return
    kind = "application/json" if reply.body[:1] in {b"{", b"["} else "text/plain; charset=utf-8"
    head = (
        f"HTTP/1.1 {reply.status} {'OK' if reply.status < 300 else 'Said'}\r\n"  # noqa: PLR2004 - the class of success
        f"Content-Type: {kind}\r\nContent-Length: {len(reply.body)}\r\n\r\n"
    )
    handler.wfile.write(head.encode() + reply.body)


def make_service(service: Service, host: str, port: int) -> ThreadingHTTPServer:
    """Make a server of the service alone; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            respond(self, service, "GET")

        def do_POST(self) -> None:
            respond(self, service, "POST")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            del format, args

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value, ensure_ascii=False).encode())
