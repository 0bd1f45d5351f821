"""What happened to a member, told in any order and twice, ends in one state.

Receipts, part and whole returns, points given, what partners report of tasks, and what the member
switches on and off. Exceptions, by design: what is spent or held is decided when it is asked for,
and so is whether an offer of so many times may be switched on once more; with `write_off` a partner
bears what is missing at that moment; of a limited budget whoever comes first has it. After a whole
return a part that came back before it is refused: it is in it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from hansa.contracts.loyalty import PercentsRewritten, TaskRewardDue
from hansa.modules.loyalty import members, offers, points, programmes
from hansa.modules.loyalty.offers.checks import CHECKS as OFFER_CHECKS
from hansa.modules.loyalty.points.jobs import run_post_reward, run_recount_member
from hansa.modules.loyalty.points.work import PostReward, RecountMember
from tests.modules.loyalty.points import stories
from tests.modules.loyalty.points.stories import (
    Acted,
    Bought,
    CameBack,
    Given,
    Happening,
    Raised,
    Switched,
)
from tests.support.loyalty import a_member, put_in_force

AT_ONCE = 25
TOLD = """
    select serial, type, payload
      from outbox_event
     where type = any(%(types)s::text[])
       and serial > %(serial)s
     order by serial
"""
FOLLOWS = {
    PercentsRewritten.type: (RecountMember, run_recount_member),
    TaskRewardDue.type: (PostReward, run_post_reward),
}


@dataclass
class Case:
    """A member, what happened to it, and the order in which that is told."""

    member: members.Member
    happened: list[Happening]
    told: list[Happening]
    luck: random.Random


@dataclass
class Telling:
    """Tells what happened, through the doors that partners, members and jobs come in by."""

    play: object
    start: datetime
    offer_ids: dict[str, UUID]
    seen: int = 0
    whole: set[str] = field(default_factory=set)

    def at(self, hours: int) -> datetime:
        return self.start + timedelta(hours=hours)

    async def tell(self, member: members.Member, one: Happening) -> None:
        play = self.play
        said = {"key": one.key, "happened_at": self.at(one.hours)}
        match one:
            case Bought():
                await play.buy(one.receipt, *one.lines, member=play.ref(member), **said)
            case CameBack():
                back = [] if one.line is None else [(one.line, one.amount)]
                try:
                    await play.bring_back(one.receipt, *back, **said)
                except points.AbovePurchase:
                    assert one.receipt in self.whole, one
            case Given():
                await play.accrue(one.points, member=play.ref(member), **said)
            case Acted():
                await self._report(member, one)
            case Switched():
                await self._switch(member, one)

    async def _report(self, member: members.Member, one: Acted) -> None:
        play = self.play
        action = offers.Action(
            play.shop.id,
            one.key,
            play.programme.id,
            member.id,
            one.code,
            self.at(one.hours),
            one.amount,
        )
        async with play.context.database.transaction() as tx:
            answers, _ = await offers.take_actions(
                tx, coalition=self.coalition, actions=[action], now=play.clock.now()
            )
        assert isinstance(answers[0], offers.Taken), answers

    async def _switch(self, member: members.Member, one: Switched) -> None:
        turn = offers.switch_on if one.is_on else offers.switch_off
        async with self.play.context.database.transaction() as tx:
            await turn(
                tx,
                coalition=self.coalition,
                member=(self.play.programme.id, member.id),
                offer_id=self.offer_ids[one.offer],
                now=self.at(one.hours),
            )

    @property
    def coalition(self) -> programmes.Coalition:
        return self.play.context.service(programmes.Directory).coalition

    async def follow(self, luck: random.Random) -> None:
        """Do the jobs that follow from what was told, in any order, until none is left."""
        while rows := await self._told():
            self.seen = rows[-1].serial
            jobs: dict[str, list[tuple[object, object]]] = {}
            for row in rows:
                kind, run = FOLLOWS[row.type]
                job = msgspec.convert(row.payload, kind)
                jobs.setdefault(row.payload["member_id"], []).append((run, job))
            for listed in jobs.values():
                luck.shuffle(listed)
            await asyncio.gather(*(self._work(listed) for listed in jobs.values()))

    async def _told(self) -> Sequence:
        async with self.play.context.database.snapshot(single=True) as snap:
            return await snap.all(TOLD, {"types": list(FOLLOWS), "serial": self.seen})

    async def _work(self, jobs: list) -> None:
        """Do each job; what takes back a reward that is not given yet is tried again after it."""
        while jobs:
            again = []
            for run, job in jobs:
                try:
                    await run(self.play.context, job)
                except points.PostingUnknown:
                    again.append((run, job))
            assert len(again) < len(jobs), again
            jobs = again

    async def end_of(self, member: members.Member) -> stories.End:
        """Give what a member has, in the words of the stories."""
        key = (self.play.programme.id, member.id)
        async with self.play.context.database.snapshot() as snap:
            standing = (await offers.load_standings(snap, members=[key]))[key]
        balance = await self.play.balance(member)
        assert balance.owed == 0
        names = {offer_id: name for name, offer_id in self.offer_ids.items()}
        hour = timedelta(hours=1)
        raises = sorted(
            Raised(
                names[one.offer_id],
                one.percent,
                (one.starts_at - self.start) // hour,
                (one.ends_at - self.start) // hour,
            )
            for one in standing.raises
        )
        return stories.End(balance.posted, tuple(raises))


async def begin_offers(play, start: datetime) -> dict[str, UUID]:
    """Let the shop make the offers of the stories, before these begin."""
    found = {}
    for code, content in stories.OFFERS.items():
        worded = replace(content, wording=offers.Wording(title={"en": code}, text={"en": code}))
        async with play.context.database.transaction() as tx:
            found[code] = await put_in_force(
                tx, play.programme, play.shop, code=code, content=worded, now=start
            )
    await play.context.service(offers.Rulebook).refresh()
    return found


async def run_cases(play, number: int, seed: int) -> None:
    chance = random.Random(seed)
    start = play.clock.now() - timedelta(days=20)
    telling = Telling(play, start, await begin_offers(play, start - timedelta(days=1)))

    async def begin(name: str) -> Case:
        luck = random.Random(chance.random())
        async with play.context.database.transaction() as tx:
            member = await a_member(tx, play.programme, now=play.clock.now())
        happened = stories.story(luck, name)
        told = happened + [luck.choice(happened) for _ in range(len(happened))]
        luck.shuffle(told)
        telling.whole |= {
            one.receipt for one in happened if isinstance(one, CameBack) and one.line is None
        }
        return Case(member, happened, told, luck)

    async def tell(case: Case, told: Sequence[Happening]) -> None:
        for one in told:
            await telling.tell(case.member, one)

    async def compare(case: Case) -> None:
        found = await telling.end_of(case.member)
        assert found == stories.expected(case.happened), case.told

    for at in range(0, number, AT_ONCE):
        cases = [await begin(f"c{one}") for one in range(at, min(at + AT_ONCE, number))]
        middles = [case.luck.randint(0, len(case.told)) for case in cases]
        pairs = list(zip(cases, middles, strict=True))
        await asyncio.gather(*(tell(case, case.told[:middle]) for case, middle in pairs))
        await telling.follow(chance)
        await asyncio.gather(*(tell(case, case.told[middle:]) for case, middle in pairs))
        await telling.follow(chance)
        await asyncio.gather(*(compare(case) for case in cases))
    assert await play.findings() == []
    async with play.context.database.snapshot() as snap:
        assert [one for check in OFFER_CHECKS for one in await check.run(snap)] == []


@pytest.mark.timeout(600)
async def test_fifty_shuffled_stories_end_alike(play) -> None:
    await run_cases(play, 50, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_ten_thousand_shuffled_stories_end_alike(play) -> None:
    await run_cases(play, 10_000, seed=2)
