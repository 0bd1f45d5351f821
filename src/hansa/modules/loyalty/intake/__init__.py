"""Adapters for partners who cannot adopt the API: files, polled APIs, webhooks, by mapping.

Owns: loyalty_feed and its mappings, runs, records, scheduled orders, calls to partners, and money
that goes beside points. Promises: a mapping is data and always ends; the same record gives the same
commands with the same keys, by whatever way and however often it comes; what cannot be understood
is refused alone, with its row, its column and what was expected there; a run that was broken off
goes on where it was; what is posted of an order is brought to what is kept of it.
Publishes nothing: what it does goes through the door of points.
Locks: loyalty_feed_order rows in the order of their receipts, never over a call.
"""

from hansa.modules.loyalty.intake.api import events_path
from hansa.modules.loyalty.intake.mapping import MappingInvalid, RecordRefused
from hansa.modules.loyalty.intake.model import (
    ClearingEntry,
    Credentials,
    Feed,
    FeedInvalid,
    FeedKind,
    FeedSettings,
    Health,
    Item,
    ItemState,
    NoFeed,
    NoItem,
    Run,
    RunState,
    WrittenMapping,
)
from hansa.modules.loyalty.intake.operations import (
    Trial,
    Tried,
    current_mapping,
    encoding_of,
    run_now,
    save_feed,
    save_mapping,
    try_all_refused,
    try_item,
    try_mapping,
)
from hansa.modules.loyalty.intake.queries import (
    count_scheduled,
    get_feed,
    get_feed_by_code,
    get_mapping,
    health_of,
    list_clearing,
    list_feeds,
    list_items,
    list_refused,
    list_runs,
)
from hansa.modules.loyalty.intake.wiring import Intake

__all__ = [
    "ClearingEntry",
    "Credentials",
    "Feed",
    "FeedInvalid",
    "FeedKind",
    "FeedSettings",
    "Health",
    "Intake",
    "Item",
    "ItemState",
    "MappingInvalid",
    "NoFeed",
    "NoItem",
    "RecordRefused",
    "Run",
    "RunState",
    "Trial",
    "Tried",
    "WrittenMapping",
    "count_scheduled",
    "current_mapping",
    "encoding_of",
    "events_path",
    "get_feed",
    "get_feed_by_code",
    "get_mapping",
    "health_of",
    "list_clearing",
    "list_feeds",
    "list_items",
    "list_refused",
    "list_runs",
    "run_now",
    "save_feed",
    "save_mapping",
    "try_all_refused",
    "try_item",
    "try_mapping",
]
