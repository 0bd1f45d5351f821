"""Headers, forms, cookies, compression, limits, lists, static files."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import httpx
import pytest

from hansa.runtime.http import local_path
from tests.runtime.http.conftest import TRIAL
from tests.support.http import application

HTML = {"Accept": "text/html"}


async def test_answers_carry_the_headers_that_protect_people(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/page")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["permissions-policy"]


async def test_production_asks_for_https_and_secure_cookies(settings, committing, clock) -> None:
    strict = replace(settings, environment="production")

    async with (
        application(strict, committing, clock=clock, modules=[TRIAL]) as site,
        site.client() as client,
    ):
        answer = await client.get("/ru/page")

    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]


async def test_a_form_needs_the_token_of_its_browser(site) -> None:
    async with site.client() as client, site.client() as other:
        token = (await client.get("/ru/page")).text
        foreign = (await other.get("/ru/page")).text

        without = await client.post("/ru/form", data={"name": "anna"}, headers=HTML)
        wrong = await client.post("/ru/form", data={"name": "anna", "csrf_token": foreign})
        right = await client.post("/ru/form", data={"name": "анна", "csrf_token": token})
        by_header = await client.post(
            "/ru/form", data={"name": "anna"}, headers={"X-CSRF-Token": token}
        )

    assert (without.status_code, wrong.status_code) == (403, 403)
    assert "Форма устарела" in without.text
    assert (right.status_code, right.text) == (201, "анна")
    assert by_header.status_code == 201


async def test_a_form_of_no_browser_is_refused_but_a_notice_is_taken(client) -> None:
    form = await client.post("/ru/form", data={"name": "anna"})
    notice = await client.post("/ru/notice", data={"name": "anna"})

    assert form.json()["code"] == "form.expired"
    assert notice.text == "taken"


async def test_a_broken_form_is_refused(client: httpx.AsyncClient) -> None:
    token = (await client.get("/ru/page")).text
    headers = {"X-CSRF-Token": token}

    control = await client.post("/ru/form", data={"name": "a\x00b"}, headers=headers)
    broken = await client.post(
        "/ru/form",
        content=b"--x\r\nnonsense",
        headers={**headers, "Content-Type": "multipart/form-data; boundary=x"},
    )
    unbounded = await client.post(
        "/ru/form", content=b"x", headers={**headers, "Content-Type": "multipart/form-data"}
    )

    assert {control.status_code, broken.status_code, unbounded.status_code} == {400}


async def test_text_is_packed_for_whoever_takes_it(client: httpx.AsyncClient) -> None:
    async with client.stream(
        "GET", "/api/openapi.json", headers={"Accept-Encoding": "gzip"}
    ) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    plain = await client.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers


async def test_head_gives_the_headers_alone(client: httpx.AsyncClient) -> None:
    answer = await client.head("/ru/page")

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"].startswith("text/html")


async def test_floods_are_slowed_down(settings, committing, clock) -> None:
    limited = replace(settings, rate_limit_requests_per_minute=60)

    async with (
        application(limited, committing, clock=clock, modules=[TRIAL]) as site,
        site.client() as client,
    ):
        answers = [await client.get("/health/live") for _ in range(30)]
        # Somebody else's address through a proxy we do not know is not believed.
        forged = await client.get("/health/live", headers={"X-Forwarded-For": "10.1.1.1"})

    statuses = [answer.status_code for answer in answers]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429
    assert answers[-1].json()["code"] == "request.too_many"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert forged.status_code == 429


async def test_lists_are_read_page_by_page(client: httpx.AsyncClient) -> None:
    seen, after = [], None
    while True:
        query = {"after": after} if after else {}
        page = (await client.get("/api/v1/list", params=query)).json()
        seen.extend(page["items"])
        after = page["next"]
        if after is None:
            break

    assert seen == [0, 1, 2, 3, 4, 5, 6]


async def test_static_files_are_kept_for_ever_under_their_digest(client: httpx.AsyncClient) -> None:
    short = await client.get("/static/css/shop.css")
    etag = short.headers["etag"].strip('"')
    longer = await client.get(f"/static/{etag}/css/shop.css")
    again = await client.get(f"/static/{etag}/css/shop.css", headers={"If-None-Match": f'"{etag}"'})
    missing = await client.get("/static/../settings.py")

    assert "immutable" not in short.headers["cache-control"]
    assert "immutable" in longer.headers["cache-control"]
    assert "@import" not in longer.text
    assert again.status_code == 304
    assert missing.status_code == 404
    font = re.search(r'url\("(/static/[^"]+\.woff2)"\)', longer.text)
    assert font is not None
    assert (await client.get(font[1])).headers["content-type"] == "font/woff2"


async def test_media_gives_public_files_only(site) -> None:
    await site.context.storage.put("media/products/a.webp", b"picture")
    await site.context.storage.put("mail/secret.txt", b"link")

    async with site.client() as client:
        picture = await client.get("/media/products/a.webp")
        climbed = await client.get("/media/..%2Fmail/secret.txt")
        missing = await client.get("/media/products/b.webp")

    assert picture.content == b"picture"
    assert "immutable" in picture.headers["cache-control"]
    assert await site.context.storage.url("media/products/a.webp") == "/media/products/a.webp"
    assert climbed.status_code in (400, 404)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:x",
        "/a\nb",
        "",
        None,
        "a",
    ],
)
def test_the_next_page_is_always_ours(wanted: str | None) -> None:
    assert local_path(wanted, default="/ru/") == "/ru/"


def test_a_local_next_page_is_kept() -> None:
    assert local_path("/ru/basket?step=2", default="/") == "/ru/basket?step=2"
