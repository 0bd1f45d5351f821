"""What a module declares: one `Module` value in its `manifest.py`, read by the assembly."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from litestar.types import ControllerRouterHandler

from hansa.kernel.message import Event, Job
from hansa.runtime.database import Snapshot, Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context


class Service(Protocol):
    """A long-lived object of a process, made from the context (a Batcher, a cache, a listener)."""

    def __init__(self, context: "Context") -> None: ...

    async def start(self) -> None:
        """Begin to work; called once, after the database is open."""

    async def close(self) -> None:
        """Finish what is in hand; called once, before the database is closed."""


@dataclass(frozen=True, kw_only=True)
class JobHandler:
    """Runs jobs of one type. It is called again after a failure, so it must be idempotent."""

    job: type[Job]
    handle: "Callable[[Context, Any], Awaitable[None]]"
    retries: int = 5


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A job enqueued by the clock; `cron` has five fields, UTC."""

    cron: str
    job: Job


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Work that never ends, run by one worker process at a time; `name` holds the lock.

    `run(context, stop)` returns soon after `stop` is set; whatever it raises, it is begun again.
    """

    name: str
    run: "Callable[[Context, asyncio.Event], Awaitable[None]]"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A reaction to events, run once per event in a transaction with its inbox row.

    With `batch`, `handle(tx, events, now)` gets several events of the partition at once, else
    `handle(tx, event, now)` gets one.
    """

    name: str
    events: tuple[type[Event], ...]
    handle: Callable[[Transaction, Any, datetime], Awaitable[None]]
    batch: bool = False


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Something a role may allow; `title` is an English msgid."""

    code: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Something that can be on for some people only, see `rollout`; `title` is an English msgid.

    Off until somebody says otherwise. `about` says what people see when it is on.
    """

    code: str
    title: str
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something a check found wrong: what, where, and what to do about it."""

    check: str
    subject: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """An invariant, proven by reading: no finding means that it holds."""

    area: str
    name: str
    run: Callable[[Snapshot], Awaitable[list[Finding]]]


@dataclass(frozen=True, kw_only=True)
class Module:
    """Everything the assembly must know of a module."""

    name: str
    routes: Sequence[ControllerRouterHandler] = ()
    jobs: Sequence[JobHandler] = ()
    periodic: Sequence[Periodic] = ()
    subscriptions: Sequence[Subscription] = ()
    permissions: Sequence[Permission] = ()
    checks: Sequence[Check] = ()
    services: Sequence[type[Service]] = ()
    loops: Sequence[Loop] = ()
    features: Sequence[Feature] = ()
