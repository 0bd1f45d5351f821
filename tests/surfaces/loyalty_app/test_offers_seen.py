"""An offer displayed in the app counts as seen: once per member, offer and day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers.jobs import ForgetDisplays, run_forget_displays
from tests.surfaces.loyalty_app.conftest import House


async def seen(house: House, offer_id: UUID) -> int:
    """Write what was noted and give how often an offer was seen."""
    await house.site.context.service(offers.Showings).write()
    since = house.clock.now().date() - timedelta(days=30)
    async with house.database.snapshot() as snap:
        found = await offers.read_results(snap, offer_ids=[offer_id], since=since)
    return found[offer_id].shown if offer_id in found else 0


async def kept(house: House) -> int:
    async with house.database.snapshot() as snap:
        return int(await snap.scalar("select count(*) from loyalty_offer_shown"))


async def test_an_offer_counts_once_a_day_however_often_it_is_displayed(house: House) -> None:
    offer_id = next(iter(house.laid.offers.values()))
    tab = await house.of_anna()
    before = await seen(house, offer_id)
    for path in ("/offers", f"/offers/{offer_id}", "/offers", ""):
        await tab.open(path)
    today = await seen(house, offer_id)
    await tab.open(f"/offers/{offer_id}")
    again = await seen(house, offer_id)
    house.clock.advance(timedelta(days=1))
    await tab.open(f"/offers/{offer_id}")
    tomorrow = await seen(house, offer_id)

    assert (before, today, again, tomorrow) == (0, 1, 1, 2)


async def test_another_process_that_shows_the_same_adds_nothing(house: House) -> None:
    offer_id = next(iter(house.laid.offers.values()))
    tab = await house.of_anna()
    await tab.open(f"/offers/{offer_id}")
    await seen(house, offer_id)
    other = offers.Showings(house.site.context)
    other.note(member_id=house.anna.id, offer_ids=[offer_id], now=house.clock.now())

    assert await other.write() == 0
    assert await seen(house, offer_id) == 1


async def test_what_was_noted_is_written_when_the_process_ends(house: House) -> None:
    offer_id = next(iter(house.laid.offers.values()))
    ending = offers.Showings(house.site.context)
    await ending.start()
    ending.note(member_id=house.anna.id, offer_ids=[offer_id], now=house.clock.now())
    await ending.close()

    assert await kept(house) == 1
    assert await seen(house, offer_id) == 1


async def test_who_saw_what_is_forgotten_after_days_and_the_count_stays(house: House) -> None:
    offer_id = next(iter(house.laid.offers.values()))
    tab = await house.of_anna()
    await tab.open(f"/offers/{offer_id}")
    await seen(house, offer_id)
    house.clock.advance(timedelta(days=2))
    await run_forget_displays(house.site.context, ForgetDisplays())
    early = await kept(house)
    house.clock.advance(timedelta(days=1))
    await run_forget_displays(house.site.context, ForgetDisplays())

    assert early > 0
    assert await kept(house) == 0
    assert await seen(house, offer_id) == 1
