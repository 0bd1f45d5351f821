"""What surrounds every page of the app: its bar, the tabs at the thumb, languages, the worker."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hansa.kernel.text import pick
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app import access
from hansa.surfaces.loyalty_app.access import Visitor
from hansa.surfaces.loyalty_app.addresses import alternates

THEME_COOKIE = "hansa_theme"
NAME = {"ru": "Вместе", "en": "Together"}
"""What the app is called where no programme says it."""
MEMBER_HEADER = "X-Hansa-Member"
"""Says that a page is a member's: the worker keeps only those, never the page to sign in."""
_FONTS = {
    "ru": ("fonts/golos-cyrillic.woff2", "fonts/golos-latin.woff2", "fonts/prata-cyrillic.woff2"),
    "en": ("fonts/golos-latin.woff2", "fonts/prata-latin.woff2"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Values of `layout.html`. `root` begins every address of the app in this language."""

    root: str
    name: str
    tab: str
    theme: str
    fonts: Sequence[str]
    alternates: Sequence[tuple[str, str]]
    is_hosted: bool
    is_member: bool
    as_of: str


def app_page(
    request: Request,
    template: str,
    *,
    visitor: Visitor | None = None,
    tab: str = "",
    status_code: int = 200,
    **values: Any,
) -> Page:
    """Make a page of the app."""
    access.remember_shell(request)
    return Page(
        f"loyalty_app/{template}",
        status_code=status_code,
        headers={MEMBER_HEADER: "1"} if visitor else {},
        frame=frame_of(request, visitor, tab),
        visitor=visitor,
        **values,
    )


def frame_of(request: Request, visitor: Visitor | None, tab: str) -> Frame:
    """Give the values of the layout."""
    language = request.language
    theme = request.visit.sent_cookies.get(THEME_COOKIE, "")
    return Frame(
        root=root_of(request),
        name=name_of(request, visitor),
        tab=tab,
        theme=theme if theme in {"light", "dark"} else "",
        fonts=_FONTS.get(language, _FONTS["en"]),
        alternates=alternates(request.visit.path),
        is_hosted=access.is_hosted(request),
        is_member=visitor is not None,
        as_of=request.received_at.isoformat(),
    )


def root_of(request: Request) -> str:
    """Give what every address of the app begins with in the language of the page."""
    return f"/{request.language}/loyalty"


def name_of(request: Request, visitor: Visitor | None) -> str:
    """Give what the app is called: as its programme is."""
    if visitor is not None:
        return pick(visitor.programme.name, request.language)
    found = [one for one in access.coalition_of(request).programmes.values() if one.is_open]
    if found:
        return pick(min(found, key=lambda one: one.number).name, request.language)
    return NAME.get(request.language, NAME["en"])


def assets_of(request: Request) -> dict[str, str]:
    """Give the addresses of the files the app is made of, each named by what it holds."""
    visit = request.visit
    text = visit.wiring.renderer.page(visit, "loyalty_app/assets.txt", {})
    return dict(line.split(" ", 1) for line in text.split("\n") if line)


def version_of(assets: dict[str, str]) -> str:
    """Give the version of the app's shell: another one whenever a file of it is another."""
    return hashlib.sha256("|".join(assets.values()).encode()).hexdigest()[:12]
