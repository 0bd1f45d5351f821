"""What the pages of the app say, and what they cost."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from hansa.modules import notifications
from hansa.modules.loyalty import members, points
from tests.support.loyalty import a_member, phone
from tests.support.loyalty_app import buy, earn, give_back
from tests.surfaces.loyalty_app.conftest import House, hidden

# Whose session it is, the member with its memberships (three), the balance (two), what is on of
# offers and what was done, whomever the member was merged with (six); then the last postings.
HOME_STATEMENTS = 12
# The same but for offers; a page of entries and open holds.
HISTORY_STATEMENTS = 6


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the statements this test's own requests send; what runs beside them does not count."""
    seen: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        if task.get_name() == "member":
            seen.append(str(query))
        return await execute(self, query, *given, **named)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", noted)
    return seen


def select(statements: list[str]) -> list[str]:
    return [one for one in statements if "select" in one or "insert" in one or "update" in one]


@pytest.mark.parametrize(
    ("path", "most"), [("", HOME_STATEMENTS), ("/history", HISTORY_STATEMENTS)]
)
async def test_pages_cost_the_same_however_much_happened(
    house: House, statements: list[str], path: str, most: int
) -> None:
    tab = await house.of_anna()
    task = asyncio.create_task(tab.open(path), name="member")
    assert (await task).status_code == 200
    few = len(select(statements))

    for number in range(20):
        await buy(
            house.site.context,
            house.laid,
            house.anna.id,
            1000,
            receipt=f"R{number}",
            now=house.clock.now(),
        )
    statements.clear()
    assert (await asyncio.create_task(tab.open(path), name="member")).status_code == 200

    assert few == len(select(statements)) <= most, select(statements)


async def test_home_tells_what_waits_what_expires_and_why(house: House) -> None:
    tab = await house.of_anna()
    await tab.open("/offers")
    switched = await tab.send(f"/offers/{house.laid.offers['coffee']}/on")
    assert switched.status_code == 303
    house.clock.advance(timedelta(minutes=1))
    await buy(
        house.site.context, house.laid, house.anna.id, 20_000, receipt="A1", now=house.clock.now()
    )
    house.clock.advance(timedelta(days=3))

    page = await tab.open("")

    assert "514" in page.text
    assert "Кофе к булочке" in page.text
    assert re.search(r"кешбэк.{0,60}10\xa0%", page.text, re.DOTALL)
    assert "сгорят с" in page.text


async def test_a_line_of_the_history_opens_its_receipt_with_reasons(house: House) -> None:
    tab = await house.of_anna()
    await buy(
        house.site.context, house.laid, house.anna.id, 50_000, receipt="A7", now=house.clock.now()
    )
    await give_back(house.site.context, house.laid, receipt="A7", now=house.clock.now())

    page = await tab.open("/history")
    earned = await tab.open("/history?kind=earned")
    spent = await tab.open("/history?kind=spent")

    assert "−35" in page.text
    assert "−35" not in earned.text
    assert "+35" not in spent.text
    line = re.search(r'class="line" href="/ru/loyalty(/history/[^"]+)"', earned.text)
    assert line is not None
    opened = await tab.open(line[1])
    assert "Чек A7" in opened.text
    assert "Хлеб ржаной" in opened.text
    assert "возвращено" in opened.text


async def test_a_receipt_says_why_it_earned_what_it_did(house: House) -> None:
    tab = await house.of_anna()
    told = await buy(
        house.site.context, house.laid, house.anna.id, 50_000, receipt="A8", now=house.clock.now()
    )

    page = await tab.open(f"/history/{told.posting_id}")

    assert "+35" in page.text
    assert "всегда 7 %" in page.text


async def test_the_history_goes_on_page_by_page(house: House) -> None:
    tab = await house.of_anna()
    for number in range(40):
        await earn(
            house.site.context,
            house.laid,
            house.anna.id,
            number + 1,
            key=f"e{number}",
            now=house.clock.now(),
        )

    first = await tab.open("/history")
    after = re.search(r'href="/ru/loyalty(/history\?before=\d+)"', first.text)
    assert after is not None
    second = await tab.open(after[1])

    lines = [re.findall(r'class="line" href="([^"]+)"', one.text) for one in (first, second)]
    assert [len(one) for one in lines] == [30, 11]
    assert len({*lines[0], *lines[1]}) == 41


async def test_others_lines_orders_and_cards_stay_theirs(house: House) -> None:
    async with house.database.transaction() as tx:
        boris = await a_member(
            tx, house.laid.programme, now=house.clock.now(), phone=phone(4_000_002)
        )
    await earn(house.site.context, house.laid, boris.id, 900, key="b", now=house.clock.now())
    tab, other = await house.of_anna(), await house.tab()
    await other.sign_in(phone(4_000_002))
    line = re.search(r"(/history/[0-9a-f-]{36})", (await other.open("/history")).text)
    await other.open(f"/rewards/{house.laid.rewards['mug']}")
    made = await other.send(f"/rewards/{house.laid.rewards['mug']}/order", order=str(uuid4()))
    order = made.headers["location"].removeprefix("/ru/loyalty").partition("?")[0]

    assert line is not None
    assert (await other.open(order)).status_code == 200
    assert (await tab.open(line[1])).status_code == 404
    assert (await tab.open(order)).status_code == 404
    await tab.open("/settings")
    assert (await tab.send(f"{order}/cancel")).status_code == 404


async def test_an_offer_is_switched_on_and_off_with_its_card_for_answer(house: House) -> None:
    tab = await house.of_anna()
    page = await tab.open("/offers")
    token = hidden(page, "csrf_token")
    address = f"/ru/loyalty/offers/{house.laid.offers['coffee']}"
    headers = {"HX-Request": "true", "X-CSRF-Token": token}

    on = await tab.http.post(f"{address}/on", headers=headers)
    off = await tab.http.post(f"{address}/off", headers=headers)

    assert 'aria-checked="true"' in on.text
    assert f"{address}/off" in on.headers["hx-trigger"]
    assert 'aria-checked="false"' in off.text
    assert "/offers?view=on" in (await tab.open("/offers")).text


async def test_the_tabs_of_the_lists_count_anew_when_an_offer_is_switched(house: House) -> None:
    def counts_of(text: str) -> dict[str, str]:
        found = re.findall(r'class="tab-count" id="offers-(\w+)"[^>]*>(\d+)<', text)
        return dict(found)

    tab = await house.of_anna()
    page = await tab.open("/offers")
    address = f"/ru/loyalty/offers/{house.laid.offers['coffee']}"
    headers = {"HX-Request": "true", "X-CSRF-Token": hidden(page, "csrf_token")}
    beside = {**headers, "HX-Current-URL": "http://hansa.test/ru/loyalty/offers?view=on"}

    on = await tab.http.post(f"{address}/on", headers=beside)
    shown = await tab.open("/offers")
    elsewhere = await tab.http.post(
        f"{address}/off", headers={**headers, "HX-Current-URL": "http://hansa.test/ru/loyalty"}
    )

    before = counts_of(page.text)
    assert int(counts_of(on.text)["on"]) == int(before["on"]) + 1
    assert int(counts_of(on.text)["available"]) == int(before["available"]) - 1
    assert on.text.count('hx-swap-oob="true"') == len(before)
    assert counts_of(shown.text) == counts_of(on.text)
    assert "tab-count" not in elsewhere.text


async def test_an_offer_of_nobody_is_not_found(house: House) -> None:
    tab = await house.of_anna()

    assert (await tab.open(f"/offers/{uuid4()}")).status_code == 404


async def test_a_reward_is_taken_and_taken_back(house: House) -> None:
    tab = await house.of_anna()
    mug = house.laid.rewards["mug"]
    tab.page = page = await tab.open(f"/rewards/{mug}")
    order = hidden(page, "order")

    made = await tab.send(f"/rewards/{mug}/order", order=order)
    again = await tab.send(f"/rewards/{mug}/order", order=order)
    shown = await tab.open(f"/orders/{order}")
    cancelled = await tab.send(f"/orders/{order}/cancel")

    assert made.headers["location"] == again.headers["location"]
    assert "Теперь это ваше" in shown.text
    assert cancelled.status_code == 303
    assert "Возвращено на счёт" in (await tab.open(f"/orders/{order}")).text
    assert "500" in (await tab.open("")).text


async def test_the_code_of_a_certificate_is_shown_when_asked_for(house: House) -> None:
    tab = await house.of_anna()
    cinema = house.laid.rewards["cinema"]
    tab.page = page = await tab.open(f"/rewards/{cinema}")
    order = hidden(page, "order")
    await tab.send(f"/rewards/{cinema}/order", order=order)
    tab.page = before = await tab.open(f"/orders/{order}")

    shown = await tab.send(f"/orders/{order}/code")
    refused = await tab.send(f"/orders/{order}/cancel")

    assert "CINEMA-" not in before.text
    assert re.search(r"CINEMA-000\d", shown.text)
    assert refused.status_code == 422


async def test_too_few_points_are_said_before_and_at_the_order(house: House) -> None:
    tab = await house.of_anna()
    weekend = house.laid.rewards["weekend"]
    tab.page = page = await tab.open(f"/rewards/{weekend}")

    refused = await tab.send(f"/rewards/{weekend}/order", order=hidden(page, "order"))

    assert "8500" in page.text
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text


async def test_a_donation_of_a_chosen_amount_is_thanked(house: House) -> None:
    tab = await house.of_anna()
    trees = house.laid.rewards["trees"]
    tab.page = page = await tab.open(f"/rewards/{trees}")

    made = await tab.send(f"/rewards/{trees}/order", order=hidden(page, "order"), points="100")

    where = made.headers["location"].removeprefix("/ru/loyalty")
    assert "Спасибо!" in (await tab.open(where)).text


async def test_the_card_shows_a_code_a_till_can_read_and_a_number(house: House) -> None:
    tab = await house.of_anna()

    page = await tab.open("/card")
    fresh = (await tab.open("/card/code")).json()

    assert page.text.count("<svg") > 2
    assert fresh["code"].startswith("<svg")
    assert fresh["expires"] > house.clock.now().isoformat()
    assert re.search(r'class="pass-number[^>]*aria-label="[^"]*\d{16}"', page.text)
    assert "x-hansa-member" in page.headers


async def test_settings_are_kept(house: House) -> None:
    tab = await house.of_anna()
    await tab.open("/settings")

    await tab.send("/settings/consents", **{members.PUSH: "1"})
    await tab.send("/settings/notices", transactional="1")

    async with house.database.snapshot() as snap:
        consents = await members.list_consents(snap, member_id=house.anna.id)
        declined = await notifications.list_preferences(snap, member_ids=[house.anna.id])
    granted = {one.purpose for one in consents if one.is_granted}
    assert granted == {members.RULES, notifications.CONSENT_PURPOSE}
    kind, channel = notifications.Kind, notifications.ChannelName
    assert (kind.OFFERS, channel.WEBPUSH) in declined[house.anna.id]
    assert (kind.TRANSACTIONAL, channel.WEBPUSH) not in declined[house.anna.id]


async def test_cards_are_added_and_lost(house: House) -> None:
    async with house.database.transaction() as tx:
        [printed] = await members.print_cards(
            tx, programme=house.laid.programme, count=1, now=house.clock.now()
        )
    tab = await house.of_anna()
    await tab.open("/settings")

    wrong = await tab.send("/settings/cards", number="1234")
    added = await tab.send("/settings/cards", number=printed)
    page = await tab.open("/settings")
    card = re.search(r"/settings/cards/([0-9a-f-]{36})/lost", page.text)
    assert card is not None
    await tab.send(f"/settings/cards/{card[1]}/lost")

    assert wrong.status_code == 422
    assert "field-number-error" in wrong.text
    assert added.status_code == 303
    assert page.text.count("/lost") == 2
    assert (await tab.open("/settings")).text.count("/lost") == 1


async def test_a_partner_is_parted_from(house: House) -> None:
    async with house.database.transaction() as tx:
        await members.link_partner(
            tx,
            member_id=house.anna.id,
            partner=house.laid.fuel,
            partner_ref="F-1",
            proof=members.VOUCHED,
            consent=members.ConsentGiven(document="link", version="1"),
            now=house.clock.now(),
        )
    tab = await house.of_anna()
    page = await tab.open("/settings")

    await tab.send(f"/settings/links/{house.laid.fuel.id}/end")

    assert f"/settings/links/{house.laid.fuel.id}/end" in page.text
    async with house.database.snapshot() as snap:
        assert await members.list_links(snap, member_id=house.anna.id) == ()


async def test_a_browser_subscribes_and_ends_it(house: House) -> None:
    tab = await house.of_anna()
    token = hidden(await tab.open("/settings"), "csrf_token")
    key = (await tab.open("/push/key")).json()["key"]
    subscription = {
        "endpoint": "https://push.example/abc",
        "key_public": key,
        "key_auth": "AAAAAAAAAAAAAAAAAAAAAA",
        "time_zone": "Europe/Moscow",
    }

    async def call(path: str, body: dict[str, str], **headers: str) -> httpx.Response:
        return await tab.http.post(f"/ru/loyalty{path}", json=body, headers=headers)

    bare = await call("/push/subscription", subscription)
    kept = await call("/push/subscription", subscription, **{"X-CSRF-Token": token})
    async with house.database.snapshot() as snap:
        known = await notifications.list_devices(snap, member_ids=[house.anna.id])
    ended = await call(
        "/push/end", {"endpoint": subscription["endpoint"]}, **{"X-CSRF-Token": token}
    )

    assert bare.status_code == 403
    assert (kept.status_code, ended.status_code) == (204, 204)
    assert [one.language for one in known[house.anna.id]] == ["ru"]
    async with house.database.snapshot() as snap:
        assert await notifications.list_devices(snap, member_ids=[house.anna.id]) == {}


async def test_ones_data_can_be_taken_along(house: House) -> None:
    tab = await house.of_anna()

    file = await tab.open("/my-data.json")

    assert file.headers["content-disposition"].startswith("attachment")
    told = file.json()
    assert told["member"]["id"] == str(house.anna.id)
    assert [one["amount"] for one in told["history"]] == [500]
    assert len(told["cards"]) == 1


async def test_leaving_asks_for_the_points_and_ends_every_session(house: House) -> None:
    tab, other = await house.of_anna(), await house.of_anna()
    await tab.open("/settings")

    refused = await tab.send("/settings/leave")
    left = await tab.send("/settings/leave", forfeit="1")

    assert refused.status_code == 422
    assert left.headers["location"] == "/ru/loyalty/signed-out"
    assert (await other.open("")).status_code == 303


async def test_worker_and_manifest_fit_their_language(house: House) -> None:
    tab = await house.tab()

    worker = await tab.open("/worker.js")
    manifest = (await tab.open("/manifest.webmanifest")).json()

    assert worker.headers["service-worker-allowed"] == "/ru/loyalty"
    assert worker.headers["content-type"].startswith("text/javascript")
    assert '"root":"/ru/loyalty"' in worker.text
    assert manifest["scope"] == "/ru/loyalty"
    for icon in manifest["icons"]:
        assert (await tab.http.get(icon["src"])).headers["content-type"] == "image/png"
    for address in re.findall(r'"(/static/[^"]+)"', worker.text):
        assert (await tab.http.get(address)).status_code == 200


@pytest.mark.parametrize("path", ["/welcome", "/sign-in", "/offline", "/rules", "/signed-out"])
async def test_pages_of_nobody_are_not_kept_as_a_members(house: House, path: str) -> None:
    tab = await house.tab()

    page = await tab.open(path)

    assert page.status_code == 200
    assert "x-hansa-member" not in page.headers
    assert "data-member" not in page.text


async def test_a_purchase_is_held_and_told(house: House) -> None:
    now = house.clock.now()
    await house.site.context.service(points.Poster).submit(
        points.HoldPoints(
            owner=house.laid.fuel.id,
            key="hold",
            programme_id=house.laid.programme.id,
            happened_at=now,
            member=members.MemberRef(members.RefKind.ID, str(house.anna.id)),
            points=40,
            expires_at=now + timedelta(hours=1),
        )
    )
    tab = await house.of_anna()

    home, history = await tab.open(""), await tab.open("/history")

    assert "460" in home.text
    assert "отложено 40" in home.text
    assert "Трасса" in history.text
