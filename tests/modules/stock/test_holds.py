"""Holding goods: all or nothing, once per key, in batches of a fixed number of statements."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from hansa.contracts.stock import StockChanged
from hansa.modules import stock
from hansa.modules.stock.reserver import Command, apply_holds
from hansa.runtime.database import Transaction
from tests.support.stock import a_chain, available, findings, hold, put


class Counting(Transaction):
    """Counts its statements."""

    __slots__ = ("statements",)

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx.connection)
        self.statements = 0

    async def all(self, sql, params=None):
        self.statements += 1
        return await super().all(sql, params)

    async def execute(self, sql, params=None):
        self.statements += 1
        return await super().execute(sql, params)


def wish(now, *lines, key=None, channel="ru", owner="test"):
    return stock.Hold(
        key=key or str(uuid4()),
        channel=channel,
        lines=tuple((variant, Decimal(quantity)) for variant, quantity in lines),
        expires_at=now + timedelta(minutes=15),
        owner=owner,
    )


async def test_a_basket_is_held_whole_or_not_at_all(tx, now):
    chain = await a_chain(tx, now=now)
    plenty, scarce, unknown = uuid4(), uuid4(), uuid4()
    await put(tx, chain.central, plenty, 10, as_of=now)
    await put(tx, chain.central, scarce, 1, as_of=now)

    refused = await hold(tx, [(plenty, 1), (scarce, 2), (unknown, 1)], now=now)

    assert isinstance(refused, stock.OutOfStock)
    assert set(refused.short) == {(scarce, 2, 1), (unknown, 1, 0)}
    assert await available(tx, plenty) == 10
    assert await findings(tx) == []


async def test_lines_of_one_item_are_added_up_before_the_check(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 3, as_of=now)

    refused = await hold(tx, [(variant, 2), (variant, 2)], now=now)
    granted = await hold(tx, [(variant, 2), (variant, 1)], now=now)

    assert isinstance(refused, stock.OutOfStock)
    assert refused.short == ((variant, 4, 3),)
    assert isinstance(granted, stock.Reservation)
    assert granted.lines == ((variant, 3),)


async def test_the_same_key_gives_the_first_answer_again_also_the_refusal(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 1, as_of=now)
    first = await hold(tx, [(variant, 1)], key="a", now=now)
    refusal = await hold(tx, [(variant, 1)], key="b", now=now)

    await put(tx, chain.central, variant, 100, as_of=now + timedelta(minutes=1))

    assert await hold(tx, [(variant, 1)], key="a", now=now) == first
    again = await hold(tx, [(variant, 1)], key="b", now=now)
    assert isinstance(again, stock.OutOfStock)
    assert isinstance(refusal, stock.OutOfStock)
    assert again.short == refusal.short
    assert await available(tx, variant) == 99
    other = await hold(tx, [(variant, 2)], key="a", now=now)
    assert isinstance(other, stock.HoldKeyReused)


async def test_a_key_twice_in_one_batch_is_one_hold(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)
    commands = [
        Command(wish(now, (variant, 1), key="a")),
        Command(wish(now, (variant, 1), key="a")),
        Command(wish(now, (variant, 3), key="a")),
    ]

    first, second, different = await apply_holds(tx, commands, now=now)

    assert first == second
    assert isinstance(different, stock.HoldKeyReused)
    assert await available(tx, variant) == 4


async def test_a_batch_takes_the_same_few_statements_whatever_its_size(tx, now):
    chain = await a_chain(tx, now=now)
    variants = [uuid4() for _ in range(20)]
    for variant in variants:
        await put(tx, chain.central, variant, 100, as_of=now)
    one, many = Counting(tx), Counting(tx)

    await apply_holds(one, [Command(wish(now, (variants[0], 1)))], now=now)
    batch = [Command(wish(now, *((variant, 1) for variant in variants))) for _ in range(50)]
    await apply_holds(many, batch, now=now)

    assert one.statements == many.statements == 4
    assert [await available(tx, variant) for variant in variants] == [49] + [50] * 19
    assert await findings(tx) == []


async def test_within_a_batch_the_first_come_is_the_first_served(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 3, as_of=now)
    commands = [Command(wish(now, (variant, quantity))) for quantity in (2, 2, 1, 1)]

    answers = await apply_holds(tx, commands, now=now)

    assert [isinstance(answer, stock.Reservation) for answer in answers] == [
        True,
        False,
        True,
        False,
    ]
    assert answers[1].short == ((variant, 2, 1),)


async def test_what_is_held_is_published_once_per_batch_for_every_channel_it_counts_in(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 3, as_of=now)
    await tx.execute("delete from outbox_event")

    await apply_holds(tx, [Command(wish(now, (variant, 1))) for _ in range(3)], now=now)

    rows = await tx.all("select type, payload from outbox_event")
    assert {row.type for row in rows} == {StockChanged.type}
    assert sorted(row.payload["channel"] for row in rows) == ["kz", "ru"]
    assert [row.payload["variant_ids"] for row in rows] == [[str(variant)]] * 2


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "0.0001", "NaN", "Infinity", "1e20"], ids=lambda text: text
)
async def test_a_quantity_must_be_one(now, quantity):
    with pytest.raises(stock.HoldInvalid):
        Command(wish(now, (uuid4(), quantity)))


async def test_a_hold_needs_lines_and_a_key(now):
    with pytest.raises(stock.HoldInvalid):
        Command(wish(now))
    with pytest.raises(stock.HoldInvalid):
        Command(wish(now, (uuid4(), 1), key="k" * 401))
