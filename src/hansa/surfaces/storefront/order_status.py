"""What an order's page says: where it stands, what is asked of whom, what becomes of the money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import fulfilment, orders, payments
from hansa.modules.fulfilment import CaseState
from hansa.modules.orders import OrderState, PaymentStanding
from hansa.modules.payments import PaymentState, RefundState
from hansa.runtime.html.formats import format_clock, format_day, format_moment, format_money

_STATES = {
    OrderState.PLACED: ("Thank you, we have your order", "We will confirm it shortly."),
    OrderState.CONFIRMED: ("We are preparing your order", "We will write when it leaves."),
    OrderState.PACKED: ("Your order is packed", "It leaves with the next courier."),
    OrderState.SHIPPED: ("Your order is on its way", "It will be with you soon."),
    OrderState.DELIVERED: (
        "Your order has arrived",
        "Enjoy it. You can return it within thirty days.",
    ),
    OrderState.COMPLETED: ("Your order is complete", "Thank you for shopping with us."),
}
_ENDED = {OrderState.CANCELLED, OrderState.COMPLETED, OrderState.DELIVERED}
_SEARCHING = {CaseState.ASKING, CaseState.OPERATOR}
SOON_SECONDS = 10
LATER_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence in a frame: `tone` is good, warn, bad or nothing."""

    text: str
    tone: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was read of an order, and in whose words and time it is told."""

    order: orders.Order
    attempts: Sequence[payments.Payment]
    refunds: Sequence[payments.Refund]
    progress: fulfilment.Progress | None
    language: str
    zone: str
    now: datetime
    translate: Callable[[str], str]

    @property
    def paid(self) -> PaymentStanding:
        """Where the payment stands by its attempts, which are ahead of the order."""
        return orders.standing_of(list(self.attempts)) or self.order.payment_state

    @property
    def is_searched(self) -> bool:
        """Say whether it is being found out who has the goods."""
        return (
            self.order.state is OrderState.PLACED
            and self.progress is not None
            and self.progress.state in _SEARCHING
        )

    @property
    def is_open(self) -> bool:
        """Say whether anything may still happen to the order."""
        return self.order.state not in _ENDED

    @property
    def is_to_be_paid(self) -> bool:
        """Say whether it is the shopper's turn: to pay now, or once more."""
        waits = self.paid in {PaymentStanding.AWAITING, PaymentStanding.FAILED}
        return waits and self.order.state in {OrderState.PLACED, OrderState.CONFIRMED}

    @property
    def is_found(self) -> bool:
        """Say whether it was found out who has the goods."""
        return self.order.state is OrderState.CONFIRMED and self.progress is not None

    def money(self, amount: Money) -> str:
        """Write an amount."""
        return format_money(amount, self.language)

    def clock(self, moment: datetime) -> str:
        """Write an instant: its time of day, or with its day if that is not today."""
        return say_when(moment, self.now, self.language, self.zone)


def say_when(moment: datetime, now: datetime, language: str, zone: str) -> str:
    """Write an instant: its time of day, or with its day if that is not today."""
    if format_day(moment, language, zone) == format_day(now, language, zone):
        return format_clock(moment, language, zone)
    return format_moment(moment, language, zone)


def headline(seen: Standing) -> tuple[str, str]:
    """Give the headline and the sentence below it."""
    translate = seen.translate
    order = seen.order
    if order.state is OrderState.CANCELLED:
        return translate("The order is cancelled"), _money_of_cancelled(seen)
    if seen.is_searched:
        return _search(seen)
    if seen.is_to_be_paid:
        title = (
            translate("The shop has confirmed your order")
            if seen.is_found
            else translate("Thank you, we have your order")
        )
        return title, _pay_by(seen)
    title, lead = _STATES[order.state]
    return translate(title), translate(lead)


def _search(seen: Standing) -> tuple[str, str]:
    translate, progress = seen.translate, seen.progress
    assert progress is not None, "something is searched only while a case is open"
    if progress.state is CaseState.OPERATOR:
        return (
            translate("We are looking for your order ourselves"),
            translate("Our people are finding out where to get it and will call you."),
        )
    shops = ", ".join(pick(name, seen.language) for name in progress.asked_shops)
    if len(progress.asked_shops) == 1:
        title = translate("The shop is checking your order")
        where = translate("{shop} is looking for it on its shelves.").format(shop=shops)
    elif shops:
        title = translate("Our shops are checking your order")
        where = translate("Asked now: {shops}.").format(shops=shops)
    else:
        title = translate("We will ask the shop as soon as it opens")
        where = ""
    if progress.answer_by is None:
        by = ""
    elif progress.answer_by > seen.now:
        by = translate("An answer is expected by {time}.").format(
            time=seen.clock(progress.answer_by)
        )
    else:
        by = translate("It takes longer than usual; we are asking on.")
    return title, " ".join(part for part in (where, by) if part)


def _pay_by(seen: Standing) -> str:
    until = seen.order.pay_until
    if until is None or until <= seen.now:
        return seen.translate("It is ready to be paid.")
    return seen.translate("We keep it for you until {time}.").format(time=seen.clock(until))


def _money_of_cancelled(seen: Standing) -> str:
    translate = seen.translate
    if any(one.state is RefundState.REFUSED for one in seen.refunds):
        return translate("The bank did not take the money back. We are seeing to it.")
    if any(one.captured_minor > one.refunded_minor for one in seen.attempts):
        return translate("The money is on its way back to you.")
    if any(one.refunded_minor for one in seen.attempts):
        return translate("The money has been returned.")
    if any(one.authorised_minor for one in seen.attempts):
        return translate("Nothing was taken. The bank lets go of the money it held.")
    return translate("Nothing was taken.")


def payment_notice(seen: Standing) -> Told | None:
    """Say what becomes of the money of an open order."""
    if not seen.is_open:
        return None
    told = _by_standing(seen) | (_while_searched(seen) if seen.is_searched else {})
    return told.get(seen.paid)


def _while_searched(seen: Standing) -> dict[PaymentStanding, Told]:
    translate, total = seen.translate, seen.money(seen.order.total)
    held = translate("The bank holds {total}. Only what the shop confirms is taken.")
    paid = translate("Paid. For anything the shop does not find you get the money back.")
    due = translate("You pay on receipt, only for what you get.")
    return {
        PaymentStanding.AUTHORISED: Told(text=held.format(total=total), tone="good"),
        PaymentStanding.PAID: Told(text=paid, tone="good"),
        PaymentStanding.DUE: Told(text=due),
    }


def _by_standing(seen: Standing) -> dict[PaymentStanding, Told]:
    translate, total = seen.translate, seen.money(seen.order.total)
    deferred = translate(
        "You pay nothing yet. When the shop has confirmed, a button to pay appears here."
    )
    awaiting = translate("The payment has not come in yet. If you have paid, it takes a moment.")
    if seen.is_found:
        awaiting = translate("When you have paid, this page shows it by itself.")
    failed = (
        translate("The bank let the held money go before we could take it. Please pay once more.")
        if _is_hold_over(seen)
        else translate("The payment did not go through. The goods are kept for you: try again.")
    )
    held = translate("The bank has set {total} aside. It is taken for what you receive.")
    return {
        PaymentStanding.DEFERRED: Told(text=deferred),
        PaymentStanding.AWAITING: Told(text=awaiting, tone="" if seen.is_found else "warn"),
        PaymentStanding.FAILED: Told(text=failed, tone="bad"),
        PaymentStanding.AUTHORISED: Told(text=held.format(total=total), tone="good"),
        PaymentStanding.PAID: Told(text=translate("Paid."), tone="good"),
        PaymentStanding.REFUNDED: Told(text=translate("The money has been returned."), tone="good"),
    }


def _is_hold_over(seen: Standing) -> bool:
    last = seen.attempts[-1] if seen.attempts else None
    return last is not None and last.reason == "expired_on_capture"


def missing_notice(seen: Standing) -> Told | None:
    """Say what could not be found of an order, and what becomes of the money for it."""
    order, translate = seen.order, seen.translate
    names = [
        f"{pick(line.name, seen.language)} × {line.given_up.normalize():f}"
        for line in order.lines
        if line.given_up
    ]
    if not names or order.state is OrderState.CANCELLED:
        return None
    off = sum(line.given_up_minor for line in order.lines)
    if not order.tax_included:
        off += sum(line.given_up_tax_minor for line in order.lines)
    parts = [
        translate("We are sorry: {names}.").format(names=", ".join(names)),
        _money_of_missing(seen, Money(off, order.total.currency)) if off else "",
    ]
    return Told(
        title=translate("A part of the order could not be found"),
        text=" ".join(part for part in parts if part),
        tone="warn",
    )


def _money_of_missing(seen: Standing, off: Money) -> str:
    translate = seen.translate
    returned = [one for one in seen.refunds if one.is_for_missing]
    sums = {
        state: sum(one.amount.minor for one in returned if one.state is state)
        for state in RefundState
    }
    if returned:
        sentences = {
            RefundState.DONE: translate(
                "{money} went back to where it came from; most banks show it within a few days."
            ),
            RefundState.REQUESTED: translate("We are giving {money} back; the bank is asked."),
            RefundState.REFUSED: translate(
                "The bank did not take {money} back. We are seeing to it and will write to you."
            ),
        }
        return " ".join(
            sentence.format(money=seen.money(Money(sums[state], off.currency)))
            for state, sentence in sentences.items()
            if sums[state]
        )
    if seen.paid is PaymentStanding.AUTHORISED:
        sentence = translate("{money} is not taken: the bank lets it go when it takes the rest.")
    elif any(one.state is PaymentState.CAPTURED for one in seen.attempts):
        sentence = translate("{money} was not taken: the bank has let it go.")
    else:
        sentence = translate("{money} less is to be paid.")
    return sentence.format(money=seen.money(off))


def refresh_seconds(seen: Standing) -> int | None:
    """Say how soon the page looks again; None when nothing changes any more by itself."""
    if seen.is_searched or seen.is_to_be_paid:
        return SOON_SECONDS
    if any(one.state is RefundState.REQUESTED for one in seen.refunds):
        return SOON_SECONDS
    if seen.order.state in {OrderState.DELIVERED, OrderState.COMPLETED, OrderState.CANCELLED}:
        return None
    return SOON_SECONDS if seen.order.state is OrderState.PLACED else LATER_SECONDS
