"""Which benchmarks there are, and what of their JSON is compared with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.comparing import Figure, at_least, at_most, written
from benchmarks.loyalty_figures import loyalty_figures


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A program `benchmarks/<program>.py`: its arguments and how its JSON is read."""

    name: str
    what: str
    program: str
    usual: Sequence[str] = ()
    quick: Sequence[str] = ()
    read: Callable[[dict[str, Any]], list[Figure]]


_PAGES = {
    "listing": ("listing, JSON", 2000),
    "product": ("product of 80 variants, JSON", 2000),
    "listing_page": ("listing, HTML", 1000),
    "product_page": ("product of 80 variants, HTML", 1000),
}


def _shop(found: dict[str, Any]) -> list[Figure]:
    figures = []
    for name, (measure, target) in _PAGES.items():
        if one := found.get(name):
            rate = at_least(measure, one["requests_per_second"], "requests/s", target)
            if one["failures"]:
                rate = Figure(
                    measure=measure, value=one["failures"], unit="failed", is_reached=False
                )
            figures.append(rate)
            figures.append(Figure(measure=f"{measure}: p99", value=one["p99_milliseconds"],
                                  unit="ms"))  # fmt: skip
    for name, (measure, _) in _PAGES.items():
        if one := found.get(f"{name}_packed"):
            figures.append(
                Figure(
                    measure=f"{measure}, gzip",
                    value=one["requests_per_second"],
                    unit="requests/s",
                )
            )
    if alone := found.get("suggestion_alone"):
        figures.append(
            Figure(measure="suggestion, alone: p95", value=alone["p95_milliseconds"], unit="ms")
        )
    return figures


def _orders(found: dict[str, Any]) -> list[Figure]:
    figures = []
    if one := found.get("on_receipt"):
        figures.append(
            at_least("whole guest orders, paid on receipt", one["orders_per_second"], "/s", 150)
        )
    if one := found.get("by_card"):
        figures.append(
            Figure(
                measure="whole guest orders, paid by card at the simulated acquirer",
                value=one["orders_per_second"],
                unit="/s",
            )
        )
    return figures


def _last_pieces(found: dict[str, Any]) -> list[Figure]:
    sold = [one["ordered"] for one in found["rounds"]]
    told = min(one["told_out_of_stock"] for one in found["rounds"])
    pieces, buyers = found["pieces"], found["buyers"]
    exact = all(one == pieces for one in sold)
    return [
        Figure(
            measure=f"stock {pieces}, {buyers} buyers at once: sold",
            value=sold[0] if exact else max(sold, key=lambda one: abs(one - pieces)),
            unit="",
            against=f"exactly {pieces}",
            is_reached=exact and found["reached"],
        ),
        at_least("of them told that it is sold out", told, "", buyers - pieces),
        at_most("deadlocks", found["deadlocks"], "", 0),
    ]


def _stock(found: dict[str, Any]) -> list[Figure]:
    both = ("http_1_worker", "http_2_workers")
    best = max(found[name]["per_second"] for name in both)
    each = found["http_one_transaction_each"]["per_second"]
    ratio = best / each
    imported, copied = found["import"]["new_seconds"], found["bare_copy"]["seconds"]
    return [
        at_least("one hot item, reservations through HTTP", best, "/s", 5000),
        at_least(
            "one hot item, reservations in process",
            found["in_process"]["batched"],
            "/s",
            10_000,
        ),
        Figure(
            measure="the same against one transaction per request",
            value=best,
            unit="/s",
            against=f"{each:,} /s, at least 4 times",
            ratio=round(ratio, 2),
            is_reached=ratio >= 4,
        ),
        Figure(
            measure="stock levels of 100,000 offers x 8 warehouses",
            value=imported,
            unit="s",
            against=f"COPY into bare tables {copied} s",
            ratio=round(imported / copied, 2),
        ),
    ]


def _contest(found: dict[str, Any]) -> list[Figure]:
    pieces = found["pieces"]
    what = f"{found['attempts']:,} attempts by {found['clients']} clients on {pieces} pieces"
    accepted = [one["accepted"] for one in found["rounds"]]
    slowest = min(one["per_second"] for one in found["rounds"])
    return [
        Figure(
            measure=f"{what}, ERP messages duplicated, reordered, stale: accepted",
            value=max(accepted, key=lambda one: abs(one - pieces)),
            unit="",
            against=f"exactly {pieces}, counters = journal",
            is_reached=found["reached"],
        ),
        Figure(
            measure="the same: attempts answered, against SELECT ... FOR UPDATE per request",
            value=slowest,
            unit="/s",
            against=f"{found['locks']['per_second']:,} /s, at least 5 times",
            ratio=found["ratio"],
            is_reached=found["ratio"] >= 5,
        ),
    ]


def _commerceml(found: dict[str, Any]) -> list[Figure]:
    size = f"{found['offers']:,} offers x {found['warehouses']} warehouses"
    figures = []
    for name, what in (("new", "new prices and stock"), ("rests", "a later stock file")):
        one = found[name]
        figures.append(
            Figure(
                measure=f"CommerceML, {size}: {what}",
                value=one["seconds"],
                unit="s",
                against=f"parse + COPY {one['baseline_seconds']} s, at most 3 times",
                ratio=one["ratio"],
                is_reached=one["ratio"] <= 3,
            )
        )
        figures.append(at_most("the same: resident memory", one["resident_mib"], "MiB", 150))
    return figures


def _outbox(found: dict[str, Any]) -> list[Figure]:
    figures, ratios = found["figures"], found["ratios"]
    return [
        Figure(
            measure="events published, 100 per commit",
            value=figures["published/s, 100 per commit"],
            unit="/s",
            against=f"bare inserts {written(figures['bare inserts/s, 100 per commit'])} /s",
            ratio=round(ratios["publish / bare insert, 100 per commit"], 2),
        ),
        Figure(
            measure="events from backlog to committed effect, batches",
            value=figures["effects/s, batch handler"],
            unit="/s",
            against=f"bare inserts {written(figures['bare inserts/s, 100 per commit'])} /s",
            ratio=round(ratios["batch effects / bare insert"], 2),
        ),
        Figure(
            measure="from the commit to the committed effect: p95",
            value=figures["delay p95, ms"],
            unit="ms",
        ),
    ]


def _drop(found: dict[str, Any]) -> list[Figure]:
    size = f"drop, {found['requests']:,} requests in the first {found['seconds']:g} s"
    wrong = sum(found["wrong"].values()) + found["unfinished"]
    return [
        at_most(f"{size}: p95 of those inside", found["inside_p95_milliseconds"], "ms", 500),
        at_most("5xx but of the waiting room, orders begun and not ended", wrong, "", 0),
        at_most("pieces sold", found["sold"], "", found["pieces"]),
        at_most("findings of the checks", len(found["findings"]), "", 0),
        Figure(
            measure="p95 of the waiting room's answers",
            value=found["waiting_p95_milliseconds"],
            unit="ms",
        ),
    ]


def _erp_rest(found: dict[str, Any]) -> list[Figure]:
    figures = []
    size = f"{found['items']:,} items x {found['warehouses']} warehouses"
    for name, what in (("new", "all new"), ("changed", "all other")):
        if one := found.get("full", {}).get(name):
            seconds = one["numbers"] / (5_000_000 / 300)
            figures.append(
                at_most(f"stock by REST, {size}, {what}", one["seconds"], "s", round(seconds, 1))
            )
            idle = found["full"]["idle"]["p95_ms"]
            figures.append(
                Figure(
                    measure="the same: product pages meanwhile, p95",
                    value=one["pages"]["p95_ms"],
                    unit="ms",
                    against=f"idle {idle} ms, at most 1.5 times",
                    ratio=one["p95_ratio"],
                    is_reached=one["p95_ratio"] <= 1.5,
                )
            )
    if one := found.get("changes"):
        figures.append(at_least("changes of stock by REST", one["changes_per_second"], "/s", 990))
        figures.append(
            at_most("from the request to the product page: p99", one["seen_p99_ms"], "ms", 1000)
        )
    return figures


def _demo(found: dict[str, Any]) -> list[Figure]:
    figures = [at_most("`hansa demo`, second start to the first page",
                       found["second_start_seconds"], "s", 10)]  # fmt: skip
    figures += [
        at_least(f"Lighthouse, {page}: {category}", score, "", 95)
        for page, scores in found.get("lighthouse", {}).items()
        for category, score in scores.items()
    ]
    return figures


def _erp_queue(found: dict[str, Any]) -> list[Figure]:
    delivered, acknowledged = found["delivered"], found["acknowledged"]
    what = (
        f"{found['orders_per_second']} orders/s, 1C answers in {found['answer_milliseconds']:g} ms"
    )
    return [
        at_most(
            f"{what}: order committed to delivered at 1C, p99",
            delivered["p99_milliseconds"] / 1000,
            "s",
            2,
        ),
        Figure(
            measure="the same: p50",
            value=delivered["p50_milliseconds"],
            unit="ms",
        ),
        Figure(
            measure="the same, until 1C's answer is written: p99",
            value=acknowledged["p99_milliseconds"],
            unit="ms",
        ),
        at_most(
            "orders missing at 1C, or messages it must not have got",
            found["missing"] + found["failures"] + len(found["faults"]),
            "",
            0,
        ),
    ]


BENCHMARKS: Sequence[Benchmark] = (
    Benchmark(
        name="shop",
        what="listing and product of 100,000 items, as JSON and as pages",
        program="catalogue",
        quick=("--products", "2000", "--seconds", "2"),
        read=_shop,
    ),
    Benchmark(
        name="orders",
        what="whole guest orders over HTTP",
        program="orders",
        quick=("--orders", "200", "--card", "40"),
        read=_orders,
    ),
    Benchmark(
        name="last-pieces",
        what="five pieces, five hundred buyers at once",
        program="last_pieces",
        quick=("--buyers", "100", "--rounds", "1"),
        read=_last_pieces,
    ),
    Benchmark(
        name="stock",
        what="reservations of one hot item; the import of stock",
        program="stock_reservation",
        quick=("--seconds", "1", "--offers", "2000"),
        read=_stock,
    ),
    Benchmark(
        name="contest",
        what="buyers and an ERP fight over the last pieces; the same with row locks",
        program="stock_contest",
        quick=("--attempts", "1000", "--clients", "64", "--rounds", "1"),
        read=_contest,
    ),
    Benchmark(
        name="commerceml",
        what="a CommerceML export of 100,000 offers in 8 warehouses",
        program="commerceml_import",
        quick=("--offers", "2000"),
        read=_commerceml,
    ),
    Benchmark(
        name="erp-rest",
        what="stock of 100,000 items in 50 warehouses by REST; changes until they are seen",
        program="erp_rest",
        quick=("--items", "1000", "--seconds", "2"),
        read=_erp_rest,
    ),
    Benchmark(
        name="outbox",
        what="events from commit to effect",
        program="outbox",
        quick=("--seconds", "0.5"),
        read=_outbox,
    ),
    Benchmark(
        name="drop",
        what="a drop with a waiting room: its first seconds",
        program="drop",
        quick=("--requests", "600", "--seconds", "3"),
        read=_drop,
    ),
    Benchmark(
        name="erp-queue",
        what="from an order's commit to its arrival at 1C",
        program="erp_queue",
        quick=("--rate", "10", "--seconds", "3"),
        read=_erp_queue,
    ),
    Benchmark(
        name="loyalty",
        what="postings of points over HTTP beside pgbench; balances; batches; an open loop",
        program="loyalty",
        quick=("--members", "2000", "--seconds", "1", "--open-seconds", "2", "--clients", "32"),
        read=loyalty_figures,
    ),
    Benchmark(
        name="demo",
        what="second start of the demo; Lighthouse on home, listing and product",
        program="demo",
        quick=("--runs", "1"),
        read=_demo,
    ),
)
