"""The components: every macro renders, templates obey the policy, colours can be read."""

import re
from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

from hansa.runtime.html.stylesheets import bundle

HTML = Path(__file__).parents[3] / "src" / "hansa" / "runtime" / "html"
SOURCES = Path(__file__).parents[3] / "src" / "hansa"
STATIC = HTML / "static"


def _icon(name: str, css: str = "", label: str = "") -> Markup:
    assert name in _sprite_names(), f"no icon {name!r} in the sprite"
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="#{}"/></svg>').format(
        css, name
    )


def _sprite_names() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons/sprite.svg").read_text()))


def _asset(name: str) -> str:
    assert (STATIC / name).is_file(), f"no static file {name!r}"
    return f"/static/{name}"


@pytest.fixture(scope="module")
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HTML / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        _=lambda sentence: sentence, icon=_icon, asset=_asset, csrf_token="t0ken", language="en"
    )
    return made


def _macros(environment: jinja2.Environment, name: str) -> dict[str, jinja2.runtime.Macro]:
    module = environment.get_template(f"components/{name}").module
    return {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, jinja2.runtime.Macro) and not key.startswith("_")
    }


def test_the_page_of_components_calls_every_macro(environment: jinja2.Environment) -> None:
    source = (HTML / "templates/design.html").read_text()
    own = {"csrf", "thumb", "tile", "search_option"}
    # Called by the macros of the groups they stand in, which the page does call.
    parts = {
        "facet_group", "facet_line", "facet_colour_group", "facet_colour",
        "colour_link_group", "colour_link", "size_group", "size_choice", "tab_count",
    }  # fmt: skip

    page = environment.get_template("design.html").render()

    every = set[str]()
    for file in (HTML / "templates/components").glob("*.html"):
        every |= set(_macros(environment, file.name))
    missing = {name for name in every - own - parts if not re.search(rf"\b{name}\(", source)}
    assert missing == set()
    assert "None" not in re.sub(r"<[^>]+>", "", page)
    assert page.count("<section") == page.count("</section>")


def test_macros_the_page_of_components_has_no_place_for(environment: jinja2.Environment) -> None:
    module = environment.get_template("components/shop.html").module
    parts = environment.get_template("components/parts.html").module
    forms = environment.get_template("components/forms.html").module

    assert 'role="option"' in module.search_option("o1", "/ru/p/1", "Coat", "product")  # type: ignore[attr-defined]
    assert 'class="tile"' in module.tile("/ru/c/coats", "Coats", "/media/1.webp", 12)  # type: ignore[attr-defined]
    assert 'class="thumb thumb-s"' in parts.thumb("/media/1.webp", size="s")  # type: ignore[attr-defined]
    assert 'value="t0ken"' in forms.csrf()  # type: ignore[attr-defined]


def test_a_wrong_field_keeps_what_was_typed_and_names_its_error(
    environment: jinja2.Environment,
) -> None:
    field = _macros(environment, "forms.html")["field"]

    drawn = field("email", "E-mail", '"><script>', error="Looks unfinished", help="For the receipt")

    assert 'value="&#34;&gt;&lt;script&gt;"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="field-email-error field-email-help"' in drawn
    assert 'id="field-email-error"' in drawn
    assert 'id="field-email-help"' in drawn


def test_a_filter_that_leads_to_nothing_cannot_be_chosen_but_can_be_left(
    environment: jinja2.Environment,
) -> None:
    facet = _macros(environment, "shop.html")["facet"]
    empty = {"value": "xl", "label": "XL", "count": 0}

    assert "disabled" in facet("size", "Size", [empty])
    assert "disabled" not in facet("size", "Size", [{**empty, "checked": True}])


def test_a_chart_says_the_same_in_numbers(environment: jinja2.Environment) -> None:
    chart = _macros(environment, "office.html")["chart"]

    drawn = chart("Sales", "line", ["Mon"], [{"name": "<Shop>", "values": [1284]}], "₽")

    assert re.search(r'<td class="is-number">1284</td>', drawn)
    assert "<Shop>" not in drawn


# What a policy without unsafe-inline refuses, or htmx without eval silently ignores.
BANNED = {
    "inline event or htmx script": re.compile(r"\shx-on|\son[a-z]+=", re.IGNORECASE),
    "filter in hx-trigger": re.compile(r"hx-trigger=\"[^\"]*\[|hx-trigger='[^']*\["),
    "js: value": re.compile(r"[\"'](?:js|javascript):", re.IGNORECASE),
    "style attribute": re.compile(r"\sstyle=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "another host": re.compile(
        r"(?:src|href)=[\"']\s*(?:https?:)?//(?!www\.w3\.org)", re.IGNORECASE
    ),
}


def _faults(text: str) -> list[str]:
    return [name for name, pattern in BANNED.items() if pattern.search(text)]


@pytest.mark.parametrize(
    "bad",
    [
        '<a hx-on:click="x">',
        '<a onclick="x">',
        '<i hx-trigger="click[ctrlKey]">',
        "<i hx-vals='js:{a: 1}'>",
        '<p style="color: red">',
        "<style>p{}</style>",
        "<script>x</script>",
        '<img src="https://example.com/x.png">',
        '<link href="//example.com/x.css">',
    ],
)
def test_the_lint_of_templates_sees_what_it_is_for(bad: str) -> None:
    assert _faults(bad) != []


def test_the_lint_of_templates_lets_good_ones_pass() -> None:
    good = '<a href="/ru/" hx-trigger="input changed delay:180ms"><script src="/s.js"></script>'
    assert _faults(good) == []


@pytest.mark.parametrize(
    "template",
    sorted(SOURCES.rglob("templates/**/*.html")),
    ids=lambda path: str(path.relative_to(SOURCES)),
)
def test_templates_obey_the_content_security_policy(template: Path) -> None:
    assert _faults(template.read_text()) == []


# ---- colours

PAIRS = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "sunk"),
    ("ink-2", "ground"),
    ("ink-2", "surface"),
    ("ink-2", "sunk"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("accent", "sunk"),
    ("good", "good-soft"),
    ("good", "surface"),
    ("good", "ground"),
    ("warn", "warn-soft"),
    ("warn", "surface"),
    ("warn", "ground"),
    ("bad", "bad-soft"),
    ("bad", "surface"),
    ("bad", "ground"),
    ("ink", "accent-soft"),
    ("ink", "good-soft"),
    ("ink", "warn-soft"),
    ("ink", "bad-soft"),
    ("ground", "ink"),
    ("surface", "bad"),
    ("ink-2", "accent-soft"),
]
LINES = [
    ("line-strong", "surface"),
    ("line-strong", "ground"),
    ("accent", "surface"),
    ("accent", "ground"),
]


def _tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css/tokens.css").read_text()
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", text)
    }


def _luminance(code: str) -> float:
    digits = code[1:] if len(code) == 7 else "".join(digit * 2 for digit in code[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "under"), PAIRS)
def test_text_can_be_read_on_its_ground(text: str, under: str, scheme: int) -> None:
    tokens = _tokens()
    assert _contrast(tokens[text][scheme], tokens[under][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "under"), LINES)
def test_borders_of_fields_can_be_seen(line: str, under: str, scheme: int) -> None:
    tokens = _tokens()
    assert _contrast(tokens[line][scheme], tokens[under][scheme]) >= 3


def test_only_the_tokens_name_colours_of_the_scheme() -> None:
    # #fff and #1d1a16 stand on pictures and printed paper, which have one scheme.
    allowed = {"#fff", "#1d1a16", "#a4262c"}
    for file in (STATIC / "css").glob("*.css"):
        if file.name != "tokens.css":
            named = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])", file.read_text()))
            assert named <= allowed, file.name


# ---- style sheets


@pytest.mark.parametrize("name", ["css/shop.css", "css/office.css"])
def test_a_bundle_asks_for_fonts_where_the_page_preloads_them(name: str) -> None:
    text = bundle(STATIC, name, lambda path: f"/static/1a2b/{path}")

    assert "@import" not in text
    assert 'url("/static/1a2b/fonts/golos-cyrillic.woff2")' in text
    assert set(re.findall(r'url\("([^"]+)"\)', text)) == {
        f"/static/1a2b/fonts/{path.name}" for path in (STATIC / "fonts").glob("*.woff2")
    }
    assert text.count("{") == text.count("}")


def test_the_style_of_the_shop_stays_small() -> None:
    assert len(bundle(STATIC, "css/shop.css", str).encode()) < 40_000


def test_every_address_in_a_style_sheet_is_of_this_site() -> None:
    for file in (STATIC / "css").glob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", file.read_text()), file.name


def test_every_icon_named_in_a_component_is_in_the_sprite() -> None:
    names = _sprite_names()
    for file in (HTML / "templates").rglob("*.html"):
        for used in re.findall(r'icon\("([\w-]+)"[,)]', file.read_text()):
            assert used in names, f"{file.name}: {used}"


def test_words_of_the_components_are_translated() -> None:
    catalogue = (HTML / "locale/ru.po").read_text()
    for file in (HTML / "templates/components").glob("*.html"):
        for match in re.finditer(r"""\b_\((["'])(.+?)\1\)""", file.read_text()):
            assert f'msgid "{match[2]}"' in catalogue, match[2]
