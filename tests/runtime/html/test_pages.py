"""Templates, translations and forms as handlers use them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import httpx
import msgspec
import pytest_asyncio
from litestar import Response, get, post
from litestar.params import FromQuery

from hansa.kernel.errors import Rejected
from hansa.runtime.html import Page, Pages, PageSettings, first_shown, read_catalogue, read_form
from hansa.runtime.http import PUBLIC, Request
from hansa.runtime.http.static import StaticFiles
from hansa.runtime.module import Module
from tests.support.http import application

OPEN = {PUBLIC: "a test"}
TEMPLATES = {
    "layout.html": "<html lang='{{ language }}'>{% block body %}{% endblock %}</html>",
    "macros.html": (
        "{% macro mark() %}[{{ csrf_token }}|{{ _('Save') }}|{{ path }}|"
        "{{ actor.name if actor else '?' }}]{% endmacro %}"
    ),
    "page.html": (
        "{% extends 'layout.html' %}{% from 'macros.html' import mark %}"
        "{% block body %}{{ mark() }}{% block part %}<b>{{ name }}</b>{% endblock %}"
        "{{ ngettext('%(num)d piece', '%(num)d pieces', count) }}{% endblock %}"
    ),
    "form.html": (
        "{{ form.text('name') }}|{{ form.error('name') }}|{{ form.error('price') }}|"
        "{{ form.value is none }}"
    ),
}
PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
"n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Save"
msgstr "Сохранить"

msgid "%(num)d piece"
msgid_plural "%(num)d pieces"
msgstr[0] "%(num)d штука"
msgstr[1] "%(num)d штуки"
msgstr[2] "%(num)d штук"
"""


class Fields(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(max_length=10)]
    price: Decimal | None = None
    is_new: bool = False
    sizes: list[str] = []
    password: str = ""


class Read(msgspec.Struct):
    value: Fields | None
    errors: dict[str, str]


@get(["/ru/shown", "/en/shown"], opt=OPEN)
async def shown(count: FromQuery[int]) -> Response:
    return Page(template="page.html", name="<i>Анна</i>", count=count)


@get("/ru/part", opt=OPEN)
async def part() -> Response:
    return Page(
        "page.html#part", name="Анна", count=1, status_code=201, headers={"HX-Trigger": "x"}
    )


@get("/ru/empty", opt=OPEN)
async def empty(request: Request) -> Response:
    return Page("form.html", form=first_shown(request, name="Анна"))


@get("/ru/broken", opt=OPEN)
async def broken() -> Response:
    return Page("page.html", count=1)


@post("/api/v1/form", opt=OPEN)
async def take(request: Request) -> Read:
    form = await read_form(request, Fields)
    if form.value is not None and form.value.name == "taken":
        form.add("name", Rejected())
    return Read(form.value, form.errors)


@pytest_asyncio.fixture(loop_scope="session")
async def client(settings, committing, clock, tmp_path):
    root = tmp_path / "shop"
    (root / "templates").mkdir(parents=True)
    (root / "locale").mkdir()
    for name, text in TEMPLATES.items():
        (root / "templates" / name).write_text(text)
    (root / "locale" / "ru.po").write_text(PO)
    trial = Module(name="trial", routes=[shown, part, empty, broken, take])
    async with application(settings, committing, clock=clock, modules=[trial]) as site:
        site.app.wiring.renderer = Pages(
            PageSettings(
                template_folders=[root / "templates"],
                languages=("ru", "en"),
                files=StaticFiles([]),
                catalogue=read_catalogue(tmp_path, ("ru", "en")),
                extra_globals={},
            )
        )
        async with site.client() as client:
            yield client


async def test_a_page_is_in_the_language_of_its_address(client: httpx.AsyncClient) -> None:
    russian = await client.get("/ru/shown?count=3")
    english = await client.get("/en/shown?count=1", headers={"Accept-Language": "ru"})

    assert "<html lang='ru'>" in russian.text
    assert "Сохранить|/ru/shown" in russian.text
    assert "3 штуки" in russian.text
    assert "Save|/en/shown" in english.text
    assert "1 piece" in english.text


async def test_values_are_escaped(client: httpx.AsyncClient) -> None:
    assert "&lt;i&gt;Анна" in (await client.get("/ru/shown?count=1")).text


async def test_macros_know_the_token_of_the_browser(client: httpx.AsyncClient) -> None:
    first = await client.get("/ru/shown?count=1")
    again = await client.get("/ru/shown?count=1")

    assert "hansa_session=" in first.headers["set-cookie"]
    assert "set-cookie" not in again.headers
    assert len(first.text.partition("[")[2].partition("|")[0]) == 64


async def test_a_block_is_rendered_alone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/part")

    assert (answer.status_code, answer.text) == (201, "<b>Анна</b>")
    assert answer.headers["hx-trigger"] == "x"


async def test_a_fault_of_a_template_is_an_error_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/broken", headers={"Accept": "text/html"})

    assert answer.status_code == 500
    assert answer.text.lower().startswith("<!doctype html>")


async def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(client) -> None:
    answer = await client.post(
        "/api/v1/form",
        data={"name": "a name that is too long", "price": "many"},
        headers={"Accept-Language": "ru"},
    )

    assert answer.json()["value"] is None
    assert answer.json()["errors"] == {
        "name": "Введите не больше 10 знаков.",
        "price": "Введите число.",
    }


async def test_a_form_is_read_as_people_write(client: httpx.AsyncClient) -> None:
    sent = {
        "name": "  Анна ",
        "price": "1 200,50",
        "is_new": "on",
        "sizes": ["S", "M"],
        "password": " a b ",
        "other": "x",
    }

    value = (await client.post("/api/v1/form", data=sent)).json()["value"]

    assert value == {
        "name": "Анна",
        "price": "1200.50",
        "is_new": True,
        "sizes": ["S", "M"],
        "password": " a b ",
    }


async def test_an_empty_required_field_is_missing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/form", data={"name": " ", "price": ""})

    assert answer.json()["errors"] == {"name": "Заполните это поле."}


async def test_rules_of_the_business_stand_at_their_field(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/form", data={"name": "taken", "price": "NaN"})
    other = await client.post("/api/v1/form", data={"name": "taken"})

    assert answer.json()["errors"] == {"price": "Введите число."}
    assert other.json()["errors"] == {"name": "Что-то пошло не так."}


async def test_a_form_begins_with_given_values(client: httpx.AsyncClient) -> None:
    assert (await client.get("/ru/empty")).text == "Анна|||True"
