"""Products of listings as the card macro takes them: every text ready."""

from collections.abc import Sequence
from dataclasses import dataclass

from hansa.kernel.money import Money
from hansa.modules import search
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.pictures import picture, srcset

FEW_LEFT = 3
PIECE = 1000
"""Thousandths in a piece."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card, ready to show."""

    url: str
    name: str
    src: str
    srcset: str
    alt: str
    price: str
    was: str | None
    reason: str | None
    stock: str | None
    chip: str | None
    chip_tone: str
    colours: Sequence[str]
    second: str | None
    gone: bool


def show_cards(request: Request, cards: Sequence[search.Card], currency: str) -> list[ShownCard]:
    """Prepare cards for their macro."""
    translate = translator(request)
    words = _Words(
        few=translate("only {count} left"),
        gone=translate("sold out"),
        own=translate("your price"),
        since=translate("from {price}"),
    )
    return [_card(card, currency, request.language, words) for card in cards]


@dataclass(frozen=True, slots=True)
class _Words:
    few: str
    gone: str
    own: str
    since: str


def _card(card: search.Card, currency: str, language: str, words: _Words) -> ShownCard:
    text = card.text
    pieces = card.available_thousandths // PIECE
    price = format_money(Money(card.price_minor, currency), language)
    was, reduced = None, 0
    if card.was_minor is not None and card.was_minor > card.price_minor:
        was = format_money(Money(card.was_minor, currency), language)
        reduced = 100 - round(100 * card.price_minor / card.was_minor)
    stock = None
    if pieces <= 0:
        stock = words.gone
    elif pieces <= FEW_LEFT:
        stock = words.few.format(count=pieces)
    key = text.picture.key if text.picture else None
    return ShownCard(
        url=f"/{language}/p/{text.slug}",
        name=text.name,
        src=picture(key),
        srcset=srcset(key),
        alt=text.picture.alt if text.picture else "",
        price=words.since.format(price=price) if card.has_several_prices else price,
        was=None if card.reason else was,
        reason=f"{words.own} −{reduced} %" if card.reason and reduced else card.reason,
        stock=stock,
        chip=f"−{reduced} %" if was and not card.reason else None,
        chip_tone="plain",
        colours=[one.swatch for one in text.swatches if one.swatch],
        second=picture(text.second_picture.key) if text.second_picture else None,
        gone=pieces <= 0,
    )
