"""What is known of one request apart from the request itself, and what all requests share.

Litestar makes a new request object for an exception handler, therefore what belongs to a request
lives in its scope, in one `Visit` put there by the edge.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hansa.kernel.errors import HansaError
from hansa.runtime.context import Context
from hansa.runtime.http.identity import Actor, Authenticator
from hansa.runtime.http.limits import ClientBuckets
from hansa.runtime.module import Feature, Permission

SCOPE_KEY = "hansa.visit"
LANGUAGE_COOKIE = "hansa_language"
MARKET_COOKIE = "hansa_market"
SESSION_COOKIE = "hansa_session"

PARTNER_PATH = "/loyalty/v1/"
"""What partners' programs call: an API like that under `/api/`, limited per program."""
API_PATHS = ("/api/", PARTNER_PATH)
"""Where unsafe calls need an `Idempotency-Key`."""
PROGRAM_PATHS = (
    *API_PATHS,
    "/erp/",
    "/oauth/",
    "/.well-known/",
    "/health/",
    "/metrics",
)
"""Where a program asks, never a person: failures are problem documents, whatever it accepts."""

_LANGUAGE_IN_PATH = re.compile(r"^/([a-z]{2})(?:/|$)")
_MARKET = re.compile(r"^[A-Za-z0-9_-]{1,32}$")


class Translator(Protocol):
    """Puts English sentences into the language of whoever reads them."""

    def sentence(self, language: str, message: str) -> str:
        """Give the translation of a msgid, or the msgid itself."""

    def plural(self, language: str, one: str, many: str, count: int) -> str:
        """Give the form of a sentence that goes with a number."""


class Renderer(Protocol):
    """Renders pages."""

    def page(self, visit: "Visit", template: str, values: Mapping[str, Any]) -> str:
        """Render a template for this visit."""

    def macros(self, language: str, template: str) -> Any:
        """Give a template's macros as attributes; they know nothing of a visit."""

    def stencil(self, macro: str, shape: Hashable, draw: Callable[[], str]) -> Any:
        """Give the stencil of a macro's shape, see `hansa.runtime.html.stencils`."""


class Markets(Protocol):
    """Knows the markets; implemented by the module `markets`."""

    def get(self, code: str) -> Any:
        """Give a market, or raise NotFound."""

    def default(self) -> Any:
        """Give the market of whoever has chosen none."""


@dataclass(slots=True, kw_only=True)
class Wiring:
    """What all requests of an application share; made by the assembly."""

    context: Context
    authenticator: Authenticator
    translator: Translator
    renderer: Renderer
    languages: tuple[str, ...]
    secret: bytes
    is_production: bool
    markets: Markets | None = None
    permissions: Sequence[Permission] = ()
    features: Sequence[Feature] = ()
    sign_in_paths: Sequence[tuple[str, str]] = (
        ("/office", "/office/sign-in"),
        ("/{language}/partner", "/{language}/partner/sign-in"),
    )
    client_buckets: ClientBuckets = field(default_factory=ClientBuckets)
    is_draining: bool = False
    """Set when the process is about to stop and is to get no more requests."""

    @property
    def permission_codes(self) -> list[str]:
        """Every permission a role or key may hold."""
        return [permission.code for permission in self.permissions]


@dataclass(slots=True)
class Visit:
    """One request: made when its first byte is known, thrown away after its answer."""

    wiring: Wiring
    request_id: str
    received_at: datetime
    path: str
    headers: dict[bytes, bytes]
    client: str
    is_https: bool = False
    actor: Actor | None = None
    is_identified: bool = False
    authorised: bool = False
    session_token: str | None = None
    session_token_is_new: bool = False
    cookies: list[bytes] = field(default_factory=list)
    answer_headers: Sequence[tuple[bytes, bytes]] = ()
    idempotency_key: str | None = None
    error_code: str | None = None
    cached: dict[str, Any] = field(default_factory=dict)
    _language: str | None = None
    _market: str | None = None
    _sent_cookies: dict[str, str] | None = None

    @property
    def sent_cookies(self) -> dict[str, str]:
        """Cookies the browser sent."""
        if self._sent_cookies is None:
            self._sent_cookies = parse_cookies(self.headers.get(b"cookie", b""))
        return self._sent_cookies

    @property
    def language(self) -> str:
        """Language of the answer: that of the address, else chosen before, else of the browser."""
        if self._language is None:
            self._language = self._find_language()
        return self._language

    def _find_language(self) -> str:
        known = self.wiring.languages
        in_path = _LANGUAGE_IN_PATH.match(self.path)
        if in_path and in_path[1] in known:
            return in_path[1]
        chosen = self.sent_cookies.get(LANGUAGE_COOKIE)
        if chosen in known:
            return chosen
        if self.actor is not None and self.actor.language in known:
            return self.actor.language
        accepted = self.headers.get(b"accept-language", b"").decode("latin-1")
        return best_language(accepted, known)

    @property
    def market(self) -> str:
        """Code of the market: of the header `Hansa-Market`, else chosen, else the default."""
        if self._market is None:
            self._market = self._find_market()
        return self._market

    def _find_market(self) -> str:
        markets = self.wiring.markets
        wanted = self.headers.get(b"hansa-market", b"").decode("latin-1")
        for code in (wanted, self.sent_cookies.get(MARKET_COOKIE, "")):
            if not _MARKET.match(code):
                continue
            if markets is None:
                return code
            try:
                return str(markets.get(code).code)
            except (HansaError, LookupError):
                continue
        return "" if markets is None else str(markets.default().code)


def parse_cookies(header: bytes) -> dict[str, str]:
    """Read a `Cookie` header; of two cookies with one name the first counts."""
    cookies: dict[str, str] = {}
    for part in header.decode("latin-1").split(";"):
        name, equals, value = part.partition("=")
        if equals:
            cookies.setdefault(name.strip(), value.strip().strip('"'))
    return cookies


def best_language(accepted: str, known: Sequence[str]) -> str:
    """Choose by an `Accept-Language` header; the first known language if none fits."""
    best, best_weight = known[0], 0.0
    for part in accepted[:200].split(","):
        tag, _, parameter = part.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if code in known and weight > best_weight:
            best, best_weight = code, weight
    return best
