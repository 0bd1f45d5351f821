"""Markets: what may be saved, and the directory every page asks."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from hansa.modules import markets

RUSSIA = markets.Market(
    code="test-ru",
    name={"ru": "Россия", "en": "Russia"},
    currency="RUB",
    country="RU",
    languages=("ru", "en"),
    default_language="ru",
    tax_rate=Decimal("0.2"),
    prices_include_tax=True,
    phone_region="RU",
    time_zone="Europe/Moscow",
    legal_entity={"name": "ООО «Ганза»", "inn": "7707083893"},
    position=-2,
)
KAZAKHSTAN = replace(
    RUSSIA,
    code="test-kz",
    name={"ru": "Казахстан"},
    currency="KZT",
    country="KZ",
    phone_region="KZ",
    time_zone="Asia/Almaty",
    position=-1,
)


async def test_a_market_is_kept_as_saved_and_saving_it_again_changes_nothing(tx, now):
    await markets.save_market(tx, market=RUSSIA, by=None, now=now)
    events = await tx.scalar("select count(*) from outbox_event")

    await markets.save_market(tx, market=RUSSIA, by=None, now=now)

    assert await markets.get_market(tx, code="test-ru") == RUSSIA
    assert await tx.scalar("select count(*) from outbox_event") == events


async def test_a_market_can_change_but_not_its_currency(tx, now):
    await markets.save_market(tx, market=RUSSIA, by=None, now=now)

    await markets.save_market(tx, market=replace(RUSSIA, is_open=False), by=None, now=now)

    assert not (await markets.get_market(tx, code="test-ru")).is_open
    with pytest.raises(markets.CurrencyFixed):
        await markets.save_market(tx, market=replace(RUSSIA, currency="USD"), by=None, now=now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "RU"),
        ("currency", "rub"),
        ("country", "RUS"),
        ("phone_region", ""),
        ("languages", ()),
        ("default_language", "de"),
        ("tax_rate", Decimal(20)),
        ("tax_rate", Decimal("NaN")),
        ("time_zone", "Mars/Olympus"),
        ("name", {"ru": ""}),
    ],
)
async def test_a_market_with_a_wrong_field_is_refused_by_name(tx, now, field, value):
    with pytest.raises(markets.MarketInvalid) as refused:
        await markets.save_market(tx, market=replace(RUSSIA, **{field: value}), by=None, now=now)

    assert refused.value.field in {field, "default_language"}


async def test_an_unknown_market_is_not_found(tx):
    with pytest.raises(markets.MarketNotFound):
        await markets.get_market(tx, code="nowhere")


async def test_the_directory_knows_the_markets_in_order_and_the_first_open_one(committing, now):
    directory = markets.MarketDirectory(SimpleNamespace(database=committing))
    await directory.start()
    try:
        with pytest.raises(markets.NoMarket):
            directory.default()
        async with committing.transaction() as tx:
            for market in (KAZAKHSTAN, replace(RUSSIA, is_open=False)):
                await markets.save_market(tx, market=market, by=None, now=now)

        await directory.refresh()

        assert [market.code for market in directory.all()] == ["test-ru", "test-kz"]
        assert directory.default() == KAZAKHSTAN
        assert directory.open() == (KAZAKHSTAN,)
        assert directory.get("test-ru").currency == "RUB"
        with pytest.raises(markets.MarketNotFound):
            directory.get("nowhere")
    finally:
        await directory.close()
