"""What happened in the CRM: read by number, put in the queues, the number kept with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hansa.modules.retailcrm import wording
from hansa.modules.retailcrm.model import Kind
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import connections, links, queues
from hansa.runtime.database import Transaction

_PAGES_MAX = 100

Record = Mapping[str, Any]


@dataclass(slots=True)
class News:
    """What records tell, our own echo left out; in the order of their numbers."""

    changed: dict[int, None] = field(default_factory=dict)
    deleted: dict[int, None] = field(default_factory=dict)
    combined: dict[int, int] = field(default_factory=dict)


async def read_history(side: Side) -> None:
    """Read what happened since the last time; what was read stays read, whatever follows."""
    start = side.connection.options.since or side.connection.created_at
    told_start = "" if start is None else wording.crm_moment(start, side.connection.options)
    since = {
        Kind.CUSTOMER: side.connection.customer_history_id,
        Kind.ORDER: side.connection.order_history_id,
    }
    for kind in (Kind.CUSTOMER, Kind.ORDER):
        for _ in range(_PAGES_MAX):
            records, more = await side.crm.history(
                f"{kind}s", since_id=since[kind], start=told_start
            )
            fresh = sort_records(records, since=since[kind])
            if fresh:
                since[kind] = int(fresh[-1]["id"])
                await _keep(side, kind, read_news(fresh, kind), since)
            if not fresh or not more:
                break
    async with side.context.database.transaction() as tx:
        await _save_numbers(tx, side, since)


def sort_records(records: Iterable[Record], *, since: int) -> list[Record]:
    """Put records in the order of their numbers, each once, those read before left out."""
    fresh = {int(one["id"]): one for one in records if int(one["id"]) > since}
    return [fresh[number] for number in sorted(fresh)]


def read_news(records: Sequence[Record], kind: Kind) -> News:
    """Say what records tell us; what we did ourselves tells nothing."""
    news = News()
    for record in records:
        about = record.get(str(kind)) or {}
        if "id" not in about or is_echo(record):
            continue
        crm_id, into = int(about["id"]), record.get("combinedTo") or {}
        if into.get("id"):
            news.combined[crm_id] = int(into["id"])
            news.changed.pop(crm_id, None)
            news.changed[int(into["id"])] = None
        elif record.get("deleted"):
            news.deleted[crm_id] = None
            news.changed.pop(crm_id, None)
        else:
            news.changed[crm_id] = None
    return news


def is_echo(record: Record) -> bool:
    """Say whether a change was made with our key."""
    return record.get("source") == "api" and bool((record.get("apiKey") or {}).get("current"))


async def _keep(side: Side, kind: Kind, news: News, since: Mapping[Kind, int]) -> None:
    connection_id, now = side.connection.id, side.now
    async with side.context.database.transaction() as tx:
        asked = [*news.changed, *news.deleted, *news.combined]
        known = await links.links_of_crm(tx, connection_id, kind, asked)
        ours: list[UUID] = [known[one].internal_id for one in news.changed if one in known]
        await queues.mark(tx, connection_id, kind, ours, now=now)
        strangers = [one for one in news.changed if one not in known]
        await queues.arrive(tx, connection_id, kind, strangers, now=now)
        gone = [known[one].internal_id for one in news.deleted if one in known]
        await queues.mark(tx, connection_id, kind, gone, now=now)
        if kind is Kind.CUSTOMER:
            await queues.arrive(
                tx,
                connection_id,
                Kind.MERGE,
                list(news.combined),
                others=list(news.combined.values()),
                now=now,
            )
        else:
            await _note_combined(tx, side, news, {one: known[one].internal_id for one in known})
        await _save_numbers(tx, side, since)


async def _note_combined(
    tx: Transaction, side: Side, news: News, known: Mapping[int, UUID]
) -> None:
    """Tell a person: two orders made one in the CRM stay two here, where their goods are held."""
    for crm_id, into in news.combined.items():
        if crm_id in known:
            await queues.add_refusal(
                tx,
                side.connection.id,
                kind=Kind.ORDER,
                crm_id=crm_id,
                internal_id=known[crm_id],
                code="orders_combined",
                message="Orders {first} and {second} were made one in RetailCRM; they stay two "
                "here.",
                facts={"first": str(crm_id), "second": str(into)},
                now=side.now,
            )


async def _save_numbers(tx: Transaction, side: Side, since: Mapping[Kind, int]) -> None:
    await tx.execute(
        connections.SAVE_HISTORY,
        {
            "id": side.connection.id,
            "orders": since[Kind.ORDER],
            "customers": since[Kind.CUSTOMER],
            "now": side.now,
        },
    )
