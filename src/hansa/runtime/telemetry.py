"""Logs, metrics and traces of a process.

Logs: structlog, one line per event, JSON or for the console; whatever is bound with
`bind_log_context` (request id, job, subscription) is on every line; secrets and personal data are
masked on their way out, whoever wrote them.

Metrics: every module declares its own with prometheus-client. A machine runs several processes, and
a scrape must not see only the one that happened to answer: the supervisor sets
`PROMETHEUS_MULTIPROC_DIR` for its children, each writes its values to a file there, and `/metrics`
of any process adds them up. A label per process was weighed and dropped: it multiplies the series
and breaks counters at each restart. Gauges must name a `multiprocess_mode`.

Traces: OpenTelemetry, only with an endpoint. Without one, SQL, requests and deliveries run without
any of it.
"""

import logging
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import psycopg
import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from hansa.runtime.masking import mask_value

_METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_KEPT_AS_THEY_ARE = frozenset(
    {"event", "level", "timestamp", "logger", "trace_id", "span_id", "request_id", "exception"}
)
_SQL_SHOWN = 500
_SERVER_ERROR = 500

_tracer = trace.get_tracer(__name__)
_providers: list[TracerProvider] = []

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


# --- logs


def configure_logging(*, level: str, json: bool, stream: TextIO | None = None) -> None:
    """Set up the logs of this process, also those of libraries that use `logging`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.format_exc_info,
        mask_log,
    ]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # They repeat every step of what we log once ourselves.
    for chatty in ("procrastinate", "httpx", "httpcore", "botocore", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


@contextmanager
def bind_log_context(**fields: Any) -> Iterator[None]:
    """Put fields on every line logged within, in this task and those it starts."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def mask_log(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets and personal data in every field of a line (a structlog processor)."""
    for name, value in event.items():
        if name in {"event", "exception"}:
            event[name] = mask_value("", value)
        elif name not in _KEPT_AS_THEY_ARE and not name.startswith("_"):
            event[name] = mask_value(name, value)
    return event


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
        event["span_id"] = format(span.span_id, "016x")
    return event


# --- metrics


def share_metrics(directory: Path) -> Mapping[str, str]:
    """Make an empty directory for the metrics of several processes.

    Call it in the supervisor before it starts the processes; give them the environment returned.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return {_METRICS_DIRECTORY: str(directory)}


def forget_process(directory: Path, pid: int) -> None:
    """Drop the gauges of a process that ended; its counters stay in the sums."""
    mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call] # no stubs


def render_metrics() -> tuple[bytes, str]:
    """Give the metrics of all processes that share a directory, or of this one, and their type."""
    if os.environ.get(_METRICS_DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # no stubs
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


# --- traces


def configure_tracing(
    *, endpoint: str | None, role: str, processor: SpanProcessor | None = None
) -> None:
    """Send spans to an OTLP endpoint (HTTP, such as `http://collector:4318`); without one, none.

    Call it before the database is made, in each process.
    """
    if endpoint is None and processor is None:
        return
    provider = TracerProvider(
        resource=Resource.create({"service.name": "hansa", "service.instance.role": role})
    )
    if processor is None:
        exporter = OTLPSpanExporter(endpoint=f"{(endpoint or '').rstrip('/')}/v1/traces")
        processor = BatchSpanProcessor(exporter)
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    _providers.append(provider)


def tracing_enabled() -> bool:
    """Tell whether this process sends spans."""
    return bool(_providers)


def stop_tracing() -> None:
    """Send what is left; at the end of the process."""
    while _providers:
        _providers.pop().shutdown()


@contextmanager
def continue_trace(
    traceparent: str | None, name: str, kind: trace.SpanKind = trace.SpanKind.CONSUMER
) -> Iterator[None]:
    """Run within a span whose parent travelled with an event or a job."""
    if not tracing_enabled():
        yield
        return
    parent = propagate.extract({"traceparent": traceparent}) if traceparent else None
    with _tracer.start_as_current_span(name, context=parent, kind=kind):
        yield


class TracedCursor(psycopg.AsyncCursor[Any]):
    """A cursor whose statements are spans; used for the pool only while tracing is on."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> "TracedCursor":
        """Run a statement within a span."""
        with _statement_span(query):
            await super().execute(query, params, **options)
        return self

    async def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Run a statement for several sets of parameters within one span."""
        with _statement_span(query):
            await super().executemany(query, params_seq, **options)


def cursor_factory() -> type[psycopg.AsyncCursor[Any]]:
    """Give the class of cursors for a pool: the plain one while tracing is off."""
    return TracedCursor if tracing_enabled() else psycopg.AsyncCursor


def trace_requests(app: AsgiApp) -> AsgiApp:
    """Wrap an ASGI application so that each request is a span; the application itself if off."""
    if not tracing_enabled():
        return app

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        with _tracer.start_as_current_span(
            f"{scope['method']}",
            context=propagate.extract(headers),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.path": scope["path"]},
        ) as span:

            async def noting(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _SERVER_ERROR:
                        span.set_status(trace.StatusCode.ERROR)
                    template = scope.get("path_template")
                    if template:
                        span.update_name(f"{scope['method']} {template}")
                await send(message)

            await app(scope, receive, noting)

    return traced


@contextmanager
def _statement_span(query: Any) -> Iterator[None]:
    text = " ".join(query.split()) if isinstance(query, str) else "statement"
    with _tracer.start_as_current_span(
        text.partition(" ")[0],
        kind=trace.SpanKind.CLIENT,
        attributes={"db.system.name": "postgresql", "db.query.text": text[:_SQL_SHOWN]},
    ):
        yield
