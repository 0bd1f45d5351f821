"""The shop's pages, as a browser asks for them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

import httpx
import pytest_asyncio

from hansa.modules import accounts, orders, parties, pricing, search
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.http import Site, application
from tests.support.shop import Shop, a_shop, put_stock, set_price

PASSWORD = "a long enough word 7"
DETAILS = {
    "recipient_name": "Анна Берёзова",
    "phone": "+7 916 555-01-11",
    "email": "anna@example.com",
    "delivery_method": "courier",
    "address.city": "Москва",
    "address.street": "Лесная",
    "address.house": "5",
    "payment_method": "cash",
    "accepts_terms": "1",
}


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database, now: datetime) -> Shop:
    async with committing.transaction() as tx:
        made = await a_shop(tx, now=now, on_hand=3)
    await search.rebuild(committing, now=now)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    settings: Settings, committing: Database, clock: FixedClock, shop: Shop
) -> AsyncIterator[Site]:
    del shop
    async with application(settings, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client(keyed=False) as client:
        yield client


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None, page.text[:500]
    return found[1]


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, name
    return found[1]


async def address_of_product(browser: httpx.AsyncClient) -> str:
    listing = await browser.get("/ru/search")
    found = re.search(r'href="(/ru/p/[^"?]+)"', listing.text)
    assert found is not None, listing.text[:2000]
    return found[1]


async def put_into_basket(browser: httpx.AsyncClient, shop: Shop) -> httpx.Response:
    page = await browser.get(await address_of_product(browser))
    return await browser.post(
        "/ru/basket/lines",
        data={"csrf_token": token_of(page), "variant_id": str(shop.variant)},
        follow_redirects=True,
    )


async def test_the_bare_address_leads_to_the_visitors_language(browser: httpx.AsyncClient) -> None:
    english = await browser.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    russian = await browser.get("/", headers={"Accept-Language": "ru"})

    assert english.headers["location"] == "/en/"
    assert russian.headers["location"] == "/ru/"


async def test_every_page_without_an_account_opens_in_both_languages(
    browser: httpx.AsyncClient,
) -> None:
    paths = ("/", "/search", "/basket", "/checkout", "/sign-in", "/sign-up", "/forgotten",
             "/shops", "/delivery", "/suggest?q=a")  # fmt: skip
    for language in ("ru", "en"):
        for path in paths:
            page = await browser.get(f"/{language}{path}")
            assert page.status_code == 200, (language, path, page.text[:300])
    for path in ("/robots.txt", "/sitemap.xml", "/manifest.webmanifest"):
        assert (await browser.get(path)).status_code == 200


async def test_an_unknown_address_tells_a_person_what_to_do(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/ru/p/there-is-no-such-thing", headers={"Accept": "text/html"})

    assert page.status_code == 404
    assert "<h1" in page.text
    assert 'href="/' in page.text


async def test_a_guest_buys_and_the_order_page_needs_no_sign_in(
    browser: httpx.AsyncClient, shop: Shop, site: Site
) -> None:
    basket = await put_into_basket(browser, shop)
    assert "1\u00a0990" in basket.text
    checkout = await browser.get("/ru/checkout")

    placed = await browser.post(
        "/ru/checkout",
        data={
            **DETAILS,
            "csrf_token": token_of(checkout),
            "attempt": hidden(checkout, "attempt"),
            "expected_total": hidden(checkout, "expected_total"),
        },
    )

    assert placed.status_code == 303, placed.text[:3000]
    address = placed.headers["location"]
    async with site.client(keyed=False) as stranger:
        order = await stranger.get(address)
    assert order.status_code == 200
    assert "Анна Берёзова" in order.text
    assert "Спасибо" in order.text


async def test_the_same_form_sent_twice_makes_one_order(
    browser: httpx.AsyncClient, shop: Shop, committing: Database
) -> None:
    await put_into_basket(browser, shop)
    checkout = await browser.get("/ru/checkout")
    form = {
        **DETAILS,
        "csrf_token": token_of(checkout),
        "attempt": hidden(checkout, "attempt"),
        "expected_total": hidden(checkout, "expected_total"),
    }

    first = await browser.post("/ru/checkout", data=form)
    second = await browser.post("/ru/checkout", data=form)

    assert first.headers["location"] == second.headers["location"]
    async with committing.snapshot() as snap:
        assert len(await orders.list_orders(snap)) == 1


async def test_a_form_that_lacks_something_says_what_and_keeps_what_was_typed(
    browser: httpx.AsyncClient, shop: Shop, committing: Database
) -> None:
    await put_into_basket(browser, shop)
    checkout = await browser.get("/ru/checkout")

    answer = await browser.post(
        "/ru/checkout",
        data={
            "csrf_token": token_of(checkout),
            "attempt": hidden(checkout, "attempt"),
            "recipient_name": "Анна Берёзова",
            "phone": "12",
            "delivery_method": "courier",
            "payment_method": "cash",
        },
    )

    assert answer.status_code == 422
    assert 'value="Анна Берёзова"' in answer.text
    assert 'value="12"' in answer.text
    assert 'id="field-phone-error"' in answer.text
    assert 'id="field-address.city-error"' in answer.text
    async with committing.snapshot() as snap:
        assert await orders.list_orders(snap) == []


async def test_a_form_without_its_token_changes_nothing(
    browser: httpx.AsyncClient, shop: Shop
) -> None:
    await browser.get("/ru/")

    answer = await browser.post("/ru/basket/lines", data={"variant_id": str(shop.variant)})

    assert answer.status_code == 403
    assert str(shop.variant) not in (await browser.get("/ru/basket")).text


async def test_whoever_comes_too_late_is_told_and_keeps_the_basket(
    browser: httpx.AsyncClient, shop: Shop, committing: Database, now: datetime
) -> None:
    await put_into_basket(browser, shop)
    checkout = await browser.get("/ru/checkout")
    async with committing.transaction() as tx:
        for place in (shop.central, shop.corner):
            await put_stock(tx, place, shop.variant, 0, now=now)

    answer = await browser.post(
        "/ru/checkout",
        data={
            **DETAILS,
            "csrf_token": token_of(checkout),
            "attempt": hidden(checkout, "attempt"),
            "expected_total": hidden(checkout, "expected_total"),
        },
    )

    assert answer.status_code == 422
    assert "осталось 0, вы хотели 1" in answer.text
    assert str(shop.variant) in (await browser.get("/ru/basket")).text


async def test_a_price_that_rose_meanwhile_must_be_confirmed(
    browser: httpx.AsyncClient, shop: Shop, committing: Database, now: datetime
) -> None:
    await put_into_basket(browser, shop)
    checkout = await browser.get("/ru/checkout")
    form = {
        **DETAILS,
        "csrf_token": token_of(checkout),
        "attempt": hidden(checkout, "attempt"),
        "expected_total": hidden(checkout, "expected_total"),
    }
    async with committing.transaction() as tx:
        await set_price(tx, shop, shop.variant, "2500", now=now)

    refused = await browser.post("/ru/checkout", data=form)
    confirmed = await browser.post(
        "/ru/checkout",
        data={**form, "expected_total": hidden(refused, "expected_total")},
    )

    assert refused.status_code == 422
    assert "2\u00a0500" in refused.text
    assert confirmed.status_code == 303


async def test_the_basket_of_a_guest_comes_along_at_sign_in_and_gets_own_prices(
    browser: httpx.AsyncClient, shop: Shop, committing: Database, now: datetime
) -> None:
    await _partner(committing, shop, now)
    await put_into_basket(browser, shop)
    form = await browser.get("/ru/sign-in")

    signed = await browser.post(
        "/ru/sign-in",
        data={
            "csrf_token": token_of(form),
            "email": "partner@example.com",
            "password": PASSWORD,
            "next": "/ru/basket",
        },
        follow_redirects=True,
    )

    assert signed.status_code == 200
    assert str(shop.variant) in signed.text
    assert "1\u00a0500" in signed.text
    assert "ваша цена" in signed.text


async def test_a_wrong_password_is_told_without_saying_which_half_is_wrong(
    browser: httpx.AsyncClient, shop: Shop, committing: Database, now: datetime
) -> None:
    await _partner(committing, shop, now)
    form = await browser.get("/ru/sign-in")
    answers = [
        await browser.post(
            "/ru/sign-in",
            data={"csrf_token": token_of(form), "email": email, "password": "wrong"},
        )
        for email in ("partner@example.com", "nobody@example.com")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    alerts = [re.search(r'role="alert".*?</div></div>', one.text, re.DOTALL) for one in answers]
    assert alerts[0] is not None
    assert alerts[1] is not None
    assert alerts[0][0] == alerts[1][0]


async def test_a_new_account_keeps_profile_and_addresses(browser: httpx.AsyncClient) -> None:
    form = await browser.get("/ru/sign-up")
    made = await browser.post(
        "/ru/sign-up",
        data={
            "csrf_token": token_of(form),
            "name": "Анна Берёзова",
            "email": "anna@example.com",
            "password": PASSWORD,
            "terms": "1",
        },
        follow_redirects=True,
    )
    assert "Анна Берёзова" in made.text
    profile = await browser.get("/ru/account/profile")

    saved = await browser.post(
        "/ru/account/profile",
        data={
            "csrf_token": token_of(profile),
            "given_name": "Анна",
            "family_name": "Липова",
            "phone": "+7 916 555-01-11",
            "news": "1",
        },
    )
    added = await browser.post(
        "/ru/account/addresses",
        data={
            "csrf_token": token_of(saved),
            "city": "Москва",
            "street": "Лесная",
            "house": "5",
        },
        follow_redirects=True,
    )

    assert 'value="Липова"' in saved.text
    assert 'value="+79165550111"' in saved.text
    assert "Москва, Лесная, 5" in added.text


async def test_strangers_are_led_to_the_sign_in(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/ru/account/orders", headers={"Accept": "text/html"})

    assert page.status_code in {302, 303, 401}
    assert "/ru/sign-in" in page.headers.get("location", page.text)


async def test_preferences_only_lead_to_pages_of_the_shop(browser: httpx.AsyncClient) -> None:
    home = await browser.get("/ru/")

    answer = await browser.post(
        "/ru/preferences",
        data={"csrf_token": token_of(home), "market": "ru", "next": "//evil.example/"},
    )

    assert answer.headers["location"] == "/ru/"


async def test_hostile_queries_of_a_listing_are_answered_calmly(
    browser: httpx.AsyncClient,
) -> None:
    for query in (
        "price_from=-1&price_to=999999999999999999999",
        "sort=drop&page=AAAA",
        "size=" + "x" * 5000,
        "&".join(f"a{number}=1" for number in range(60)),
        "q=" + "%25" * 500,
    ):
        page = await browser.get(f"/ru/search?{query}")
        assert page.status_code in {200, 400, 404}, (query[:60], page.status_code)


async def _partner(database: Database, shop: Shop, now: datetime) -> None:
    async with database.transaction() as tx:
        party_id = await parties.match_or_create(
            tx, party=parties.NewParty(given_name="Пётр"), identifiers=[], now=now
        )
        await accounts.create_user(
            tx,
            email="partner@example.com",
            password=PASSWORD,
            kind="shopper",
            party_id=party_id,
            name="Пётр Дубов",
            now=now,
        )
        partners = pricing.CustomerGroup(code="partners", name={"ru": "Партнёры"})
        await pricing.save_groups(tx, groups=[partners], now=now)
        own = pricing.PriceList(
            id=shop.central,
            code="partners",
            name={"ru": "Партнёры"},
            market="ru",
            currency="RUB",
            customer_group="partners",
        )
        await pricing.save_price_lists(tx, price_lists=[own], now=now)
        price = pricing.Price(price_list_id=own.id, variant_id=shop.variant, amount=Decimal(1500))
        await pricing.set_prices(tx, prices=[price], now=now)
        await pricing.set_group(tx, party_id=party_id, group="partners", now=now)


async def test_a_price_that_has_just_become_ones_own_is_shown_and_paid_alike(
    browser: httpx.AsyncClient, shop: Shop, committing: Database, now: datetime
) -> None:
    await put_into_basket(browser, shop)  # the prices of strangers are in the memory of pages now
    await _partner(committing, shop, now)
    form = await browser.get("/ru/sign-in")
    await browser.post(
        "/ru/sign-in",
        data={"csrf_token": token_of(form), "email": "partner@example.com", "password": PASSWORD},
    )
    checkout = await browser.get("/ru/checkout")

    placed = await browser.post(
        "/ru/checkout",
        data={
            **DETAILS,
            "csrf_token": token_of(checkout),
            "attempt": hidden(checkout, "attempt"),
            "expected_total": hidden(checkout, "expected_total"),
        },
    )

    assert "1\u00a0500" in checkout.text
    assert placed.status_code == 303, placed.text[:2000]
