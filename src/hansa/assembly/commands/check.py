"""`hansa check`: prove the invariants, show the settings. Exit code 1 when something was found."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import Installation, installation, read_settings
from hansa.assembly.commands.progress import progress
from hansa.assembly.modules import all_modules
from hansa.runtime.database import following
from hansa.runtime.database.checks import database_faults
from hansa.runtime.jobs import inspection as jobs_inspection
from hansa.runtime.module import Check, Finding
from hansa.runtime.outbox import inspection as outbox_inspection
from hansa.runtime.settings import Settings
from hansa.runtime.settings import source as settings_source
from hansa.runtime.settings.reference import settings_reference
from hansa.runtime.sizing import postgres_parameters, this_machine

__all__ = ["check"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Result:
    area: str
    name: str
    seconds: float
    findings: list[Finding]


@click.command()
@click.argument("areas", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Write a report for programs.")
@click.option("--markdown", is_flag=True, help="With `settings`: write the reference page.")
def check(areas: tuple[str, ...], *, as_json: bool, markdown: bool) -> None:
    """Check the invariants of all AREAS, or of those named: settings, database, stock, ...

    `hansa check settings` shows every setting with its source.
    """
    if markdown:
        click.echo(settings_reference(), nl=False)
        return
    settings = read_settings()
    if areas == ("settings",):
        _show_settings(settings, as_json=as_json)
        return
    checks = _checks()
    known = sorted({"database", *(each.area for each in checks)})
    unknown = sorted(set(areas) - {*known, "settings"})
    if unknown:
        raise click.UsageError(
            f"there is no area {unknown[0]}: expected some of {', '.join(known)}"
        )
    with installation(settings, migrated=False) as here:
        results = [_check_database(here)] if not areas or "database" in areas else []
        if not any(result.findings for result in results):
            chosen = [each for each in checks if not areas or each.area in areas]
            results += asyncio.run(_run(here, chosen))
    _report(results, as_json=as_json)
    if any(result.findings for result in results):
        sys.exit(1)


def _checks() -> list[Check]:
    return [
        *outbox_inspection.CHECKS,
        *jobs_inspection.CHECKS,
        *following.CHECKS,
        *(each for module in all_modules() for each in module.checks),
    ]


def _check_database(here: Installation) -> _Result:
    began = time.monotonic()
    findings = [
        Finding(check="database.fit", subject="database", message=fault)
        for fault in database_faults(here.dsn)
    ]
    return _Result(area="database", name="fit", seconds=time.monotonic() - began, findings=findings)


async def _run(here: Installation, checks: Sequence[Check]) -> list[_Result]:
    context = build_context(here.settings)
    await context.open(())
    results = []
    try:
        with progress("Checking") as meter:
            for number, each in enumerate(checks):
                meter.show(number, len(checks), f"{each.area}.{each.name}")
                began = time.monotonic()
                async with context.database.snapshot() as snapshot:
                    findings = await each.run(snapshot)
                results.append(
                    _Result(
                        area=each.area,
                        name=each.name,
                        seconds=time.monotonic() - began,
                        findings=list(findings),
                    )
                )
    finally:
        await context.close()
    return results


def _report(results: Sequence[_Result], *, as_json: bool) -> None:
    found = sum(len(result.findings) for result in results)
    if as_json:
        report = {
            "ok": found == 0,
            "checks": [
                {**dataclasses.asdict(result), "seconds": round(result.seconds, 3)}
                for result in results
            ],
        }
        click.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str))
        return
    for result in results:
        word = "ok" if not result.findings else f"{len(result.findings)} findings"
        click.echo(f"{result.area}.{result.name}: {word}")
        for finding in result.findings:
            click.echo(f"  {finding.subject}: {finding.message}")
    click.echo("All is well." if found == 0 else f"{found} findings.")


def _show_settings(settings: Settings, *, as_json: bool) -> None:
    rows = [
        {
            "name": each.name,
            "variable": each.variable,
            "value": settings_source.shown(getattr(settings, each.name), masked=each.masked),
            "source": settings.sources[each.name],
            "meaning": each.meaning,
        }
        for each in settings_source.describe(Settings)
    ]
    machine = this_machine()
    sizes = (
        {}
        if settings.database_url is not None
        else postgres_parameters(machine, is_followed=settings.database_is_followed)
    )
    if as_json:
        report = {
            "settings": rows,
            "machine": dataclasses.asdict(machine),
            "embedded_postgresql": sizes,
        }
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    console = Console(file=sys.stdout, soft_wrap=True)
    if not console.is_terminal:
        for row in rows:
            click.echo(f"{row['variable']}={row['value']}  # {row['source']}")
        for name, value in sizes.items():
            click.echo(f"postgresql {name}={value}")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("setting", "value", "source"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(row["variable"], row["value"], row["source"])
    console.print(table)
    console.print(
        f"\nMachine: {machine.cpu_count} processors, {machine.memory_bytes // 2**20} MiB of memory"
        f"; settings file: {Path.cwd() / settings_source.FILE_NAME}"
    )
    if sizes:
        console.print("Embedded PostgreSQL: " + ", ".join(f"{k}={v}" for k, v in sizes.items()))
