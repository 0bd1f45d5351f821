"""Is the process alive, may it get requests, and what does it count."""

import asyncio
import hmac
import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import msgspec
from litestar import Response, get

from hansa.kernel.errors import Forbidden
from hansa.runtime.database.migrate import head_revision
from hansa.runtime.http.gate import NO_ACTOR, PUBLIC
from hansa.runtime.http.request import Request
from hansa.runtime.supervision import is_stopping
from hansa.runtime.telemetry import render_metrics

DATABASE_SECONDS_MAX = 2.0

CURRENT_REVISION = "select version_num from alembic_version"


class Health(msgspec.Struct, frozen=True):
    """`ok` or what is missing, part by part."""

    status: str
    parts: dict[str, str] = {}


@dataclass(eq=False)
class MetricsClosed(Forbidden):
    """Metrics are for this machine only."""

    code: ClassVar[str] = "metrics.closed"
    message: ClassVar[str] = "Metrics are given to this machine only."


@get("/health/live", opt={PUBLIC: "asked by supervisors"}, include_in_schema=False)
async def live() -> Health:
    """Tell that the process answers."""
    return Health("ok")


@get("/health/ready", opt={PUBLIC: "asked by load balancers"}, include_in_schema=False)
async def ready(request: Request) -> Response[Health]:
    """Tell whether the process may get requests."""
    is_draining = request.visit.wiring.is_draining or is_stopping()
    parts = {"draining": "yes" if is_draining else "no"}
    try:
        async with asyncio.timeout(DATABASE_SECONDS_MAX):
            async with request.snapshot(single=True) as snapshot:
                revision = await snapshot.scalar(CURRENT_REVISION)
        parts["database"] = "ok"
        parts["migrations"] = "ok" if revision == _head() else f"at {revision}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the process is not ready
        parts["database"] = type(error).__name__
    good = parts == {"draining": "no", "database": "ok", "migrations": "ok"}
    return Response(Health("ok" if good else "not ready", parts), status_code=200 if good else 503)


@get(
    "/metrics",
    opt={PUBLIC: "this machine or a token only", NO_ACTOR: "its own token"},
    include_in_schema=False,
)
async def metrics(request: Request) -> Response[bytes]:
    """Give the counters of this process in the format of Prometheus."""
    token = request.context.settings.metrics_token.reveal()
    sent = request.visit.headers.get(b"authorization", b"")
    if token:
        if not hmac.compare_digest(sent, b"Bearer " + token.encode()):
            raise MetricsClosed
    elif not _is_this_machine(request.client_address):
        raise MetricsClosed
    text, kind = render_metrics()
    return Response(text, media_type=kind)


_head = lru_cache(head_revision)


def _is_this_machine(address: str) -> bool:
    try:
        return not address or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


HEALTH_ROUTES = (live, ready, metrics)
