"""Logs, metrics of several processes, traces."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from hansa.runtime import telemetry
from hansa.runtime.outbox.append import current_trace
from tests.support.processes import ROOT


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    telemetry.configure_logging(level="info", json=True, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_logs_are_json_with_what_is_bound_and_without_secrets(logs: io.StringIO) -> None:
    with telemetry.bind_log_context(request_id="r-1"):
        structlog.get_logger("hansa.test").warning(
            "paid by anna@example.com", password="x", order="A-1", phone="+79161234567"
        )
    structlog.get_logger("hansa.test").debug("not shown")

    (line,) = lines(logs)
    assert line["event"] == "paid by a***@example.com"
    assert (line["password"], line["order"], line["phone"]) == ("***", "A-1", "***67")
    assert (line["request_id"], line["level"], line["logger"]) == ("r-1", "warning", "hansa.test")
    assert str(line["timestamp"]).endswith("Z")


def test_libraries_log_in_the_same_form(logs: io.StringIO) -> None:
    with telemetry.bind_log_context(request_id="r-2"):
        logging.getLogger("library").error(
            "failed for %s", "anna@example.com", extra={"token": "x"}
        )
        try:
            int("card 4111111111111111")
        except ValueError:
            logging.getLogger("library").exception("broken")

    plain, failed = lines(logs)
    assert (plain["event"], plain["token"]) == ("failed for a***@example.com", "***")
    assert plain["request_id"] == "r-2"
    assert "base 10: 'card ***1111'" in str(failed["exception"])


COUNTING = """
import os, sys
from prometheus_client import Counter, Gauge
from hansa.runtime import telemetry
Counter("tests_total", "x").inc(int(sys.argv[1]))
Gauge("tests_depth", "x", multiprocess_mode="max").set(int(sys.argv[1]))
sys.stdout.buffer.write(telemetry.render_metrics()[0])
"""


def test_metrics_of_several_processes_add_up(tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    environment = telemetry.share_metrics(directory)
    shown = ""
    for number in ("2", "3"):
        shown = subprocess.run(
            [sys.executable, "-c", COUNTING, number],
            env={**environment, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert "tests_total 5.0" in shown
    assert "tests_depth 3.0" in shown
    telemetry.share_metrics(directory)
    assert list(directory.iterdir()) == []


def test_metrics_of_a_lone_process_are_shown_too() -> None:
    shown, kind = telemetry.render_metrics()

    assert b"hansa_outbox_numbered_total" in shown or b"python_info" in shown
    assert kind.startswith("text/plain")


def test_without_an_endpoint_nothing_is_traced() -> None:
    telemetry.configure_tracing(endpoint=None, role="web")

    with telemetry.continue_trace("00-" + "1" * 32 + "-" + "2" * 16 + "-01", "job"):
        assert current_trace() is None
    assert not telemetry.tracing_enabled()


TRACED = """
import asyncio, sys
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import psycopg
from hansa.runtime import telemetry
from hansa.runtime.outbox.append import current_trace

spans = InMemorySpanExporter()
telemetry.configure_tracing(endpoint=None, role="web", processor=SimpleSpanProcessor(spans))

async def app(scope, receive, send):
    async with await psycopg.AsyncConnection.connect(
        sys.argv[1], cursor_factory=telemetry.cursor_factory()
    ) as connection:
        await connection.cursor(binary=True).execute("select  1\\n as one")
    carried = current_trace()
    with telemetry.continue_trace(carried, "job tests.greet"):
        pass
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b""})

async def main():
    async def send(message):
        pass
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    scope = {"type": "http", "method": "GET", "path": "/x", "path_template": "/{x}",
             "headers": [(b"traceparent", parent.encode())]}
    await telemetry.trace_requests(app)(scope, None, send)

asyncio.run(main())
for span in spans.get_finished_spans():
    print(span.name, format(span.context.trace_id, "x"), span.status.status_code.name,
          span.attributes.get("db.query.text"))
telemetry.stop_tracing()
"""


def test_spans_follow_a_request_into_sql_and_jobs(database_dsn: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", TRACED, database_dsn],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout.splitlines()

    trace_id = "a" * 32
    assert shown == [
        f"select {trace_id} UNSET select 1 as one",
        f"job tests.greet {trace_id} UNSET None",
        f"GET /{{x}} {trace_id} ERROR None",
    ]
