"""Products of listings as cards: their texts put into the stencils of the card macro."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from hansa.kernel.money import Money
from hansa.modules import search
from hansa.runtime.html.formats import format_money
from hansa.runtime.html.stencils import Stencil, escape_all, mark
from hansa.runtime.http import Request
from hansa.runtime.http.visit import Renderer
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.pictures import picture, srcset

FEW_LEFT = 3
PIECE = 1000
"""Thousandths in a piece."""


COLOURS_MAX = 5


class _Text(IntEnum):
    """Places of a card's texts."""

    URL = 0
    NAME = 1
    SRC = 2
    SRCSET = 3
    ALT = 4
    PRICE = 5
    WAS = 6
    REASON = 7
    STOCK = 8
    CHIP = 9
    SECOND = 10
    COLOURS = 11


@dataclass(frozen=True, slots=True)
class _Words:
    few: str
    gone: str
    own: str
    since: str


class _Shape(NamedTuple):
    """What decides the markup of a card, apart from its texts."""

    language: str
    level: int
    is_eager: bool
    is_gone: bool
    has_was: bool
    has_reason: bool
    has_stock: bool
    has_chip: bool
    has_second: bool
    colours: int


def show_cards(
    request: Request, cards: Sequence[search.Card], currency: str, *, level: int = 2, eager: int = 0
) -> Markup:
    """Draw cards one after another."""
    return Markup("").join(draw_cards(request, cards, currency, level=level, eager=eager))


def draw_cards(
    request: Request, cards: Sequence[search.Card], currency: str, *, level: int = 2, eager: int = 0
) -> list[Markup]:
    """Draw cards with headings of a level; the pictures of the first `eager` are loaded at once."""
    translate, language = translator(request), request.language
    words = _Words(
        few=translate("only {count} left"),
        gone=translate("sold out"),
        own=translate("your price"),
        since=translate("from {price}"),
    )
    renderer = request.visit.wiring.renderer
    drawn = []
    for place, card in enumerate(cards):
        texts, is_gone = _texts(card, currency, language, words)
        shape = _Shape(
            language,
            level,
            place < eager,
            is_gone,
            bool(texts[_Text.WAS]),
            bool(texts[_Text.REASON]),
            bool(texts[_Text.STOCK]),
            bool(texts[_Text.CHIP]),
            bool(texts[_Text.SECOND]),
            len(texts) - _Text.COLOURS,
        )
        stencil: Stencil = renderer.stencil("product_card", shape, partial(_draw, renderer, shape))
        drawn.append(stencil.fill(escape_all(texts)))
    return drawn


def _draw(renderer: Renderer, shape: _Shape) -> str:
    """Draw the macro of a card with marks for its texts."""
    card = renderer.macros(shape.language, "components/shop.html").product_card
    return str(
        card(
            mark(_Text.URL),
            mark(_Text.NAME),
            mark(_Text.SRC),
            mark(_Text.PRICE),
            srcset=mark(_Text.SRCSET),
            alt=mark(_Text.ALT),
            was=mark(_Text.WAS) if shape.has_was else None,
            reason=mark(_Text.REASON) if shape.has_reason else None,
            stock=mark(_Text.STOCK) if shape.has_stock else None,
            chip=mark(_Text.CHIP) if shape.has_chip else None,
            colours=[mark(_Text.COLOURS + number) for number in range(shape.colours)],
            second=mark(_Text.SECOND) if shape.has_second else None,
            eager=shape.is_eager,
            gone=shape.is_gone,
            level=shape.level,
        )
    )


def _texts(
    card: search.Card, currency: str, language: str, words: _Words
) -> tuple[list[str], bool]:
    """Put a card into words, in the order of `_Text`; say whether it is sold out."""
    text = card.text
    pieces = card.available_thousandths // PIECE
    price = format_money(Money(card.price_minor, currency), language)
    was, reduced = "", 0
    if card.was_minor is not None and card.was_minor > card.price_minor:
        was = format_money(Money(card.was_minor, currency), language)
        reduced = 100 - round(100 * card.price_minor / card.was_minor)
    stock = ""
    if pieces <= 0:
        stock = words.gone
    elif pieces <= FEW_LEFT:
        stock = words.few.format(count=pieces)
    reason = card.reason or ""
    if reason and reduced:
        reason = f"{words.own} −{reduced} %"
    key = text.picture.key if text.picture else None
    return [
        f"/{language}/p/{text.slug}",
        text.name,
        picture(key),
        srcset(key),
        text.picture.alt if text.picture else "",
        words.since.format(price=price) if card.has_several_prices else price,
        "" if card.reason else was,
        reason,
        stock,
        f"−{reduced} %" if was and not card.reason else "",
        picture(text.second_picture.key) if text.second_picture else "",
        *[one.swatch for one in text.swatches[:COLOURS_MAX] if one.swatch],
    ], pieces <= 0
