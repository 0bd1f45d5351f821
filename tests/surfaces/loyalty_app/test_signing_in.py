"""Coming in by a code, being remembered, going out; and shells that hand over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hansa.modules import rollout
from hansa.modules.loyalty.members.signing_in import code_of
from tests.support.loyalty import phone
from tests.surfaces.loyalty_app.conftest import ANNA, House, hidden

API = "/loyalty/v1/app"


async def test_the_first_visit_is_welcomed_and_later_ones_lead_to_the_sign_in(house: House) -> None:
    tab = await house.tab()

    first = await tab.open("")
    second = await tab.open("")
    deep = await tab.open("/card")
    spent = await tab.open("/history?kind=spent")

    assert first.headers["location"] == "/ru/loyalty/welcome"
    assert second.headers["location"] == "/ru/loyalty/sign-in"
    assert deep.headers["location"] == "/ru/loyalty/sign-in?next=/ru/loyalty/card"
    assert spent.headers["location"].endswith("?next=/ru/loyalty/history%3Fkind%3Dspent")
    for step in ("1", "2", "3"):
        assert (
            "/ru/loyalty/sign-in" in (await tab.open(f"/welcome?step={step}")).text or step != "3"
        )


async def test_a_member_signs_in_by_a_code(house: House) -> None:
    tab = await house.tab()

    answer = await tab.sign_in(ANNA)

    assert answer.headers["location"] == "/ru/loyalty"
    cookie = next(one for one in answer.headers.get_list("set-cookie") if "hansa_member" in one)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = await tab.open("")
    assert page.status_code == 200
    assert "500" in page.text


async def test_whoever_is_new_joins_only_with_consent(house: House) -> None:
    tab, number = await house.tab(), phone(4_000_777)
    await tab.open("/sign-in")
    tab.page = asked = await tab.send("/sign-in", phone=number)
    challenge = hidden(asked, "challenge")
    tab.page = told = await tab.send(
        "/sign-in/code", phone=number, challenge=challenge, code=code_of(UUID(challenge))
    )
    assert "2026-11" in told.text
    assert "checked" not in told.text

    proof = hidden(told, "proof")
    tab.page = refused = await tab.send("/sign-in/join", phone=number, proof=proof)
    other = await tab.send("/sign-in/join", phone=ANNA, proof=proof, agrees="1")
    joined = await tab.send("/sign-in/join", phone=number, proof=proof, agrees="1")

    assert hidden(refused, "proof") == proof
    assert other.status_code == 422
    assert joined.headers["location"] == "/ru/loyalty"
    assert (await tab.open("/settings")).status_code == 200


async def test_a_wrong_code_counts_down_and_keeps_what_was_typed(house: House) -> None:
    tab = await house.tab()
    await tab.open("/sign-in")
    tab.page = asked = await tab.send("/sign-in", phone=ANNA)
    challenge = hidden(asked, "challenge")

    wrong = await tab.send("/sign-in/code", phone=ANNA, challenge=challenge, code="000000")

    assert wrong.status_code == 422
    assert "Осталось попыток: 4" in wrong.text
    assert hidden(wrong, "challenge") == challenge


@pytest.mark.parametrize("number", ["", "abc", "123"])
async def test_what_is_no_telephone_is_said_so(house: House, number: str) -> None:
    tab = await house.tab()
    await tab.open("/sign-in")

    answer = await tab.send("/sign-in", phone=number)

    assert answer.status_code == 422
    assert "field-phone-error" in answer.text


async def test_the_address_to_go_on_to_is_ours(house: House) -> None:
    tab = await house.tab()
    await tab.open("/sign-in")
    tab.page = asked = await tab.send("/sign-in", phone=ANNA, next="https://evil.example/x")
    challenge = hidden(asked, "challenge")

    answer = await tab.send(
        "/sign-in/code",
        phone=ANNA,
        challenge=challenge,
        code=code_of(UUID(challenge)),
        next="https://evil.example/x",
    )

    assert answer.headers["location"] == "/ru/loyalty"


async def test_forms_without_the_token_are_refused(house: House) -> None:
    tab = await house.of_anna()

    answer = await tab.http.post("/ru/loyalty/sign-out", data={})

    assert answer.status_code == 403
    assert (await tab.open("")).status_code == 200


async def test_signing_out_ends_the_session_whoever_kept_the_cookie(house: House) -> None:
    tab = await house.of_anna()
    await tab.open("")
    kept = tab.http.cookies["hansa_member"]

    await tab.send("/sign-out")

    thief = await house.tab(cookie=f"hansa_member={kept}")
    assert (await thief.open("/card")).status_code == 303
    assert (await tab.open("/card")).status_code == 303


async def test_another_device_can_be_signed_out(house: House) -> None:
    here, there = await house.of_anna(), await house.of_anna()
    page = await here.open("/settings")
    other = page.text.split("/settings/sessions/")[1][:36]

    await here.send(f"/settings/sessions/{other}/end")

    assert (await there.open("")).status_code == 303
    assert (await here.open("")).status_code == 200


async def test_a_member_for_whom_the_app_is_off_sees_a_friendly_page(house: House) -> None:
    async with house.database.transaction() as tx:
        await rollout.set_killed(
            tx,
            feature="loyalty.app",
            is_killed=True,
            known=["loyalty.app"],
            by=None,
            now=house.clock.now(),
        )
    await house.site.context.service(rollout.Rollout).refresh()
    tab = await house.of_anna()

    page = await tab.open("")

    assert page.status_code == 403
    assert "Скоро очередь дойдёт до вас" in page.text


class Shell:
    """A native shell: it signs in by the API and opens pages in a web view."""

    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self.house, self.http, self.key = house, http, ""

    async def sign_in(self, number: str, *, agrees: bool = False) -> httpx.Response:
        asked = await self.http.post(f"{API}/sign-ins", json={"phone": number})
        assert asked.status_code == 202, asked.text
        answer = await self.http.post(
            f"{API}/sign-ins/{asked.json()['id']}/answer",
            json={
                "phone": number,
                "code": code_of(UUID(asked.json()["id"])),
                "agrees": agrees,
                "device": "Pixel 8",
            },
        )
        self.key = answer.json().get("key", "")
        return answer

    async def call(self, method: str, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return await self.http.request(method, API + path, headers=headers)

    async def token(self) -> str:
        made = await self.call("POST", "/sessions")
        assert made.status_code == 201, made.text
        return str(made.json()["token"])


async def a_shell(house: House) -> Shell:
    shell = Shell(house, await house.stack.enter_async_context(house.site.client(keyed=False)))
    assert (await shell.sign_in(ANNA)).status_code == 200
    return shell


async def test_a_shell_opens_a_page_by_a_token_that_is_good_once(house: House) -> None:
    shell = await a_shell(house)
    token = await shell.token()
    view, other = await house.tab(), await house.tab()

    form = {"token": token, "next": "/ru/loyalty/card"}
    answer = await view.http.post("/ru/loyalty/shell/session", data=form)
    again = await other.http.post("/ru/loyalty/shell/session", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/ru/loyalty/card")
    assert again.status_code == 403
    page = await view.open("/card")
    assert page.status_code == 200
    assert "data-hosted" in page.text
    assert "app-bar" not in page.text
    assert "thumb-bar" not in page.text


async def test_of_two_views_with_one_token_one_is_let_in(house: House) -> None:
    shell = await a_shell(house)
    token = await shell.token()
    views = [await house.tab() for _ in range(4)]

    answers = await asyncio.gather(
        *(one.http.post("/ru/loyalty/shell/session", data={"token": token}) for one in views)
    )

    assert sorted(one.status_code for one in answers) == [303, 403, 403, 403]


async def test_a_token_is_too_old_after_a_minute(house: House) -> None:
    shell = await a_shell(house)
    token = await shell.token()
    house.clock.advance(timedelta(seconds=60))
    view = await house.tab()

    answer = await view.http.post("/ru/loyalty/shell/session", data={"token": token})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
async def test_another_site_cannot_sign_a_visitor_in(house: House, headers: dict[str, str]) -> None:
    shell = await a_shell(house)
    form = {"token": await shell.token()}
    view = await house.tab()

    refused = await view.http.post("/ru/loyalty/shell/session", data=form, headers=headers)
    own = {"Sec-Fetch-Site": "none"}
    taken = await view.http.post("/ru/loyalty/shell/session", data=form, headers=own)

    assert refused.status_code == 403
    assert taken.status_code == 303


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/office", "/ru/"])
async def test_a_shell_opens_pages_of_the_app_alone(house: House, wanted: str) -> None:
    shell = await a_shell(house)
    view = await house.tab()

    form = {"token": await shell.token(), "next": wanted}
    answer = await view.http.post("/ru/loyalty/shell/session", data=form)

    assert answer.headers["location"] == "/ru/loyalty"


async def test_what_a_shell_opened_ends_with_it(house: House) -> None:
    shell = await a_shell(house)
    view = await house.tab()
    await view.http.post("/ru/loyalty/shell/session", data={"token": await shell.token()})
    assert (await view.open("")).status_code == 200

    ended = await shell.call("DELETE", "/sessions/current")

    assert ended.status_code == 204
    assert (await view.open("")).status_code == 303
    assert (await shell.call("POST", "/sessions")).status_code == 403


async def test_a_key_of_the_app_opens_nothing_else(house: House) -> None:
    shell = await a_shell(house)
    view = await house.tab(cookie=f"hansa_member={shell.key}")
    headers = {"Authorization": f"Bearer {shell.key}"}

    assert (await view.open("")).status_code == 303
    assert (await shell.http.get("/api/v1/me", headers=headers)).status_code in {401, 404}


async def test_a_shell_joins_somebody_new_only_with_consent(house: House) -> None:
    http = await house.stack.enter_async_context(house.site.client(keyed=False))
    shell = Shell(house, http)

    refused = await shell.sign_in(phone(4_000_888))
    joined = await shell.sign_in(phone(4_000_888), agrees=True)

    assert (refused.status_code, refused.json()["code"]) == (404, "loyalty.not_joined")
    assert joined.status_code == 200


async def test_the_query_and_the_header_hide_the_bar_and_are_remembered(house: House) -> None:
    asked, told = await house.of_anna(), await house.of_anna()

    by_query = await asked.open("?shell=1")
    by_header = await told.open("", X_Hansa_Shell="1")

    assert "app-bar" not in by_query.text
    assert "app-bar" not in by_header.text
    assert "app-bar" not in (await asked.open("/card")).text
    assert "app-bar" not in (await told.open("/card")).text


async def test_deep_links_are_a_table(house: House) -> None:
    tab = await house.tab()

    table = (await tab.open("/links.json")).json()

    assert table["links"]["offer"] == "/ru/loyalty/offers/{id}"
