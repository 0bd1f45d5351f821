"""Write events into the outbox, in the transaction of the change they tell of."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from opentelemetry import propagate, trace

from hansa.kernel.identifiers import new_id
from hansa.kernel.message import Event

PARTITIONS = 64
"""Fixed for good: the partition of a key must not change while its events are on their way."""

KEY_BYTES_MAX = 500

# Arrays travel in binary: escaping JSON inside of an array's text costs more than the insert.
# One row per event, in the order given: `serial` is drawn after the sort. Neither a position nor a
# notification is made here. Numbering at the moment of insertion would leave gaps that fill later,
# and `notify` makes all commits of the server queue behind one lock (44 % fewer commits per second,
# `benchmarks/outbox.py`): the sequencer looks by itself.
APPEND = """
    insert into outbox_event (id, partition, type, key, payload, trace, created_at)
    select id, partition, type, key, payload::json, %(trace)s, %(created_at)s
      from unnest(
               %(ids)b::uuid[],
               %(partitions)b::smallint[],
               %(types)b::text[],
               %(keys)b::text[],
               %(payloads)b::text[]
           ) with ordinality as event (id, partition, type, key, payload, ordinal)
     order by ordinal
"""


class KeyTooLong(ValueError):
    """An event names an ordering key that no index could hold."""


def partition_of(key: str) -> int:
    """Give the partition whose relay delivers the events of this key; the same on every machine."""
    return zlib.crc32(key.encode()) % PARTITIONS


def parameters(events: Sequence[Event]) -> dict[str, Any]:
    """Make the parameters of `APPEND` for these events, which are kept in order.

    Raises:
        KeyTooLong: a key is longer than `KEY_BYTES_MAX`.
    """
    # The instant only stamps the rows; no decision hangs on it, and publish() takes no clock.
    now = datetime.now(UTC)
    keys = [event.key() for event in events]
    for key in keys:
        if len(key.encode()) > KEY_BYTES_MAX:
            raise KeyTooLong(f"an ordering key has more than {KEY_BYTES_MAX} bytes: {key[:80]}…")
    return {
        "ids": [new_id(now) for _ in events],
        "partitions": [partition_of(key) for key in keys],
        "types": [event.type for event in events],
        "keys": keys,
        "payloads": [msgspec.json.encode(event).decode() for event in events],
        "trace": current_trace(),
        "created_at": now,
    }


def current_trace() -> str | None:
    """Give the W3C `traceparent` of the current span, or None outside of a trace."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")
