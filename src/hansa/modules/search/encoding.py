"""Rows as JSON: what was written beforehand is copied, prices and stock are put in."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import msgspec

from hansa.kernel.text import pick
from hansa.modules import pricing
from hansa.modules.search.counts import Node
from hansa.modules.search.documents import CardText, ProductText, VariantText
from hansa.modules.search.model import Branch, Facet, Position
from hansa.modules.search.shelf import Page
from hansa.runtime.database import Row

_encode = msgspec.json.Encoder().encode
_NULL = b"null"


class ItemBody(CardText, frozen=True, kw_only=True):
    """A product of a listing. Prices in minor units of the listing's currency.

    `price_minor` is that of the cheapest variant; `was_minor` is struck through; `reason` names
    the price list of one's own; `available` counts all variants together.
    """

    price_minor: int
    price_max_minor: int
    was_minor: int | None
    available: float
    reason: str | None


class VariantBody(VariantText, frozen=True, kw_only=True):
    """A variant; without a price it is not sold to you."""

    price_minor: int | None
    was_minor: int | None
    available: float


class ProductBody(ProductText, frozen=True, kw_only=True):
    """A product with its variants, priced for whoever asks."""

    currency: str
    price_minor: int | None
    price_max_minor: int | None
    was_minor: int | None
    available: float
    reason: str | None
    variants: list[VariantBody]


class ListingBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a listing. Total, facets and categories were counted at most seconds before."""

    currency: str
    items: list[ItemBody]
    next: str | None
    previous: str | None
    searched_for: str | None
    total: int
    facets: list[Facet]
    branches: list[Branch]
    price_min_minor: int | None
    price_max_minor: int | None


class SuggestedBranchBody(msgspec.Struct, frozen=True):
    """A category whose name goes on as was typed."""

    slug: str
    name: str


class SuggestionsBody(msgspec.Struct, frozen=True, kw_only=True):
    """What may be meant."""

    currency: str
    products: list[ItemBody]
    branches: list[SuggestedBranchBody]
    queries: list[str]


def _integer(number: int | None) -> bytes:
    return _NULL if number is None else b"%d" % number


def _quantity(thousandths: int | None) -> bytes:
    whole, rest = divmod(thousandths or 0, 1000)
    return b"%d" % whole if not rest else repr((thousandths or 0) / 1000).encode()


def _reasons(profile: pricing.PriceProfile, language: str) -> Mapping[UUID, bytes]:
    return {
        each.id: _encode(pick(each.name, language))
        for each in profile.lists
        if each.customer_group is not None
    }


def items(rows: Sequence[Row], profile: pricing.PriceProfile, language: str) -> bytes:
    """Write the cards of a listing as the members of an array."""
    reasons = _reasons(profile, language)
    return b",".join(
        [
            b'%b,"price_minor":%d,"price_max_minor":%d,"was_minor":%b,"available":%b,"reason":%b}'
            % (
                card[:-1],
                price,
                price_max,
                _integer(was),
                _quantity(available),
                reasons.get(list_id, _NULL),
            )
            for _, price, price_max, was, available, list_id, _, card in rows
        ]
    )


def listing(page: Page, language: str, cursor: Callable[[Position], str]) -> bytes:
    """Write a page of a listing; what was counted is written once for as long as it is kept."""
    counted = page.kept.overview(page.counts, page.selection, language)[1:]
    return b'{"currency":%b,"items":[%b],"next":%b,"previous":%b,"searched_for":%b,%b' % (
        _encode(page.profile.currency),
        items(page.rows, page.profile, language),
        _NULL if page.next is None else b'"%b"' % cursor(page.next).encode(),
        _NULL if page.previous is None else b'"%b"' % cursor(page.previous).encode(),
        _encode(page.searched_for),
        counted,
    )


def product(row: Row, profile: pricing.PriceProfile, language: str) -> bytes:
    """Write a product page."""
    nothing = (None,) * len(row.variants)
    variants = b",".join(
        [
            b'%b,"price_minor":%b,"was_minor":%b,"available":%b}'
            % (text[:-1], _integer(price), _integer(was), _quantity(pieces))
            for text, price, was, pieces in zip(
                row.variants,
                row.prices or nothing,
                row.was_prices or nothing,
                row.stock or nothing,
                strict=True,
            )
        ]
    )
    return (
        b'%b,"currency":%b,"price_minor":%b,"price_max_minor":%b,"was_minor":%b,"available":%b,'
        b'"reason":%b,"variants":[%b]}'
        % (
            row.document[:-1],
            _encode(profile.currency),
            _integer(row.price),
            _integer(row.price_max),
            _integer(row.was),
            _quantity(row.available),
            _reasons(profile, language).get(row.price_list_id, _NULL),
            variants,
        )
    )


def suggestions(
    rows: Sequence[Row],
    nodes: Sequence[Node],
    asked: Sequence[str],
    profile: pricing.PriceProfile,
    language: str,
) -> bytes:
    """Write suggestions."""
    branches = [SuggestedBranchBody(node.slug, pick(node.name, language)) for node in nodes]
    return b'{"currency":%b,"products":[%b],"branches":%b,"queries":%b}' % (
        _encode(profile.currency),
        items(rows, profile, language),
        _encode(branches),
        _encode(list(asked)),
    )
