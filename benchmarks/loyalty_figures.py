"""What the measurement of points is compared with."""

from __future__ import annotations

from typing import Any

from benchmarks.comparing import Figure, at_least, at_most

POSTINGS = 5_000
TIMES_PGBENCH = 1.5


def loyalty_figures(found: dict[str, Any]) -> list[Figure]:
    """Give the figures beside their targets and peers."""
    figures: list[Figure] = []
    if one := found.get("postings"):
        figures.append(
            at_least(
                "postings of points through HTTP, all rules", one["per_second"], "/s", POSTINGS
            )
        )
        figures.append(at_most("the same: p99", one["p99_ms"], "ms", 60))
        if tps := found.get("pgbench_tps"):
            ratio = one["per_second"] / tps
            figures.append(
                Figure(
                    measure="the same against `pgbench` TPC-B on the same server",
                    value=one["per_second"],
                    unit="/s",
                    against=f"{tps:,} tps, at least {TIMES_PGBENCH} times",
                    ratio=round(ratio, 2),
                    is_reached=ratio >= TIMES_PGBENCH,
                )
            )
    if (one := found.get("one_partner")) and (uniform := found.get("postings")):
        ratio = one["per_second"] / uniform["per_second"]
        figures.append(
            Figure(
                measure="the same, all on one partner",
                value=one["per_second"],
                unit="/s",
                against=f"{uniform['per_second']:,} /s, at least 0.9 times",
                ratio=round(ratio, 2),
                is_reached=ratio >= 0.9,
            )
        )
    if one := found.get("bulk"):
        figures.append(
            at_least("batches of 500 commands: items", one["items_per_second"], "/s", 12_000)
        )
    if one := found.get("balances"):
        figures.append(at_least("balances read through HTTP", one["per_second"], "/s", 8_000))
    if one := found.get("percents"):
        figures.append(
            at_least("percents read by partners through HTTP", one["per_second"], "/s", 8_000)
        )
    if one := found.get("percents_at_2000"):
        figures.append(at_most("percents at 2,000 reads/s: p99", one["p99_ms"], "ms", 5))
    if one := found.get("open_loop"):
        figures.append(
            at_most("2,000 requests/s, 70 % reads, 30 % postings: p99", one["p99_ms"], "ms", 25)
        )
    if "broken_invariants" in found:
        figures.append(at_most("invariants broken after it", found["broken_invariants"], "", 0))
    return figures
