"""The hot path: many holds in one short transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from psycopg.errors import UniqueViolation

from hansa.kernel.errors import Conflict, Invalid
from hansa.kernel.identifiers import new_id
from hansa.modules.stock.model import (
    QUANTITY_MAX,
    ZERO,
    Hold,
    Reservation,
    ShortLine,
    Stand,
    State,
    Wish,
    decide_holds,
    merge_lines,
)
from hansa.modules.stock.operations.changes import publish_moved
from hansa.modules.stock.store import holds as sql
from hansa.runtime.database import Batcher, Row, Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

LINES_MAX = 500
KEY_CHARACTERS_MAX = 400
PLACES_MAX = 3
ATTEMPTS_MAX = 5


@dataclass(eq=False)
class OutOfStock(Conflict):
    """Not all of it is there; `short` says for each line that lacks how many could be had."""

    code: ClassVar[str] = "stock.out_of_stock"
    message: ClassVar[str] = "Some of the goods are no longer available in this quantity."

    short: tuple[ShortLine, ...]


@dataclass(eq=False)
class HoldInvalid(Invalid):
    """The hold makes no sense as asked."""

    code: ClassVar[str] = "stock.hold_invalid"
    message: ClassVar[str] = "This cannot be reserved: {reason}."

    reason: str


@dataclass(eq=False)
class HoldKeyReused(Conflict):
    """The key was used for other goods before."""

    code: ClassVar[str] = "stock.hold_key_reused"
    message: ClassVar[str] = "This key was already used for another reservation."

    key: str


class Command:
    """A checked hold on its way into a batch."""

    __slots__ = ("digest", "hold", "wish")

    def __init__(self, hold: Hold) -> None:
        """Check the hold and reduce it to what decides.

        Raises:
            HoldInvalid: no lines or too many, a quantity that is none, a key that is no key.
        """
        self.hold = hold
        _check(hold)
        self.wish = Wish(hold.channel, hold.warehouse_id, merge_lines(hold.lines))
        self.digest = _digest(self.wish, hold.owner)


class _KeyTaken(Exception):
    """Another process answered this key while we were deciding."""


class Reserver:
    """Holds goods, in batches.

    Promises: a hold is granted whole or refused whole; what is granted never exceeds what was
    sellable, whatever arrives at once and however many processes work; the answer comes after the
    commit; the same key gives the first answer again, also the refusal.
    """

    def __init__(self, context: "Context") -> None:
        self._clock = context.clock
        self._batcher: Batcher[Command, Reservation] = Batcher(
            context.database,
            self._apply,
            name="stock.holds",
            limit=context.settings.batch_commands_max,
            queue_limit=context.settings.batch_queue_max,
        )

    async def start(self) -> None:
        """Begin to take holds."""
        await self._batcher.start()

    async def close(self) -> None:
        """Answer those that wait, then stop."""
        await self._batcher.close()

    async def hold(self, hold: Hold) -> Reservation:
        """Set goods aside until `expires_at`; an order must `confirm` them before.

        Raises:
            OutOfStock: not all of it is there; nothing is held.
            HoldInvalid: the hold makes no sense.
            HoldKeyReused: the key was used for other goods.
            Busy: too many holds wait already.
        """
        command = Command(hold)
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return await self._batcher.submit(command)
            except _KeyTaken:
                continue
        return await self._batcher.submit(command)

    async def _apply(
        self, tx: Transaction, commands: list[Command]
    ) -> Sequence[Reservation | Exception]:
        return await apply_holds(tx, commands, now=self._clock.now())


async def apply_holds(
    tx: Transaction, commands: Sequence[Command], *, now: datetime
) -> list[Reservation | Exception]:
    """Decide and write a batch of holds with a fixed number of statements; answer each in order.

    The steps: find the keys answered before; lock every number concerned, in order; decide in
    memory, first come first served; write all of it at once.
    """
    answers = await _earlier_answers(tx, commands)
    fresh: dict[str, Command] = {}
    for command in commands:
        if command.hold.key not in answers and command.hold.key not in fresh:
            fresh[command.hold.key] = command
    if fresh:
        answers |= await _decide_and_write(tx, list(fresh.values()), now)
    return [_answer(command, answers[command.hold.key]) for command in commands]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the database keeps, or will keep, under a key."""

    id: UUID
    digest: bytes
    expires_at: datetime
    short: tuple[ShortLine, ...]


async def _earlier_answers(tx: Transaction, commands: Sequence[Command]) -> dict[str, _Kept]:
    rows = await tx.all(sql.FIND_ANSWERS, {"keys": [command.hold.key for command in commands]})
    return {
        row.key: _Kept(row.id, row.digest, row.expires_at, _read_refusal(row.refusal))
        for row in rows
    }


def _answer(command: Command, kept: _Kept) -> Reservation | Exception:
    hold = command.hold
    if kept.digest != command.digest:
        return HoldKeyReused(hold.key)
    if kept.short:
        return OutOfStock(kept.short)
    return Reservation(
        id=kept.id,
        key=hold.key,
        channel=hold.channel,
        state=State.HELD,
        lines=command.wish.lines,
        owner=hold.owner,
        expires_at=kept.expires_at,
        warehouse_id=hold.warehouse_id,
    )


async def _decide_and_write(
    tx: Transaction, commands: Sequence[Command], now: datetime
) -> dict[str, _Kept]:
    shelves = await _lock_shelves(tx, commands)
    counters, feeds = await _lock_counters(tx, commands)
    decisions = decide_holds(
        [command.wish for command in commands],
        counters=counters,
        shelves=shelves,
        feeds=feeds,
    )
    kept = {
        command.hold.key: _Kept(new_id(now), command.digest, command.hold.expires_at, short)
        for command, short in zip(commands, decisions, strict=True)
    }
    raised = [(key, stand.added) for key, stand in counters.items() if stand.added]
    await _write(tx, commands, kept, raised, now)
    taken = [(key, stand.added) for key, stand in shelves.items() if stand.added]
    if taken:
        await tx.execute(
            sql.RESERVE_ON_SHELVES,
            {
                "warehouses": [warehouse_id for (warehouse_id, _), _ in taken],
                "variants": [variant_id for (_, variant_id), _ in taken],
                "changes": [added for _, added in taken],
            },
        )
    await publish_moved(tx, (key for key, _ in raised))
    return kept


async def _lock_shelves(
    tx: Transaction, commands: Sequence[Command]
) -> dict[tuple[UUID, UUID], Stand]:
    wanted = {
        (command.wish.warehouse_id, line.variant_id)
        for command in commands
        if command.wish.warehouse_id is not None
        for line in command.wish.lines
    }
    if not wanted:
        return {}
    rows = await tx.all(
        sql.LOCK_SHELVES,
        {
            "warehouses": [warehouse_id for warehouse_id, _ in wanted],
            "variants": [variant_id for _, variant_id in wanted],
        },
    )
    return {(row.warehouse_id, row.variant_id): Stand(row.sellable, row.reserved) for row in rows}


async def _lock_counters(
    tx: Transaction, commands: Sequence[Command]
) -> tuple[dict[tuple[str, UUID], Stand], dict[str, tuple[str, ...]]]:
    wanted = {
        (command.wish.channel, line.variant_id)
        for command in commands
        for line in command.wish.lines
    }
    rows: list[Row] = await tx.all(
        sql.LOCK_COUNTERS,
        {
            "channels": [channel for channel, _ in wanted],
            "variants": [variant_id for _, variant_id in wanted],
        },
    )
    counters = {(row.channel, row.variant_id): Stand(row.sellable, row.reserved) for row in rows}
    feeds: dict[str, dict[str, None]] = {}
    for row in rows:
        for channel in row.feeding:
            feeds.setdefault(channel, {})[row.channel] = None
    return counters, {channel: tuple(linked) for channel, linked in feeds.items()}


async def _write(
    tx: Transaction,
    commands: Sequence[Command],
    kept: dict[str, _Kept],
    raised: Sequence[tuple[tuple[str, UUID], Decimal]],
    now: datetime,
) -> None:
    # Keys in order: two processes that were given the same keys wait for each other one way only.
    ordered = sorted(commands, key=lambda command: command.hold.key)
    answers = [kept[command.hold.key] for command in ordered]
    params: dict[str, Any] = {
        "now": now,
        "ids": [answer.id for answer in answers],
        "keys": [command.hold.key for command in ordered],
        "digests": [command.digest for command in ordered],
        "channels": [command.wish.channel for command in ordered],
        "warehouses": [command.wish.warehouse_id for command in ordered],
        "owners": [command.hold.owner for command in ordered],
        "expiries": [command.hold.expires_at for command in ordered],
        "refusals": [_write_refusal(answer.short) for answer in answers],
        "counter_variants": [variant_id for (_, variant_id), _ in raised],
        "counter_channels": [channel for (channel, _), _ in raised],
        "counter_changes": [added for _, added in raised],
    }
    lines = [
        (
            answer.id,
            line.variant_id,
            command.wish.channel,
            command.wish.warehouse_id,
            line.quantity,
        )
        for command, answer in zip(ordered, answers, strict=True)
        if not answer.short
        for line in command.wish.lines
    ]
    names = (
        "line_ids",
        "line_variants",
        "line_channels",
        "line_warehouses",
        "line_quantities",
    )
    columns = zip(*lines, strict=True) if lines else repeat((), len(names))
    params |= {name: list(column) for name, column in zip(names, columns, strict=True)}
    await _insert(tx, params)


async def _insert(tx: Transaction, params: dict[str, Any]) -> None:
    try:
        await tx.execute(sql.WRITE_HOLDS, params)
    except UniqueViolation as error:
        if error.diag.constraint_name != "stock_reservation_key_key":
            raise
        raise _KeyTaken from error


def _check(hold: Hold) -> None:
    if not 0 < len(hold.key) <= KEY_CHARACTERS_MAX:
        raise HoldInvalid(f"the key must have 1 to {KEY_CHARACTERS_MAX} characters")
    if not 0 < len(hold.lines) <= LINES_MAX:
        raise HoldInvalid(f"there must be 1 to {LINES_MAX} lines")
    for _, quantity in hold.lines:
        exponent = quantity.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -PLACES_MAX:
            raise HoldInvalid(f"a quantity has at most {PLACES_MAX} decimal places")
        if not ZERO < quantity <= QUANTITY_MAX / LINES_MAX:
            raise HoldInvalid("a quantity must be more than zero and not absurd")


def _digest(wish: Wish, owner: str) -> bytes:
    lines = ";".join(f"{line.variant_id}={line.quantity.normalize()}" for line in wish.lines)
    text = f"{wish.channel}|{wish.warehouse_id}|{owner}|{lines}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _write_refusal(short: tuple[ShortLine, ...]) -> str | None:
    if not short:
        return None
    return json.dumps([[str(part) for part in line] for line in short])


def _read_refusal(refusal: list[list[str]] | None) -> tuple[ShortLine, ...]:
    return tuple(
        ShortLine(UUID(variant_id), Decimal(wanted), Decimal(left))
        for variant_id, wanted, left in refusal or ()
    )
