"""What happened to a member, told in any order and twice, ends in one state.

Exceptions, by design: what is spent or held is decided when it is asked for; with `write_off` a
partner bears what is missing at that moment; of a limited budget whoever comes first has it.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from hansa.modules.loyalty import members
from tests.support.loyalty import a_member

AT_ONCE = 25


def events_of(chance: random.Random, case: str) -> list[dict]:
    """Some receipts of one to three lines, part returns that fit, whole returns; hours apart."""
    events: list[dict] = []
    for number in range(chance.randint(2, 3)):
        receipt = f"{case}-{number}"
        lines = [chance.randrange(0, 50_000) for _ in range(chance.randint(1, 3))]
        bought = chance.randrange(0, 100)
        events.append({"kind": "buy", "receipt": receipt, "lines": lines, "hours": bought})
        left = list(lines)
        for _ in range(chance.randint(0, 2)):
            line = chance.randrange(len(lines))
            amount = chance.randint(0, left[line])
            if amount:
                left[line] -= amount
                back = {"line": line + 1, "amount": amount, "hours": bought + 1}
                events.append({"kind": "return", "receipt": receipt, **back})
    if chance.random() < 0.5:
        events.append({"kind": "accrue", "points": chance.randint(1, 50), "hours": 5})
    return [{**one, "key": f"{case}-{number}"} for number, one in enumerate(events)]


def expected(events: list[dict]) -> int:
    """What it must come to: ten per cent of what is left of each receipt, rounded down."""
    left: dict[str, int] = {}
    given = 0
    for one in events:
        if one["kind"] == "accrue":
            given += one["points"]
        elif one["kind"] == "buy":
            left[one["receipt"]] = left.get(one["receipt"], 0) + sum(one["lines"])
        else:
            left[one["receipt"]] = left.get(one["receipt"], 0) - one["amount"]
    return given + sum(amount // 1000 for amount in left.values())


async def tell(play, ref, start, event: dict) -> None:
    said = {"key": event["key"], "happened_at": start + timedelta(hours=event["hours"])}
    if event["kind"] == "buy":
        await play.buy(event["receipt"], *event["lines"], member=ref, **said)
    elif event["kind"] == "return":
        await play.bring_back(event["receipt"], (event["line"], event["amount"]), **said)
    else:
        await play.accrue(event["points"], member=ref, **said)


async def run_cases(play, number: int, seed: int) -> None:
    chance = random.Random(seed)
    start = play.clock.now() - timedelta(days=20)
    cases = [(f"c{at}", random.Random(chance.random())) for at in range(number)]

    async def run(name: str, luck: random.Random) -> None:
        async with play.context.database.transaction() as tx:
            member = await a_member(tx, play.programme, now=play.clock.now())
        ref = members.MemberRef(members.RefKind.ID, str(member.id))
        events = events_of(luck, name)
        told = events + [luck.choice(events) for _ in range(len(events))]
        luck.shuffle(told)
        for event in told:
            await tell(play, ref, start, event)
        balance = await play.balance(member)
        assert (balance.posted, balance.owed) == (expected(events), 0), (name, told)

    for at in range(0, number, AT_ONCE):
        await asyncio.gather(*(run(*case) for case in cases[at : at + AT_ONCE]))
    assert await play.findings() == []


async def test_three_hundred_shuffled_stories_end_alike(play) -> None:
    await run_cases(play, 300, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_ten_thousand_shuffled_stories_end_alike(play) -> None:
    await run_cases(play, 10_000, seed=2)
