"""Pages: one Jinja environment per language, made at start, shared by all requests.

Per language, because then `_`, `money` and `date` are plain functions that need no look-up of the
request, and no environment is overlaid per request. What does belong to the request (`actor`,
`market`, `csrf_token` ...) is passed to the template and, for macros that are imported without
context, can be read through `ON_PAGE`.
"""

import tempfile
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from litestar import Response
from litestar.response.base import ASGIResponse
from markupsafe import Markup, escape

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.runtime.html import formats
from hansa.runtime.html.catalogue import Catalogue
from hansa.runtime.html.stencils import Stencil, Stencils
from hansa.runtime.http import csrf
from hansa.runtime.http.static import StaticFiles
from hansa.runtime.http.visit import SCOPE_KEY, Visit

THEME_COOKIE = "hansa_theme"
ON_PAGE: ContextVar[Visit] = ContextVar("on_page")
PAGE_TYPE = "text/html; charset=utf-8"
SENTENCES_MAX = 10_000


class _OfVisit:
    """A value of the request being answered, for macros imported without context."""

    __slots__ = ("_read",)

    def __init__(self, read: Any) -> None:
        self._read = read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._read(ON_PAGE.get()), name)

    def __bool__(self) -> bool:
        return bool(self._read(ON_PAGE.get()))

    def __str__(self) -> str:
        return str(self._read(ON_PAGE.get()))

    def __html__(self) -> str:
        return str(escape(self._read(ON_PAGE.get())))

    def __eq__(self, other: object) -> bool:
        return bool(self._read(ON_PAGE.get()) == other)

    def __hash__(self) -> int:
        return hash(self._read(ON_PAGE.get()))


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """What the environments are made of."""

    template_folders: Sequence[Path]
    languages: Sequence[str]
    files: StaticFiles
    catalogue: Catalogue
    reload: bool = False
    extra_globals: Mapping[str, Any]


class _Template(jinja2.Template):
    """A template whose macros are made once.

    Jinja asks at every import whether the importing template has globals of its own, by comparing
    all names: a tenth of a page's time. Ours never have, so the answer is known.
    """

    def _get_default_module(self, ctx: Any = None) -> Any:  # noqa: ARG002 - Jinja's own signature
        if self._module is None:
            self._module = self.make_module()
        return self._module


class Pages:
    """Renders templates; implements `Renderer` of `hansa.runtime.http.visit`."""

    def __init__(self, settings: PageSettings) -> None:
        self._settings = settings
        loader = _loader(settings.template_folders)
        self._environments = {
            language: self._environment(language, loader) for language in settings.languages
        }
        self._first = settings.languages[0]
        self._stencils = Stencils(is_kept=not settings.reload)

    def environment(self, language: str) -> jinja2.Environment:
        """Give the environment of a language."""
        return self._environments.get(language) or self._environments[self._first]

    def page(self, visit: Visit, template: str, values: Mapping[str, Any]) -> str:
        """Render a template, or of `listing.html#results` only the block `results`."""
        name, _, block = template.partition("#")
        found = self.environment(visit.language).get_template(name)
        token = ON_PAGE.set(visit)
        try:
            everything = {**_of_request(visit), **values}
            if not block:
                return found.render(everything)
            context = found.new_context(everything)
            return "".join(found.blocks[block](context))
        finally:
            ON_PAGE.reset(token)

    def macros(self, language: str, template: str) -> Any:
        """Give a template's macros as attributes; they know nothing of a visit."""
        return self.environment(language).get_template(template).module

    def stencil(self, macro: str, shape: Hashable, draw: Callable[[], str]) -> Stencil:
        """Give the stencil of a macro's shape; `draw` is called the first time and prints marks."""
        return self._stencils.of(macro, shape, draw)

    def compile_all(self) -> list[str]:
        """Compile every template, so that the first visitor does not wait; give their names."""
        names: list[str] = []
        for environment in self._environments.values():
            names = environment.list_templates(extensions=["html", "txt", "xml", "svg"])
            for name in names:
                environment.get_template(name)
        return names

    def _environment(self, language: str, loader: jinja2.BaseLoader) -> jinja2.Environment:
        settings = self._settings
        environment = jinja2.Environment(
            loader=loader,
            autoescape=jinja2.select_autoescape(["html", "xml", "svg"]),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=settings.reload,
            cache_size=-1,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
            bytecode_cache=_bytecode_cache(language),
        )
        environment.template_class = _Template
        translations = settings.catalogue.of(language)
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # of i18n
            translations.gettext, translations.ngettext, newstyle=True
        )
        translate = _translator(translations.gettext)
        environment.globals.update(
            money=partial(formats.format_money, language=language),
            number=partial(_number, language),
            date=partial(_day, language),
            moment=partial(_moment, language),
            clock=partial(_clock, language),
            text=partial(_text, language),
            url=url,
            asset=settings.files.url,
            icon=partial(icon, settings.files),
            _=translate,
            gettext=translate,
            language=language,
            languages=tuple(settings.languages),
            csrf_token=_OfVisit(csrf.token),
            actor=_OfVisit(lambda visit: visit.actor),
            market=_OfVisit(_market),
            path=_OfVisit(lambda visit: visit.path),
            theme=_OfVisit(_theme),
        )
        environment.globals.update(settings.extra_globals)
        return environment


def _translator(gettext: Callable[[str], str]) -> Callable[..., str]:
    """Make `_` as Jinja's own, which puts every sentence together anew at each call."""
    safe: dict[str, Markup] = {}

    @jinja2.pass_eval_context
    def translate(context: Any, message: str, /, **values: Any) -> str:
        if not context.autoescape:
            return gettext(message) % values
        found = safe.get(message)
        if found is None:
            found = Markup(gettext(message))  # noqa: S704 - sentences of ours
            if len(safe) < SENTENCES_MAX:
                safe[message] = found
        # Without values too: a sentence may hold a doubled per cent sign.
        return found % values if values or "%" in found else found

    return translate


def _bytecode_cache(language: str) -> jinja2.BytecodeCache | None:
    # An entry's key does not know the globals that Jinja folds into constants: one folder each.
    folder = Path(tempfile.gettempdir()) / f"hansa-templates-{_user()}" / language
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.parent.stat().st_uid != _user():
            return None
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


def _user() -> int:
    return Path("/proc/self").stat().st_uid if Path("/proc/self").exists() else 0


def _loader(folders: Sequence[Path]) -> jinja2.BaseLoader:
    """Find `storefront/listing.html` in `templates/storefront/` or in `storefront/templates/`."""
    plain = jinja2.FileSystemLoader([str(folder) for folder in folders])
    by_owner = {
        folder.parent.name: jinja2.FileSystemLoader(str(folder))
        for folder in folders
        if folder.name == "templates"
    }
    return jinja2.ChoiceLoader([plain, jinja2.PrefixLoader(by_owner)])


def _of_request(visit: Visit) -> dict[str, Any]:
    return {
        "actor": visit.actor,
        "market": _market(visit),
        "path": visit.path,
        "theme": _theme(visit),
        "request_id": visit.request_id,
        "now": visit.received_at,
        "is_htmx": visit.headers.get(b"hx-request") == b"true",
    }


def _market(visit: Visit) -> Any:
    markets = visit.wiring.markets
    if markets is None:
        return None
    try:
        return markets.get(visit.market)
    except HansaError:  # no market is open: the page that says so must still be drawn
        return None


def _theme(visit: Visit) -> str:
    chosen = visit.sent_cookies.get(THEME_COOKIE, "")
    return chosen if chosen in ("light", "dark") else ""


def _zone() -> str:
    visit = ON_PAGE.get(None)
    market = None if visit is None else _market(visit)
    return str(getattr(market, "time_zone", "UTC"))


def _number(language: str, value: Any, places: int = -1) -> str:
    return formats.format_number(value, language, places)


def _day(language: str, value: Any) -> str:
    return formats.format_day(value, language, _zone())


def _moment(language: str, value: Any) -> str:
    return formats.format_moment(value, language, _zone())


def _clock(language: str, value: Any) -> str:
    return formats.format_clock(value, language, _zone())


def _text(language: str, localised: Mapping[str, str] | None) -> str:
    return pick(localised, language) if localised else ""


def url(path: str, /, **query: Any) -> str:
    """Give a path with a query; parameters that are None or empty are left out, lists repeat."""
    pairs = [
        (name, str(one))
        for name, value in query.items()
        for one in (value if isinstance(value, list | tuple) else [value])
        if one is not None and one != ""
    ]
    if not pairs:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(pairs)}"


def icon(files: StaticFiles, name: str, css: str = "", label: str = "") -> Markup:
    """Draw an icon of the sprite; with a label it is read out, without it is decoration."""
    return _icon(files.url("icons/sprite.svg"), name, css, label)


@lru_cache(maxsize=2_000)
def _icon(sprite: str, name: str, css: str, label: str) -> Markup:
    where = f"{sprite}#{name}"
    told = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    classes = f"icon {css}".strip()
    return Markup('<svg class="{}" {} focusable="false"><use href="{}"></use></svg>').format(
        classes, told, where
    )


class Page(Response[Any]):
    """An answer rendered from a template in the language and market of the request.

    `Page("storefront/listing.html", items=items)`; `template="listing.html#results"` renders only
    the block `results`, for htmx. Values named `status_code`, `headers`, `cookies` and `finish` are
    not passed to the template; `finish` is given the text and gives what is sent.
    """

    def __init__(
        self,
        template: str,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        finish: Callable[[str], str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(
            None, status_code=status_code, headers=dict(headers or {}), media_type=PAGE_TYPE
        )
        self.template = template
        self.values = values
        self.finish = finish

    def to_asgi_response(self, app: Any, request: Any, **kept: Any) -> ASGIResponse:  # noqa: ARG002 - its place in Litestar
        """Render."""
        visit: Visit = request.scope[SCOPE_KEY]
        text = visit.wiring.renderer.page(visit, self.template, self.values)
        if self.finish is not None:
            text = self.finish(text)
        headers = {**(kept.get("headers") or {}), **self.headers}
        cookies = [*self.cookies, *(kept.get("cookies") or ())]
        return ASGIResponse(
            body=text.encode(),
            status_code=self.status_code or 200,
            headers=headers,
            cookies=cookies,
            media_type=PAGE_TYPE,
            background=self.background or kept.get("background"),
        )
