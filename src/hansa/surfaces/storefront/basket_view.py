"""A basket as its templates show it: every text ready, in the language of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from hansa.kernel.text import Localised, pick
from hansa.modules import checkout
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.pictures import picture

QUANTITY_SHOWN_MAX = 99


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A line, ready to show."""

    variant_id: UUID
    url: str
    name: str
    src: str
    price: str
    was: str | None
    reason: str | None
    note: str
    warning: str | None
    quantity: int
    quantity_max: int


@dataclass(frozen=True, slots=True)
class ShownBasket:
    """A basket, ready to show."""

    lines: Sequence[BasketLine]
    notices: Sequence[str]
    sums: Sequence[tuple[str, str]]
    total: tuple[str, str]
    total_minor: int
    gifts: Sequence[BasketLine] = ()
    gift_hint: str = ""


def show_basket(request: Request, view: checkout.BasketView) -> ShownBasket:
    """Prepare a basket for its templates."""
    translate = translator(request)
    language = request.language
    totals = view.totals
    sums = [(translate("Goods"), format_money(totals.goods, language))]
    if view.details.delivery_method:
        free = totals.delivery.minor == 0
        amount = translate("free") if free else format_money(totals.delivery, language)
        sums.append((translate("Delivery"), amount))
    return ShownBasket(
        lines=[_line(request, line) for line in view.lines],
        notices=_notices(request, view),
        sums=sums,
        total=(translate("Total"), format_money(totals.total, language)),
        total_minor=totals.total.minor,
        gifts=[_gift(request, gift) for gift in view.gift.lines],
        gift_hint=_gift_hint(request, view),
    )


def _gift(request: Request, gift: checkout.GiftLine) -> BasketLine:
    language = request.language
    return BasketLine(
        variant_id=gift.variant_id,
        url="",
        name=pick(gift.name, language),
        src=picture(gift.image, 160),
        price=translator(request)("gift"),
        was=None,
        reason=None,
        note=options_text(gift.options, language, gift.quantity),
        warning=None,
        quantity=int(gift.quantity),
        quantity_max=int(gift.quantity),
    )


def _gift_hint(request: Request, view: checkout.BasketView) -> str:
    """Say what a little more would bring; nothing for an empty basket."""
    gift = view.gift
    if view.is_empty or gift.missing is None or gift.next_name is None:
        return ""
    return translator(request)("Add goods for {amount} more and get a gift: {gift}.").format(
        amount=format_money(gift.missing, request.language),
        gift=pick(gift.next_name, request.language),
    )


def _line(request: Request, line: checkout.LineView) -> BasketLine:
    translate = translator(request)
    language = request.language
    warnings = [
        translate(change.message).format(**change.data)
        for change in line.changes
        if change.kind
        in {
            checkout.ChangeKind.ONLY_LEFT,
            checkout.ChangeKind.SOLD_OUT,
            checkout.ChangeKind.GONE,
        }
    ]
    quantity = int(line.quantity)
    return BasketLine(
        variant_id=line.variant_id,
        url=f"/{language}/p/{line.slug}" if line.slug else f"/{language}/",
        name=pick(line.name, language) or translate("An item that is no longer on sale"),
        src=picture(line.image, 160),
        price=format_money(line.amount, language),
        was=None
        if line.was is None
        else format_money(line.was.for_quantity(line.quantity), language),
        reason=translate("your price") if line.price_reason else None,
        note=options_text(line.options, language),
        warning=" ".join(warnings) or None,
        quantity=quantity,
        quantity_max=max(quantity, min(int(line.available), QUANTITY_SHOWN_MAX)),
    )


def options_text(
    options: Mapping[str, Localised], language: str, quantity: Decimal | None = None
) -> str:
    """Write a variant's options: `Green, M`, and how many if more than one."""
    words = ", ".join(pick(value, language) for value in options.values())
    if quantity is not None and quantity != 1:
        return f"{words} × {quantity.normalize():f}".strip()
    return words


def _notices(request: Request, view: checkout.BasketView) -> list[str]:
    translate = translator(request)
    kinds = {change.kind for line in view.lines for change in line.changes}
    notices = []
    if checkout.ChangeKind.PRICE_UP in kinds:
        notices.append(translate("Some prices have risen since you filled the basket."))
    if checkout.ChangeKind.PRICE_DOWN in kinds:
        notices.append(translate("Good news: some prices have fallen since you filled the basket."))
    return notices
