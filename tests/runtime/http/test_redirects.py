"""Where a form leads: our pages by 303, other sites by way of a page of our own."""

from __future__ import annotations

import pytest
import pytest_asyncio
from litestar import Response, post

from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Request, go_to
from hansa.runtime.module import Module
from tests.support.http import application

BANK = 'https://bank.example/pay?a=1&b="><script>'


@post("/leads", opt={PUBLIC: "a test", NO_CSRF: "a test", NO_KEY: "a test"}, status_code=200)
async def lead(request: Request) -> Response[None]:
    """Lead where the query says."""
    return go_to(request, request.query_params["to"])


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing):
    module = Module(name="leads", routes=[lead])
    async with application(settings, committing, modules=[module]) as running:
        yield running


@pytest.mark.parametrize("path", ["/ru/orders/x", "/office?done=1"])
async def test_our_own_pages_are_gone_to_at_once(site, path):
    async with site.client() as client:
        answer = await client.post("/leads", params={"to": path})

    assert (answer.status_code, answer.headers["location"]) == (303, path)


async def test_another_site_is_gone_to_by_a_page_of_ours(site):
    """Browsers take a 303 for sending the form on, which `form-action 'self'` forbids."""
    async with site.client() as client:
        answer = await client.post("/leads", params={"to": BANK})
        by_htmx = await client.post("/leads", params={"to": BANK}, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer.headers["refresh"] == f"0; url={BANK}"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "location" not in answer.headers
    assert "<script>" not in answer.text
    assert by_htmx.headers["hx-redirect"] == BANK
