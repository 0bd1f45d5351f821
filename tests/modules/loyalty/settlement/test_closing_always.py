"""Whatever happens to points, a month closes with what is out, issuer by issuer.

Among random histories: debts, corrections, points that expire, members who are merged, parted or
leave, points that are on their way between accounts when the month ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hansa.contracts.loyalty import LoyaltyMembersMerged
from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import members, points, settlement
from hansa.modules.loyalty.points import subscribers
from hansa.modules.loyalty.points.move_jobs import (
    run_finish_moves,
    run_forfeit_points,
    run_move_back,
    run_move_merged,
)
from hansa.modules.loyalty.points.work import FinishMoves, ForfeitPoints, MoveBack, MoveMerged
from hansa.modules.loyalty.programmes import ReturnPolicy, SettleAt
from tests.modules.loyalty.settlement.conftest import Play
from tests.support.loyalty import a_member

WRITES_OFF = 2  # the place of the partner that bears what it cannot take back
WHO = some.integers(0, 1)
STEP = some.one_of(
    some.tuples(some.just("accrue"), some.integers(0, 2), WHO, some.integers(1, 400)),
    some.tuples(some.just("spend"), some.integers(0, 2), WHO, some.integers(1, 300)),
    some.tuples(some.just("correct"), some.just(0), WHO, some.integers(-50, 50)),
    some.tuples(some.just("reverse"), some.integers(0, 50), WHO, some.integers(1, 300)),
    some.tuples(some.just("price"), some.integers(0, 2), WHO, some.integers(1, 20_000)),
    some.tuples(
        some.sampled_from(["merge", "set off", "arrive", "part", "leave", "expire"]),
        some.just(0),
        WHO,
        some.just(0),
    ),
)
HISTORY = some.lists(STEP, max_size=12)

# What is out, issuer by issuer: what lots hold and what is between two accounts.
LOTS_LEFT = """
    select issuer, sum(remaining)::bigint as points
      from loyalty_lot
     where ledger = %(ledger)s
     group by issuer
"""
ON_THE_WAY = """
    select t.issuer, sum(case when t.credit < 0 then t.amount else -t.amount end)::bigint as points
      from ledger_transfer t
     where t.ledger = %(ledger)s
       and -6 in (t.debit, t.credit)
     group by t.issuer
"""


@dataclass
class Life:
    """Two people of a programme, and what the answers say became of their points this month."""

    play: Play
    people: list[members.Member]
    moved: Counter[str] = field(default_factory=Counter)
    done: list[tuple[str, int, str]] = field(default_factory=list)
    merges: list[members.MembersMerged] = field(default_factory=list)

    async def do(self, step: tuple[str, int, int, int]) -> None:
        """Do something; what is refused changes nothing."""
        what, place, who, number = step
        self.play.clock.advance(timedelta(minutes=7))
        acts: dict[str, Callable[[int, int, int], Awaitable[None]]] = {
            "accrue": self.accrue,
            "spend": self.spend,
            "correct": self.correct,
            "reverse": self.reverse,
            "price": self.price,
            "merge": self.merge,
            "set off": self.set_off,
            "arrive": self.arrive,
            "part": self.part,
            "leave": self.leave,
            "expire": self.expire,
        }
        try:
            await acts[what](place, who, number)
        except HansaError:
            return

    def ref(self, who: int) -> members.MemberRef:
        return members.MemberRef(members.RefKind.ID, str(self.people[who].id))

    async def submit(self, kind: type[points.Command], place: int, **said: object) -> int:
        """Do something in the name of a partner; give by how much it changed the balance."""
        fields = {
            "owner": self.play.partners[place].id,
            "key": uuid4().hex,
            "programme_id": self.play.programme.id,
            "happened_at": self.play.clock.now(),
        } | said
        self.play.clock.advance(timedelta(milliseconds=2))
        answer = await self.play.context.service(points.Poster).submit(kind(**fields))
        return answer.points

    async def accrue(self, place: int, who: int, number: int) -> None:
        key = uuid4().hex
        gained = await self.submit(
            points.Accrue, place, key=key, member=self.ref(who), points=number
        )
        self.moved["issued"] += gained
        self.done.append(("taken_back", place, key))

    async def spend(self, place: int, who: int, number: int) -> None:
        key = uuid4().hex
        lost = await self.submit(points.Spend, place, key=key, member=self.ref(who), points=number)
        self.moved["spent"] -= lost
        self.done.append(("spent", place, key))

    async def correct(self, place: int, who: int, number: int) -> None:
        self.moved["corrected"] += await self.submit(
            points.Correct,
            place,
            owner=points.HOUSE,
            member=self.ref(who),
            points=number,
            reason="by hand",
        )

    async def reverse(self, place: int, _who: int, number: int) -> None:
        if self.done:
            what, owner, key = self.done[place % len(self.done)]
            self.moved[what] -= await self.submit(
                points.Reverse, owner, posting_key=key, points=number
            )

    async def price(self, place: int, _who: int, number: int) -> None:
        price = Decimal(number) / 100
        await self.play.agree(place, issue_price=price, redeem_price=price)

    async def merge(self, _place: int, who: int, _number: int) -> None:
        done = await self.make_one(who)
        for one in done.accounts:
            job = MoveMerged(
                bucket=members.bucket_of(done.absorb_id), account_id=one.absorb_account_id
            )
            await run_move_merged(self.play.context, job)

    async def set_off(self, _place: int, who: int, _number: int) -> None:
        """Merge, and let whoever moves the points die half-way."""
        done = await self.make_one(who)
        for one in done.accounts:
            await self.submit(
                points.MoveOut,
                0,
                owner=points.HOUSE,
                move_id=uuid4(),
                bucket=members.bucket_of(done.absorb_id),
                account_id=one.absorb_account_id,
                to_bucket=members.bucket_of(done.keep_id),
                to_account_id=one.keep_account_id,
            )

    async def make_one(self, who: int) -> members.MembersMerged:
        now = self.play.clock.now()
        async with self.play.context.database.transaction() as tx:
            done = await members.merge_members(
                tx,
                keep=self.people[1 - who].id,
                absorb=self.people[who].id,
                coalition=self.play.coalition,
                by=None,
                now=now,
            )
            event = LoyaltyMembersMerged(
                merge_id=done.id,
                keep_id=done.keep_id,
                absorb_id=done.absorb_id,
                accounts=done.accounts,
                merged_at=now,
            )
            await subscribers.move_points(tx, event, now)
        self.merges.append(done)
        return done

    async def arrive(self, _place: int, _who: int, _number: int) -> None:
        self.play.clock.advance(timedelta(minutes=2))
        await run_finish_moves(self.play.context, FinishMoves())

    async def part(self, _place: int, _who: int, _number: int) -> None:
        if not self.merges:
            return
        done = self.merges.pop()
        async with self.play.context.database.transaction() as tx:
            await members.undo_merge(tx, merge_id=done.id, by=None, now=self.play.clock.now())
        for one in done.accounts:
            job = MoveBack(
                programme_id=one.programme_id,
                bucket=members.bucket_of(done.keep_id),
                account_id=one.keep_account_id,
                to_bucket=members.bucket_of(done.absorb_id),
                to_account_id=one.absorb_account_id,
            )
            await run_move_back(self.play.context, job)

    async def leave(self, _place: int, who: int, _number: int) -> None:
        """Leave and give up what is left; somebody new takes the place."""
        programme, now = self.play.programme, self.play.clock.now()
        gone = self.people[who].id
        before = await self.free(gone)
        async with self.play.context.database.transaction() as tx:
            await members.leave_programme(
                tx, member_id=gone, programme_id=programme.id, forfeit=True, now=now
            )
        job = ForfeitPoints(member_id=gone, programme_id=programme.id)
        await run_forfeit_points(self.play.context, job)
        self.moved["given_up"] += before - await self.free(gone)
        async with self.play.context.database.transaction() as tx:
            self.people[who] = await a_member(tx, programme, now=now)
        self.merges.clear()

    async def free(self, member_id: UUID) -> int:
        """Give what somebody, or whoever stands for them, has besides what is owed."""
        asked = (
            self.play.programme.id,
            None,
            members.MemberRef(members.RefKind.ID, str(member_id)),
        )
        async with self.play.context.database.snapshot() as snap:
            [membership] = (await members.resolve(snap, programme_id_refs=[asked])).values()
            lots = await points.list_lots(snap, membership=membership)
        return sum(max(0, one.remaining) for one in lots)

    async def expire(self, _place: int, who: int, _number: int) -> None:
        lost = await self.submit(
            points.commands.ExpireLots,
            0,
            owner=points.HOUSE,
            bucket=self.people[who].bucket,
            account_id=self.people[who].memberships[0].account_id,
        )
        self.moved["expired"] -= lost

    async def out(self) -> Counter[int]:
        """Give what is out of each issuer's points, as lots and transfers say."""
        of = {"ledger": self.play.programme.number}
        found: Counter[int] = Counter()
        async with self.play.context.database.snapshot() as snap:
            for statement in (LOTS_LEFT, ON_THE_WAY):
                for row in await snap.all(statement, of):
                    found[row.issuer] += row.points
        return found


async def check_month(life: Life, first: date, before: Counter[int]) -> Counter[int]:
    """Close a month and hold every issuer against what is out; give that."""
    play = life.play
    statements = await play.close(first)
    out = await life.out()
    async with play.context.database.snapshot() as snap:
        closed = await settlement.last_closing(
            snap, programme_id=play.programme.id, by=play.clock.now()
        )
        assert closed is not None
        liability = await settlement.read_liability(
            snap, coalition=play.coalition, programme=play.programme, as_of=closed.ends_at
        )
    moved = {one.issuer: one.points for one in closed.issuers}
    for issuer, one in moved.items():
        gone = one.taken_back + one.spent + one.expired + one.given_up
        assert one.opening == before[issuer]
        assert one.opening + one.issued - gone + one.corrected + one.moved == one.closing
        assert one.closing == out[issuer]
    assert sum(one.moved for one in moved.values()) == 0
    for name in ("issued", "taken_back", "spent", "expired", "given_up", "corrected"):
        assert sum(getattr(one, name) for one in moved.values()) == life.moved[name], name
    assert liability.is_closed
    assert {one.issuer: one.points for one in liability.rows} == moved
    for place, statement in enumerate(statements):
        of_issuer = moved.get(play.number(place), settlement.PointsMoved())
        assert statement.content.points == of_issuer
    life.moved.clear()
    return out


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories=some.tuples(HISTORY, HISTORY), settle_at=some.sampled_from(SettleAt))
async def test_a_month_closes_with_what_is_out_whatever_happened(
    stage, histories, settle_at
) -> None:
    months = stage.next_months()
    play = await stage.play(settle_at=settle_at, lifetime_months=1)
    await play.agree(WRITES_OFF, return_policy=ReturnPolicy.WRITE_OFF)
    async with play.context.database.transaction() as tx:
        other = await a_member(tx, play.programme, now=play.clock.now())
    life = Life(play, [play.member, other])
    out: Counter[int] = Counter()
    for first, history in zip(months, histories, strict=True):
        for step in history:
            await life.do(step)
        out = await check_month(life, first, out)
    assert await play.findings() == []


async def a_life(play: Play) -> Life:
    async with play.context.database.transaction() as tx:
        other = await a_member(tx, play.programme, now=play.clock.now())
    return Life(play, [play.member, other])


async def test_points_that_followed_a_member_keep_their_price_and_their_month(stage) -> None:
    play = await stage.play(settle_at=SettleAt.REDEMPTION)
    first, second = stage.next_months()
    life = await a_life(play)
    await play.agree(0, issue_price=Decimal(90))
    await life.do(("accrue", 0, 0, 100))
    await play.close(first)
    await play.agree(0, issue_price=Decimal(10))
    await life.do(("merge", 0, 0, 0))
    await life.do(("spend", 1, 1, 40))

    giver, _, _ = await play.close(second)

    [line] = giver.content.lines
    assert (line.points, line.price, line.amount_minor) == (40, Decimal(90), 3600)
    async with play.context.database.snapshot() as snap:
        breakage = await settlement.estimate_breakage(
            snap, programme=play.programme, issuer=play.number(0)
        )
    assert [(one.issued, one.spent) for one in breakage.cohorts] == [(100, 40), (0, 0)]
    assert await play.findings() == []


async def test_points_between_two_accounts_at_the_end_of_a_month_are_out(stage) -> None:
    play = await stage.play()
    first, second = stage.next_months()
    life = await a_life(play)
    await life.do(("accrue", 0, 0, 100))
    await life.do(("set off", 0, 0, 0))

    setting_off, _, _ = await play.close(first)
    await life.do(("arrive", 0, 0, 0))
    arrived, _, _ = await play.close(second)

    for statement in (setting_off, arrived):
        assert (statement.content.points.moved, statement.content.points.closing) == (0, 100)
    async with play.context.database.snapshot() as snap:
        lines = await settlement.list_lines(
            snap, coalition=play.coalition, statement=arrived, limit=10
        )
    assert [(one.what, one.points) for one in lines] == [(settlement.What.MERGED, 100)]
    assert await play.findings() == []


async def test_what_members_who_left_gave_up_is_told_apart_from_what_expired(stage) -> None:
    play = await stage.play()
    first, second = stage.next_months()
    life = await a_life(play)
    await life.do(("accrue", 0, 0, 100))
    await life.do(("leave", 0, 0, 0))

    left, nothing, _ = await play.close(first)
    after, _, _ = await play.close(second)

    moved = left.content.points
    assert (moved.issued, moved.expired, moved.given_up, moved.closing) == (100, 0, 100, 0)
    rows = dict(settlement.points_rows(moved, str))
    assert rows["Given up by members who left"] == 100
    assert nothing.content.points.given_up == after.content.points.given_up == 0
    assert after.content.points.opening == 0
    assert await play.findings() == []
