"""What shoppers see: listings, product pages, suggestions.

One statement each, but for a text that is new.
"""

import asyncio
import contextlib
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import psycopg
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules import pricing
from hansa.modules.search import counts as counting
from hansa.modules.search import views
from hansa.modules.search.bits import members_of
from hansa.modules.search.counts import Selection, Tally
from hansa.modules.search.documents import LANGUAGES
from hansa.modules.search.keeper import FOLLOW_SECONDS, CountsKeeper
from hansa.modules.search.model import (
    ListingQuery,
    NoSuchPage,
    Position,
    Sort,
)
from hansa.modules.search.selecting import nodes_named, order_of, select, stretch
from hansa.modules.search.store import listing
from hansa.modules.search.typing_errors import other_layout
from hansa.modules.search.words import Found, WordFinder, prefix_query
from hansa.runtime.database import Row

if TYPE_CHECKING:
    from hansa.runtime.context import Context

FRESH_SECONDS = 5.0
KEPT_MAX = 8_000
QUERIES_MAX = 1_000
QUERY_MIN, QUERY_MAX = 2, 60
DIGITS_TOLD = 5
ANY_PRICE = 2**62

_log = structlog.get_logger()


@dataclass(slots=True)
class Kept:
    """Something counted, for as long as it may be shown; small, since there are many of them."""

    version: int
    turned: int
    made_at: float
    total: int
    tally: Tally | None
    written: dict[str, bytes] = field(default_factory=dict)
    few: list[int] | None = None

    def overview(self, counts: counting.Counts, selection: Selection, language: str) -> bytes:
        """Give what was counted as JSON; the counts are dropped when all has been said."""
        known = self.written.get(language)
        if known is None:
            tally = self.tally
            assert tally is not None, "counts are kept until every language is written"
            for each in LANGUAGES:
                overview = views.overview_of(counts, selection, tally, each)
                self.written[each] = msgspec.json.encode(overview)
            self.tally = None
            known = self.written.get(language) or self.written[LANGUAGES[0]]
        return known

    def members(
        self, counts: counting.Counts, selection: Selection, found: Found | None
    ) -> list[int]:
        """Give the products counted, if they are few enough to be gathered."""
        if self.few is None:
            among = None if found is None else found.bits
            self.few = members_of(counting.matching(counts, selection, among))
        return self.few


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a listing with all that surrounds them, before anybody put it into a form."""

    rows: Sequence[Row]
    counts: counting.Counts
    selection: Selection
    kept: Kept
    next: Position | None
    previous: Position | None
    searched_for: str | None
    profile: pricing.PriceProfile


class Shelf:
    """Reads of one process: the database for what is shown, memory for what is counted."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._database = context.database
        self.keeper = CountsKeeper(context.database, context.clock.now)
        self._finder = WordFinder(context.database)
        self._kept: OrderedDict[object, Kept] = OrderedDict()
        self._asked: Counter[str] = Counter()
        self._following: asyncio.Task[None] | None = None
        self.fresh_seconds = FRESH_SECONDS

    async def start(self) -> None:
        """Begin to follow the database."""
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop following; what was asked is remembered."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        await self.remember()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self.keeper.follow()
                await self.remember()
            except (psycopg.Error, Unavailable) as error:
                _log.warning("counts could not follow", error=repr(error))

    async def remember(self) -> None:
        """Write down what was asked for since the last time, for suggestions."""
        if not self._asked:
            return
        asked, self._asked = self._asked, Counter()
        async with self._database.transaction() as tx:
            await tx.execute(
                listing.REMEMBER_QUERIES,
                {
                    "texts": list(asked),
                    "uses": list(asked.values()),
                    "now": self._context.clock.now(),
                },
            )

    async def profile(self, profile_id: int) -> pricing.PriceProfile:
        """Give a profile by its number."""
        for profile in await self._context.service(pricing.Profiles).all():
            if profile.id == profile_id:
                return profile
        return pricing.PriceProfile(id=profile_id, market="", customer_group=None, lists=())

    # --- listings ---------------------------------------------------------------------------------

    async def page(self, query: ListingQuery) -> Page:
        """Read a page of a listing.

        Raises:
            NoSuchBranch: no category is shown at the address.
            TooManyFilters: more facets at once than can be asked for.
        """
        counts = await self.keeper.counts()
        profile = await self.profile(query.profile_id)
        found = None if not query.text or not query.text.strip() else await self._find(query.text)
        selection = select(counts, query)
        kept = self._tally(counts, selection, found)
        rows, after, before = await self._rows(query, counts, selection, kept, found)
        is_other = (
            found is not None
            and query.text is not None
            and found.text.lower() != " ".join(query.text.lower().split())
        )
        return Page(
            rows=rows,
            counts=counts,
            selection=selection,
            kept=kept,
            next=after,
            previous=before,
            searched_for=found.text if is_other and found is not None else None,
            profile=profile,
        )

    async def _find(self, text: str) -> Found:
        found = await self._finder.find(text)
        if found.products and len(self._asked) < QUERIES_MAX:
            words = found.text.lower()
            # What looks like a number of somebody or something is not for others to see.
            digits = sum(letter.isdigit() for letter in words)
            if QUERY_MIN <= len(words) <= QUERY_MAX and digits < DIGITS_TOLD:
                self._asked[words] += 1
        return found

    def _tally(self, counts: counting.Counts, selection: Selection, found: Found | None) -> Kept:
        key = (selection, None if found is None else found.products)
        kept = self._kept.get(key)
        if (
            kept is not None
            and kept.turned == counts.turned
            and (kept.version == counts.version or monotonic() - kept.made_at < self.fresh_seconds)
        ):
            return kept
        tally = counting.tally(counts, selection, None if found is None else found.bits)
        kept = self._kept[key] = Kept(
            counts.version, counts.turned, monotonic(), tally.total, tally
        )
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return kept

    async def _rows(
        self,
        query: ListingQuery,
        counts: counting.Counts,
        selection: Selection,
        kept: Kept,
        found: Found | None,
    ) -> tuple[list[Row], Position | None, Position | None]:
        if not kept.total:
            return [], None, None
        if found is not None and query.sort is Sort.RELEVANCE:
            return await self._ranked(query, counts, selection, found)
        holder = counts.holders.get(selection.category)
        branch_size = holder.value.bit_count() if holder else len(counts.tags)
        is_gathered = found is not None or kept.total**2 < branch_size * (query.limit + 1)
        position = query.position
        is_backward = position is not None and position.is_backward
        statement = listing.page(
            listing.Shape(
                order=order_of(query),
                limit=query.limit + 1,
                is_backward=is_backward,
                has_start=position is not None,
                has_price=query.price_from_minor is not None or query.price_to_minor is not None,
                in_stock=query.in_stock,
                groups=len(selection.groups),
                is_gathered=is_gathered,
            )
        )
        parameters = self._parameters(query, selection) | {
            "category": selection.category,
            "key": position.key if position else None,
            "product": position.product if position else None,
        }
        if is_gathered:
            parameters["products"] = kept.members(counts, selection, found)
        async with self._database.snapshot(single=True) as snap:
            rows = await snap.all(statement, parameters)
        has_more = len(rows) > query.limit
        rows = rows[: query.limit]
        if is_backward:
            rows.reverse()
        if not rows:
            return rows, None, None
        after = Position(rows[-1].key, rows[-1].product) if has_more or is_backward else None
        has_before = has_more if is_backward else position is not None
        before = Position(rows[0].key, rows[0].product, is_backward=True) if has_before else None
        return rows, after, before

    def _parameters(self, query: ListingQuery, selection: Selection) -> dict[str, object]:
        return {
            "profile": query.profile_id,
            "language": query.language,
            "now": self._context.clock.now(),
            "price_from": query.price_from_minor or 0,
            "price_to": ANY_PRICE if query.price_to_minor is None else query.price_to_minor,
        } | {f"group_{n}": list(ids) for n, (_, ids) in enumerate(selection.groups)}

    async def _ranked(
        self, query: ListingQuery, counts: counting.Counts, selection: Selection, found: Found
    ) -> tuple[list[Row], Position | None, Position | None]:
        """Read a stretch of what a text found; a few more than needed, since some may be gone."""
        bits = counting.matching(counts, selection, found.bits)
        size = (bits.bit_length() + 7) // 8
        fitting = bits.to_bytes(size, "little")
        ranked = [
            number
            for number in found.products
            if number >> 3 < size and fitting[number >> 3] >> (number & 7) & 1
        ]
        start, end = stretch(ranked, query)
        async with self._database.snapshot(single=True) as snap:
            rows = await snap.all(
                listing.RANKED,
                self._parameters(query, Selection(query.profile_id))
                | {"products": ranked[start:end]},
            )
        if query.position is not None and query.position.is_backward:
            rows = rows[-query.limit :]
        else:
            rows = rows[: query.limit]
        if not rows:
            return [], None, None
        last, first = start + rows[-1].key - 1, start + rows[0].key - 1
        after = Position(last, rows[-1].product) if last + 1 < len(ranked) else None
        before = Position(first, rows[0].product, is_backward=True) if first > 0 else None
        return rows, after, before

    # --- single products --------------------------------------------------------------------------

    async def product(self, *, slug: str, profile_id: int, language: str) -> Row:
        """Read a product page.

        Raises:
            NoSuchPage: nothing is shown at this address.
        """
        async with self._database.snapshot(single=True) as snap:
            row = await snap.maybe(
                listing.PRODUCT,
                {
                    "slug": slug,
                    "profile": profile_id,
                    "language": language,
                    "now": self._context.clock.now(),
                },
            )
        if row is None:
            raise NoSuchPage(slug)
        return row

    async def cards(
        self, *, product_ids: Sequence[UUID], profile_id: int, language: str
    ) -> list[Row]:
        """Read cards of some products, in the order given; those not shown are left out."""
        async with self._database.snapshot(single=True) as snap:
            return await snap.all(
                listing.CARDS,
                {
                    "product_ids": list(product_ids),
                    "profile": profile_id,
                    "language": language,
                    "now": self._context.clock.now(),
                },
            )

    # --- suggestions ------------------------------------------------------------------------------

    async def suggested(
        self, *, text: str, profile_id: int, language: str, limit: int
    ) -> tuple[list[Row], list[counting.Node], list[str]]:
        """Find products, categories and former queries that go on as was typed."""
        typed = " ".join(text.lower().replace("ё", "е")[:60].split())
        counts = await self.keeper.counts()
        for start in (typed, other_layout(typed)):
            query = prefix_query(start)
            if not query:
                continue
            parameters = {"start": start, "end": start + "\U0010ffff", "limit": limit}
            async with self._database.snapshot(single=True) as snap:
                rows = await snap.all(
                    listing.SUGGEST_PRODUCTS,
                    {
                        "query": query,
                        "profile": profile_id,
                        "language": language,
                        "now": self._context.clock.now(),
                        "limit": limit,
                    },
                )
                queries = await snap.all(listing.COMPLETE_QUERY, parameters)
            nodes = nodes_named(counts, profile_id, start, language)[:limit]
            if rows or nodes or queries:
                return rows, nodes, [row.text for row in queries]
        return [], [], []
