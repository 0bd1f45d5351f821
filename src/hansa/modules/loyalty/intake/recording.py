"""Writes down what became of a batch, with its place in the source, in one transaction."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import settlement
from hansa.modules.loyalty.intake.facts import facts_of
from hansa.modules.loyalty.intake.mapping import BalanceAsked, Engine
from hansa.modules.loyalty.intake.model import Feed, ItemState
from hansa.modules.loyalty.intake.sealing import Sealer
from hansa.modules.loyalty.intake.showing import shown_of
from hansa.modules.loyalty.intake.store import calls as calls_sql
from hansa.modules.loyalty.intake.store import runs as sql
from hansa.modules.loyalty.intake.work import TellPartner
from hansa.modules.loyalty.intake.working import Result, next_attempt, try_again_at
from hansa.modules.loyalty.programmes import Partner, Programme
from hansa.runtime.database import Transaction

REFERENCE_CHARACTERS_MAX = 100
WARNINGS_MAX = 50
NO_RUN = UUID(int=0)
_encoder = msgspec.json.Encoder(decimal_format="number")
SCHEDULED = "It earns at {due}."
UNCOVERED = "{uncovered} of the points were not there; {bearer} bears them."


@dataclass(slots=True)
class Place:
    """How far a run is: its number, the row recorded last, the columns it warned of."""

    run_id: UUID
    position: int
    warnings: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes down the records of a feed."""

    feed: Feed
    engine: Engine
    sealer: Sealer
    programme: Programme
    partner: Partner

    async def record(
        self,
        tx: Transaction,
        results: Sequence[Result],
        place: Place | None,
        *,
        now: datetime,
        run_id: UUID | None = None,
    ) -> None:
        """Write down what became of records; with a place, advance its run by as many.

        Without one they belong to the run `run_id`, which has counted them before.
        """
        changed = _distinct(one for one in results if not one.is_skipped and _is_kept(one))
        repeated = [one.id for one in results if one.is_repeat and one.state is None]
        if changed:
            run = run_id or (NO_RUN if place is None else place.run_id)
            await tx.execute(sql.SAVE_ITEMS, self._columns(changed, run, now))
            await self._calls(tx, changed, now)
            await self._clearing(tx, changed, now)
        if repeated:
            asked = {"feed_id": self.feed.id, "ids": sorted(set(repeated)), "now": now}
            await tx.execute(sql.REPEAT_ITEMS, asked)
        if place is not None:
            await self._advance(tx, results, place)

    async def _advance(self, tx: Transaction, results: Sequence[Result], place: Place) -> None:
        counts = Counter(_count(one) for one in results)
        for one in results:
            if one.understood is not None and len(place.warnings) < WARNINGS_MAX:
                place.warnings |= set(one.understood.warnings)
        await tx.execute(
            sql.ADVANCE,
            {
                "id": place.run_id,
                "from": place.position,
                "position": place.position + len(results),
                "read": len(results),
                "warnings": json.dumps(sorted(place.warnings)[:WARNINGS_MAX], ensure_ascii=False),
                **{
                    name: counts[name]
                    for name in ("taken", "refused", "waiting", "repeated", "skipped")
                },
            },
        )
        place.position += len(results)

    def _columns(self, results: Sequence[Result], run_id: UUID, now: datetime) -> dict[str, object]:
        messages = [message_of(one) for one in results]
        personal = self.engine.personal
        return {
            "feed_id": self.feed.id,
            "run_id": run_id,
            "now": now,
            "ids": [one.id for one in results],
            "rows": [one.found.row for one in results],
            "keys": [one.key for one in results],
            "rules": ["" if one.understood is None else one.understood.rule for one in results],
            "states": [str(one.state) for one in results],
            "codes": ["" if one.refusal is None else one.refusal.code for one in results],
            "messages": [message for message, _ in messages],
            "facts": [facts for _, facts in messages],
            "points": [one.points for one in results],
            "shown": [shown_of(one.found.record, personal) for one in results],
            "sealed": [self._sealed(one) for one in results],
            "attempts": [next_attempt(one) for one in results],
            "try_ats": [try_again_at(one, now) for one in results],
        }

    def _sealed(self, result: Result) -> bytes | None:
        if result.state is ItemState.TAKEN or not result.found.record:
            return None
        return self.sealer.seal(_encoder.encode(result.found.record))

    async def _calls(self, tx: Transaction, results: Sequence[Result], now: datetime) -> None:
        told = [
            (one.id, ordinal, call)
            for one in results
            for ordinal, call in enumerate(one.told)
            if self.feed.settings.tell_url
        ]
        if not told:
            return
        await tx.execute(
            calls_sql.SAVE_CALLS,
            {
                "feed_id": self.feed.id,
                "now": now,
                "ids": [new_id(now) for _ in told],
                "item_ids": [item_id for item_id, _, _ in told],
                "ordinals": [ordinal for _, ordinal, _ in told],
                "paths": [call.path for _, _, call in told],
                "bodies": [json.dumps(dict(call.body), ensure_ascii=False) for _, _, call in told],
            },
        )
        await tx.enqueue(TellPartner(feed_id=self.feed.id))

    async def _clearing(self, tx: Transaction, results: Sequence[Result], now: datetime) -> None:
        """List money beside points: conversions are credited at once, the uncovered is noted."""
        cleared = [
            (one, ordinal, entry) for one in results for ordinal, entry in enumerate(one.cleared)
        ]
        if not cleared:
            return
        listed = await tx.all(
            calls_sql.SAVE_CLEARING,
            {
                "feed_id": self.feed.id,
                "partner_id": self.feed.partner_id,
                "programme_id": self.feed.programme_id,
                "currency": self.programme.currency,
                "item_ids": [one.id for one, _, _ in cleared],
                "ordinals": [ordinal for _, ordinal, _ in cleared],
                "matters": [entry.matter[:200] for _, _, entry in cleared],
                "keys": [one.key for one, _, _ in cleared],
                "amounts": [entry.amount_minor * entry.sign for _, _, entry in cleared],
                "points": [one.points for one, _, _ in cleared],
                "moments": [_moment(one) for one, _, _ in cleared],
            },
        )
        converted = {(one.id, ordinal) for one, ordinal, entry in cleared if entry.is_conversion}
        money = [
            settlement.MoneyAside(
                kind=settlement.MoneyKind.CONVERSION
                if (row.item_id, row.ordinal) in converted
                else settlement.MoneyKind.UNCOVERED,
                key=f"{self.feed.id}:{row.item_id}:{row.ordinal}",
                partner=self.partner.number,
                amount_minor=row.amount_minor,
                reference=row.matter[:REFERENCE_CHARACTERS_MAX],
                happened_at=row.happened_at,
            )
            for row in listed
        ]
        if money:
            await settlement.record_money(tx, programme=self.programme, money=money, now=now)


def message_of(result: Result) -> tuple[str, str]:
    """Give the sentence about a record and its facts."""
    if result.refusal is not None:
        return result.refusal.message, facts_of(result.refusal)
    if result.uncovered:
        facts = {"uncovered": str(result.uncovered), "bearer": result.bearer}
        return UNCOVERED, json.dumps(facts)
    if result.due_at is not None:
        return SCHEDULED, json.dumps({"due": result.due_at.isoformat()})
    return "", "{}"


def _moment(result: Result) -> datetime:
    assert result.understood is not None
    first = result.understood.planned[0]
    assert not isinstance(first, BalanceAsked)
    return getattr(first, "at", None) or first.command.happened_at  # type: ignore[union-attr]  # what has no `at` has a command


def _is_kept(result: Result) -> bool:
    """A question about a balance leaves no trace."""
    if result.state is None:
        return False
    planned = () if result.understood is None else result.understood.planned
    return not planned or not all(isinstance(one, BalanceAsked) for one in planned)


def _count(result: Result) -> str:
    if result.is_skipped:
        return "skipped"
    if result.is_repeat:
        return "repeated"
    return str(result.state)


def _distinct(results: Iterable[Result]) -> list[Result]:
    return list({one.id: one for one in results}.values())
