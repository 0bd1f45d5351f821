"""Pages kept drawn, for what everybody wants at the same moment.

A page is kept under all that decides it: what it is of, market, language and price profile. What
is personal (the number in the basket, the token of the forms) is put in for each reader. Twice a
second at most one reader reads the sources anew; only if they differ is the page drawn again. So
nothing has to be told that a price or the stock changed, and no number is older than a second.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from litestar.response.base import ASGIResponse

from hansa.runtime.context import Context
from hansa.runtime.html import Page
from hansa.runtime.html.stencils import Stencil, mark
from hansa.runtime.http import Request
from hansa.surfaces.storefront.shell import page

READ_AGAIN_SECONDS = 0.5
TOO_OLD_SECONDS = 0.9
PAGES_MAX = 500
CHARACTERS_MAX = 32_000_000

Values = Mapping[str, Any]
Read = Callable[[], Awaitable[Values]]


@dataclass(slots=True)
class _Kept:
    """A drawn page, what it was drawn from, and when that was read."""

    values: Values | None = None
    drawn: Stencil | None = None
    size: int = 0
    read_at: float = float("-inf")
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pages:
    """The kept pages of one process; the least recently wanted go first."""

    def __init__(self, context: Context) -> None:
        del context
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._size = 0
        self.reads = 0
        self.draws = 0

    async def start(self) -> None:
        """Nothing to prepare: pages are drawn when first wanted."""

    async def close(self) -> None:
        """Nothing to finish."""

    @property
    def size(self) -> int:
        """Characters kept."""
        return self._size

    async def show(
        self,
        request: Request,
        template: str,
        *,
        key: Hashable,
        read: Read,
        tab: str,
        is_indexed: bool,
    ) -> Page:
        """Give the page under a key, which names the price profile, as of now.

        `read` gives the values of the template; it may use the request, but no trait of its reader
        that is not in the key.
        """
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept()
        self._kept.move_to_end(key)
        age = monotonic() - kept.read_at
        if age >= TOO_OLD_SECONDS or (age >= READ_AGAIN_SECONDS and not kept.reading.locked()):
            try:
                await self._refresh(request, template, kept, read)
            except Exception:
                self._drop(key, kept)  # nothing is kept of what cannot be read
                raise
        frame = await page(request, template, tab=tab, is_indexed=is_indexed)
        assert kept.drawn is not None, "refreshing leaves a drawn page"
        return _KeptPage(frame, kept.drawn)

    async def _refresh(self, request: Request, template: str, kept: _Kept, read: Read) -> None:
        async with kept.reading:
            if monotonic() - kept.read_at < READ_AGAIN_SECONDS:
                return
            began = monotonic()
            values = await read()
            self.reads += 1
            if kept.drawn is None or values != kept.values:
                made = await page(request, template, **values)
                text = request.visit.wiring.renderer.page(request.visit, made.template, made.values)
                self._size += len(text) - kept.size
                kept.size = len(text)
                # Forms read the token by themselves; its letters stand nowhere else.
                kept.drawn = Stencil(text.replace(request.csrf_token, mark(0)))
                kept.values = values
                self.draws += 1
            kept.read_at = began
        while len(self._kept) > PAGES_MAX or (self._size > CHARACTERS_MAX and len(self._kept) > 1):
            key, oldest = next(iter(self._kept.items()))
            self._drop(key, oldest)

    def _drop(self, key: Hashable, kept: _Kept) -> None:
        if self._kept.get(key) is kept:
            del self._kept[key]
            self._size -= kept.size


class _KeptPage(Page):
    """A drawn page in the frame of one reader."""

    def __init__(self, frame: Page, drawn: Stencil) -> None:
        super().__init__(frame.template, finish=frame.finish)
        self._drawn = drawn

    def to_asgi_response(self, app: Any, request: Any, **kept: Any) -> ASGIResponse:
        """Put in what is the reader's own."""
        del app
        text: str = self._drawn.fill((request.csrf_token,))
        if self.finish is not None:
            text = self.finish(text)
        return ASGIResponse(
            body=text.encode(),
            status_code=200,
            headers={**(kept.get("headers") or {}), **self.headers},
            cookies=[*self.cookies, *(kept.get("cookies") or ())],
            media_type=self.media_type,
        )
