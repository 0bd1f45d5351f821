"""`hansa rollout`: see and change for whom features are on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.modules import all_modules, features_of
from hansa.modules.rollout import (
    PARTS,
    Rules,
    Setting,
    State,
    find_audiences,
    find_people,
    get_setting,
    list_settings,
    read_text,
    save_rules,
)
from hansa.runtime.database import Transaction

__all__ = ["rollout"]

T = TypeVar("T")


@click.group()
def rollout() -> None:
    """See and change for whom features are on."""


@rollout.command("list")
def list_features() -> None:
    """Show every feature and for whom it is on."""

    async def read(tx: Transaction, now: datetime) -> dict[str, Setting]:
        del now
        return await list_settings(tx)

    settings = _run(read)
    for feature in features_of(all_modules()):
        setting = settings.get(feature.code, Setting(code=feature.code))
        click.echo(f"{feature.code}: {_described(setting.rules)}")


@rollout.command("set")
@click.argument("feature")
@click.option("--state", type=click.Choice([str(one) for one in State]))
@click.option("--percent", help="How many have it: 0 to 100, two digits after the point.")
@click.option("--audience", "audiences", multiple=True, help="Code of an audience, added.")
@click.option("--no-audience", "without", multiple=True, help="Code of an audience, taken away.")
@click.option("--allow", multiple=True, help="A number, e-mail or telephone, added.")
@click.option("--kill/--revive", "is_killed", default=None, help="Take it from everybody, or not.")
def set_feature(
    feature: str,
    *,
    state: str | None,
    percent: str | None,
    audiences: tuple[str, ...],
    without: tuple[str, ...],
    allow: tuple[str, ...],
    is_killed: bool | None,
) -> None:
    """Change the rules of FEATURE; what is not said stays. Holds within two seconds."""
    parts = None if percent is None else _parts(percent)

    async def change(tx: Transaction, now: datetime) -> Setting:
        setting = await get_setting(tx, feature=feature)
        rules = setting.rules
        rules = replace(
            rules,
            state=rules.state if state is None else State(state),
            parts=rules.parts if parts is None else parts,
            is_killed=rules.is_killed if is_killed is None else is_killed,
        )
        rules = await _with_people(tx, rules, audiences, without, allow)
        return await save_rules(
            tx,
            feature=feature,
            rules=rules,
            version=setting.version,
            known=[one.code for one in features_of(all_modules())],
            by=None,
            now=now,
        )

    click.echo(f"{feature}: {_described(_run(change).rules)}")


async def _with_people(
    tx: Transaction,
    rules: Rules,
    audiences: tuple[str, ...],
    without: tuple[str, ...],
    allow: tuple[str, ...],
) -> Rules:
    """Add and take audiences and single people.

    Raises:
        UsageError: one is not known.
    """
    named = {one.code: one.id for one in await find_audiences(tx, codes=[*audiences, *without])}
    for code in (*audiences, *without):
        if code not in named:
            raise click.UsageError(f"there is no audience {code}")
    found = await find_people(tx, read_text("\n".join(allow)))
    for fault in found.faults:
        raise click.UsageError(f"--allow number {fault.line}: {fault.why.replace('_', ' ')}")
    gone = {named[code] for code in without}
    kept = [one for one in rules.audience_ids if one not in gone]
    return replace(
        rules,
        audience_ids=(*kept, *(named[code] for code in audiences)),
        allowed=(*rules.allowed, *found.subject_ids),
    )


def _parts(percent: str) -> int:
    try:
        parts = Decimal(percent) * PARTS / 100
    except InvalidOperation as error:
        raise click.UsageError(f"{percent} is not a percentage") from error
    if not 0 <= parts <= PARTS or parts != int(parts):
        raise click.UsageError("a percentage is 0 to 100, with two digits after the point at most")
    return int(parts)


def _described(rules: Rules) -> str:
    if rules.is_killed:
        return "killed: off for everybody"
    if rules.state is not State.SOME:
        said = [f"{rules.state} for everybody"]
    else:
        percent = Decimal(rules.parts) * 100 / PARTS
        said = [f"{percent.normalize():f} % of people", f"{len(rules.audience_ids)} audiences"]
    if rules.allowed:
        said.append(f"{len(rules.allowed)} allowed by name")
    said += [f"in {', '.join(rules.markets)} only"] if rules.markets else []
    said += [f"from {rules.starts_at:%Y-%m-%d %H:%M %Z}"] if rules.starts_at else []
    said += [f"until {rules.ends_at:%Y-%m-%d %H:%M %Z}"] if rules.ends_at else []
    return ", ".join(said)


def _run(work: Callable[[Transaction, datetime], Awaitable[T]]) -> T:
    """Do something in a transaction of the installation's database."""
    with installation(read_settings()) as here:

        async def run() -> T:
            context = build_context(here.settings)
            await context.open(())
            try:
                async with context.database.transaction() as tx:
                    return await work(tx, context.clock.now())
            finally:
                await context.close()

        return asyncio.run(run())
