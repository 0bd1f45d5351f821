"""Takes records in batches: understood, carried out through the door, written down together.

Everything of a batch is idempotent by its keys, and its place in the source is written in the same
transaction as what became of it: whoever dies in between does the batch again, to the same end.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules.loyalty.intake.balances import Balances
from hansa.modules.loyalty.intake.door import Door
from hansa.modules.loyalty.intake.mapping import (
    ROW,
    BalanceAsked,
    Cleared,
    Direct,
    Engine,
    OrderReturn,
    OrderState,
    Planned,
    RecordRefused,
    Told,
    Understood,
    Value,
)
from hansa.modules.loyalty.intake.model import Feed, InTheFuture, ItemState
from hansa.modules.loyalty.intake.orders import OrderBook, Settled
from hansa.modules.loyalty.intake.reading import Found
from hansa.modules.loyalty.points.commands import Command, Receipt, Return, Reverse, Spend

AHEAD_MAX = timedelta(days=1)
PARTS_MAX = 5
# Kept by the door for the key: trying again needs another key. A hold's key is named by others.
_FINAL = frozenset({"loyalty.not_enough_points", "loyalty.debt_first", "loyalty.above_purchase"})
# Something that comes out of order: what it speaks of may arrive soon.
_EARLY = frozenset({"loyalty.hold_unknown", "loyalty.posting_unknown"})
EARLY_MAX = timedelta(days=1)
_PAUSE_MIN = timedelta(seconds=20)


@dataclass(slots=True)
class Result:
    """What became of a record."""

    id: UUID
    found: Found
    understood: Understood | None = None
    state: ItemState | None = None
    refusal: HansaError | None = None
    receipts: list[Receipt] = field(default_factory=list)
    due_at: datetime | None = None
    uncovered: int = 0
    bearer: str = ""
    attempt: int = 0
    first_at: datetime | None = None
    is_undone: bool = False
    is_repeat: bool = False
    is_skipped: bool = False
    told: list[Told] = field(default_factory=list)
    cleared: list[Cleared] = field(default_factory=list)
    balance: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Key of its matter, if it was understood."""
        return "" if self.understood is None else self.understood.key

    @property
    def points(self) -> int:
        """What the balance changed by."""
        return sum(one.points for one in self.receipts)

    def outcome(self) -> dict[str, Value]:
        """Give what a partner may be told."""
        last = self.receipts[-1] if self.receipts else None
        return {
            "state": str(self.state or ""),
            "points": self.points,
            "balance": self.balance.get("posted", 0 if last is None else last.balance),
            "available": self.balance.get("available", 0 if last is None else last.available),
            "key": self.key,
            "code": "" if self.refusal is None else self.refusal.code,
            "reason": "" if self.refusal is None else str(self.refusal),
            "uncovered": self.uncovered,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Carries out the records of a feed."""

    feed: Feed
    engine: Engine
    door: Door
    orders: OrderBook
    balances: Balances
    point_minor: int

    def read(self, found: Found, *, attempt: int = 0, first_at: datetime | None = None) -> Result:
        """Understand a record; pure, so a dry run is this alone."""
        if found.fault is not None:
            return self._refused(found, found.fault)
        try:
            understood = self.engine.understand(found.record)
        except RecordRefused as refusal:
            if refusal.row is None:
                refusal.row = found.row
            return self._refused(found, refusal)
        if understood is None:
            return Result(id=UUID(int=0), found=found, is_skipped=True)
        return Result(
            id=UUID(bytes=understood.digest),
            found=found,
            understood=understood,
            attempt=attempt,
            first_at=first_at,
        )

    def _refused(self, found: Found, refusal: HansaError) -> Result:
        plain = {name: one for name, one in found.record.items() if name != ROW}
        told = [type(refusal).__name__, found.row if not plain else 0, _plain(plain)]
        digest = blake2b(msgspec.json.encode(told), digest_size=16).digest()
        return Result(id=UUID(bytes=digest), found=found, state=ItemState.REFUSED, refusal=refusal)

    async def carry_out(self, results: Sequence[Result], *, now: datetime) -> None:
        """Carry out what was understood, in its order.

        Raises:
            Unavailable: points are away; everything may be carried out again.
        """
        waiting = [one for one in results if one.understood is not None and one.state is None]
        for one in waiting:
            late = _too_late(one, now)
            if late is not None:
                one.state, one.refusal = ItemState.REFUSED, InTheFuture(late.isoformat())
        waiting = [one for one in waiting if one.state is None]
        direct = [one for one in waiting if not _is_order_alone(one, self.engine)]
        answers = await asyncio.gather(
            *(self._one(one, now=now) for one in direct), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        ordered = [one for one in waiting if one.refusal is None and _is_order(one, self.engine)]
        await self._tell_orders(ordered, now=now)
        for one in waiting:
            if one.state is ItemState.REFUSED and one.receipts:
                await self._undo(one)
            self._follow(one)

    async def _tell_orders(self, results: Sequence[Result], *, now: datetime) -> None:
        told: list[OrderState | OrderReturn] = []
        owners: list[Result] = []
        for one in results:
            assert one.understood is not None
            for planned in one.understood.planned:
                if isinstance(planned, OrderState | OrderReturn):
                    told.append(planned)
                    owners.append(one)
        if not told:
            return
        for one, settled in zip(owners, await self.orders.tell(told, now=now), strict=True):
            _note_settled(one, settled)
        for one in owners:
            one.state = ItemState.TAKEN if one.refusal is None else ItemState.REFUSED

    async def _undo(self, result: Result) -> None:
        """Take back what a record spent before the rest of it was refused: nothing is half done."""
        for planned in _planned(result):
            if isinstance(planned, Direct) and isinstance(planned.command, Spend):
                spend = _again(planned.command, result.attempt)
                undo = Reverse(
                    owner=spend.owner,
                    programme_id=spend.programme_id,
                    key=f"{spend.key}:undo",
                    happened_at=spend.happened_at,
                    posting_key=spend.key,
                )
                try:
                    result.receipts.append(await self.door.submit(undo))
                except Unavailable:
                    raise
                except HansaError as refusal:
                    if refusal.code not in _EARLY:
                        raise
                else:
                    result.is_undone = True

    async def _one(self, result: Result, *, now: datetime) -> None:
        try:
            for planned in _planned(result):
                await self._do(result, planned)
        except Unavailable:
            raise
        except HansaError as refusal:
            result.refusal = refusal
            since = result.first_at or now
            is_early = refusal.code in _EARLY and now - since < EARLY_MAX
            result.state = ItemState.WAITING if is_early else ItemState.REFUSED
        else:
            result.state = ItemState.TAKEN

    async def _do(self, result: Result, planned: Planned) -> None:
        match planned:
            case Direct(command=Spend() as spend, uncovered=bearer) if bearer != "refuse":
                await self._spend_what_there_is(result, spend, bearer)
            case Direct(command=command):
                result.receipts.append(await self.door.submit(_again(command, result.attempt)))
            case BalanceAsked(member=member):
                result.balance = await self.balances.read(self.feed, member)
            case OrderReturn() if not self.engine.has_orders:
                command = Return(
                    owner=self.feed.partner_id,
                    programme_id=self.feed.programme_id,
                    key=planned.key,
                    happened_at=planned.at,
                    receipt=planned.receipt,
                    lines=planned.lines,
                )
                result.receipts.append(await self.door.submit(command))
            case _:
                pass  # orders were told together, before

    async def _spend_what_there_is(self, result: Result, spend: Spend, bearer: str) -> None:
        """Spend as much as the balance covers; the rest is `uncovered`.

        The door keeps its refusal with what was available then, so a repeat comes to the same.
        """
        asked, part = spend.points, spend
        for number in range(1, PARTS_MAX):
            try:
                result.receipts.append(await self.door.submit(_again(part, result.attempt)))
            except HansaError as refusal:
                if refusal.code not in {"loyalty.not_enough_points", "loyalty.debt_first"}:
                    raise
                there = int(getattr(refusal, "available", 0))
                if there <= 0:
                    result.uncovered, result.bearer = asked, bearer
                    return
                part = replace(
                    part, points=min(there, part.points), key=f"{spend.key}:part{number}"
                )
            else:
                result.uncovered, result.bearer = asked - part.points, bearer
                return
        result.uncovered, result.bearer = asked, bearer

    def _follow(self, result: Result) -> None:
        """Find out what the partner is to be told and what money goes beside."""
        if result.understood is None:
            return
        record, index, outcome = result.found.record, result.understood.rule_index, result.outcome()
        try:
            result.told = self.engine.tell(record, index, outcome)
            if result.state is ItemState.TAKEN:
                result.cleared = self.engine.clear(record, index, outcome)
        except RecordRefused as refusal:
            # The points are posted; that the partner cannot be told is for a person to see.
            result.refusal, result.state = refusal, ItemState.REFUSED
        if result.uncovered and result.state is ItemState.TAKEN:
            amount = result.uncovered * self.point_minor
            sign = -1 if result.bearer == "partner" else 1
            result.cleared.append(
                Cleared(
                    matter=f"uncovered, {result.bearer}",
                    amount_minor=amount,
                    sign=sign,
                    is_conversion=False,
                )
            )


def _is_order_alone(result: Result, engine: Engine) -> bool:
    return all(
        isinstance(one, OrderState) or (isinstance(one, OrderReturn) and engine.has_orders)
        for one in _planned(result)
    )


def try_again_at(result: Result, now: datetime) -> datetime | None:
    """Give when a record that came too early is tried again: later and later, for a day."""
    if result.state is not ItemState.WAITING:
        return None
    return now + max(_PAUSE_MIN, (now - (result.first_at or now)) / 2)


def _planned(result: Result) -> tuple[Planned, ...]:
    return () if result.understood is None else result.understood.planned


def _is_order(result: Result, engine: Engine) -> bool:
    return any(
        isinstance(one, OrderState) or (isinstance(one, OrderReturn) and engine.has_orders)
        for one in _planned(result)
    )


def _note_settled(result: Result, settled: Settled) -> None:
    result.refusal = result.refusal or settled.refusal
    result.receipts += settled.receipts
    result.due_at = settled.due_at
    result.is_repeat = not settled.is_news and not settled.receipts and settled.refusal is None


def _too_late(result: Result, now: datetime) -> datetime | None:
    moments = [
        one.command.happened_at if isinstance(one, Direct) else one.at
        for one in _planned(result)
        if not isinstance(one, BalanceAsked)
    ]
    return next((one for one in moments if one > now + AHEAD_MAX), None)


def _again(command: Command, attempt: int) -> Command:
    """Give a command the key of its attempt: what a key was refused for stays refused."""
    return command if not attempt else replace(command, key=f"{command.key}:again{attempt}")


def next_attempt(result: Result) -> int:
    """Give the attempt a record is tried again with."""
    is_final = result.refusal is not None and result.refusal.code in _FINAL
    return result.attempt + 1 if is_final or result.is_undone else result.attempt


def _plain(record: object) -> str:
    return json.dumps(record, default=str, sort_keys=True, ensure_ascii=False)
