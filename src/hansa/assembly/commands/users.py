"""`hansa user`: accounts of staff. The first administrator of an installation is made here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.modules import all_modules, permissions_of
from hansa.modules import accounts
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot
from hansa.runtime.settings import Settings

__all__ = ["refresh_roles", "user"]

T = TypeVar("T")


@click.group()
def user() -> None:
    """Make and change accounts of staff."""


@user.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=[accounts.ADMINISTRATOR], show_default=True)
@click.option("--name", default="", help="How colleagues see this person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, roles: tuple[str, ...], name: str, *, password_stdin: bool) -> None:
    """Make an account for EMAIL. Asks for the password; there is never a default one."""
    password = _ask_password(from_stdin=password_stdin)

    async def work(context: Context) -> None:
        now = context.clock.now()
        async with context.database.transaction() as tx:
            await accounts.create_user(
                tx,
                email=email,
                password=password,
                kind="staff",
                roles=roles,
                name=name,
                password_characters_min=context.settings.password_characters_min,
                now=now,
            )

    _run(work)
    click.echo(f"{email} may sign in as {', '.join(roles)}.")


@user.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(email: str, *, password_stdin: bool) -> None:
    """Set the password of EMAIL and end all its sessions."""
    new = _ask_password(from_stdin=password_stdin)

    async def work(context: Context) -> None:
        async with context.database.transaction() as tx:
            found = await _find(tx, email)
            await accounts.set_password(
                tx,
                user_id=found.id,
                password=new,
                password_characters_min=context.settings.password_characters_min,
                by=None,
                now=context.clock.now(),
            )

    _run(work)
    click.echo(f"The password of {email} is set.")


@user.command()
@click.argument("email")
@click.argument("names", nargs=-1, required=True)
def roles(email: str, names: tuple[str, ...]) -> None:
    """Give EMAIL exactly the roles NAMES."""

    async def work(context: Context) -> None:
        async with context.database.transaction() as tx:
            found = await _find(tx, email)
            await accounts.set_roles(
                tx, user_id=found.id, roles=names, by=None, now=context.clock.now()
            )

    _run(work)
    click.echo(f"{email} has the roles {', '.join(names)}.")


@user.command(name="list")
def list_staff() -> None:
    """List the accounts of staff with their roles."""

    async def work(context: Context) -> list[accounts.User]:
        async with context.database.snapshot() as snapshot:
            return await accounts.list_users(snapshot, kind="staff", limit=1_000)

    for found in _run(work):
        state = "" if found.is_active else " (switched off)"
        click.echo(f"{found.email}: {', '.join(found.roles) or 'no role'}{state}")


@user.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A permission; may be repeated."
)
def key(name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key called NAME and print it; nobody can read it again."""

    async def work(context: Context) -> str:
        async with context.database.transaction() as tx:
            _, secret = await accounts.create_api_key(
                tx,
                name=name,
                scopes=scopes,
                by=None,
                known_permissions=_known_permissions(),
                now=context.clock.now(),
            )
        return secret

    click.echo(_run(work))


async def refresh_roles(settings: Settings) -> None:
    """Give the roles that come with Hansa the permissions of this release's modules."""
    async with _opened(settings):
        pass


def _known_permissions() -> list[str]:
    return [permission.code for permission in permissions_of(all_modules())]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Context]:
    """Open a context in which the built-in roles are up to date."""
    context = build_context(settings)
    await context.open(())
    try:
        async with context.database.transaction() as tx:
            await accounts.ensure_built_in_roles(
                tx, known_permissions=_known_permissions(), now=context.clock.now()
            )
        yield context
    finally:
        await context.close()


def _run(work: Callable[[Context], Awaitable[T]]) -> T:
    async def opened(settings: Settings) -> T:
        async with _opened(settings) as context:
            return await work(context)

    with installation(read_settings()) as here:
        return asyncio.run(opened(here.settings))


async def _find(snapshot: Snapshot, email: str) -> accounts.User:
    found = await accounts.find_user(snapshot, email=email, kind="staff")
    if found is None:
        raise click.ClickException(f"there is no account {email} of staff")
    return found


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask for the password; use --password-stdin")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
