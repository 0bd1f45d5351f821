"""Placing an order: first the lease, then one transaction that confirms it.

The goods are leased through the Reserver before the transaction, so that hot rows are locked for a
batch only. If we die in between, the lease expires and nothing is lost. The placing key makes a
repeat (a double click, an answer that got lost) give the same order.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money
from hansa.modules import drops, orders, parties, payments, stock
from hansa.modules.checkout import drafting, store
from hansa.modules.checkout.drafting import Draft
from hansa.modules.checkout.form import Details
from hansa.modules.checkout.model import Basket, BasketChanged, BasketEmpty, TotalChanged
from hansa.modules.orders import OrderId
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

ORDER_PAGE = "/{language}/orders/{token}"
NEWS = "marketing.email"
_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """What a shopper gets: the order's number, the token of its page, and where to pay.

    `needs_page` without `redirect_url`: the payment page is not ready yet. `is_deferred`: a shop
    confirms it first; after that it is paid on the order's page.
    """

    order_id: OrderId
    number: str
    token: str
    total: Money
    payment_id: UUID | None
    redirect_url: str | None
    needs_page: bool
    is_repeat: bool
    is_deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBy:
    """Who places, when, under which key (see `placing_key`).

    `visitor` is who stands in the lines of drops (`drops.visitor_of`); None need not stand in any.
    """

    placing_key: str
    user_id: UUID | None
    language: str
    now: datetime
    visitor: str | None = None


class _AlreadyPlaced(Exception):
    """The key is taken: rolls back what was begun for a second order."""


async def place(  # noqa: PLR0913 - who places what, under which key, at which price
    context: Context,
    *,
    basket_id: UUID,
    details: Details | None,
    key: str,
    expected_total: Money | None = None,
    user_id: UUID | None = None,
    language: str,
    now: datetime,
    visitor: str | None = None,
) -> PlacedOrder:
    """Make an order of a basket; call it outside of transactions.

    The same key for the same basket gives the first order again. `expected_total` is what the
    shopper saw. Without `details` the draft kept in the basket counts. After any refusal the basket
    is as it was.

    Raises:
        DetailsInvalid: the form lacks something.
        BasketEmpty, ItemsGone: there is nothing to order, or something that is not sold any more.
        TotalChanged: the order would cost something else than was seen.
        stock.OutOfStock: says which lines lack and how many are left.
        BasketChanged: it was changed in another window meanwhile.
        drops.NotOpenYet, drops.LimitReached, drops.InLine: a drop's rules say no.
    """
    async with context.database.snapshot(single=True) as snap:
        basket = await store.get_basket(snap, basket_id=basket_id)
    by = PlacedBy(
        placing_key=placing_key(basket_id, key),
        user_id=user_id,
        language=language,
        now=now,
        visitor=visitor,
    )
    if basket is None:
        return await _known(context, by, otherwise=BasketEmpty())
    return await place_basket(
        context, basket=basket, details=details, expected_total=expected_total, by=by
    )


def placing_key(basket_id: UUID, key: str) -> str:
    """Give the key an order is placed under: a form's key counts for its basket alone."""
    return f"{basket_id}:{key}"


async def place_basket(
    context: Context,
    *,
    basket: Basket,
    details: Details | None,
    expected_total: Money | None,
    by: PlacedBy,
) -> PlacedOrder:
    """Make an order of a basket that was read a moment ago; otherwise as `place`."""
    if not basket.lines:
        return await _known(context, by, otherwise=BasketEmpty())
    draft = await drafting.draft_order(
        context, basket=basket, details=details or basket.details, now=by.now
    )
    total = draft.totals.total
    if expected_total is not None and expected_total != total:
        raise TotalChanged(expected_total.minor, total.minor, total.currency)
    await _check_drops(context, draft, by)
    for attempt in range(1, _ATTEMPTS_MAX + 1):
        # The lease's key holds all that decides it: after a refusal a changed basket asks anew, and
        # after a lease that ran out the next attempt takes another.
        key = f"{by.placing_key}:{basket.version}:{attempt}"
        reservation, draft = await _lease(context, draft, key, by.now)
        try:
            placed, payment = await _commit(context, draft, reservation, by)
        except stock.ReservationExpired:
            if attempt == _ATTEMPTS_MAX:
                raise
        except BasketChanged as changed:
            return await _known(context, by, otherwise=changed, lease=reservation)
        except _AlreadyPlaced:
            return await _known(context, by, otherwise=BasketChanged(), lease=reservation)
        except drops.REFUSALS as refusal:
            # The same key may have been answered before the limit was reached by that very order.
            return await _known(context, by, otherwise=refusal, lease=reservation)
        else:
            return await _lead_to_payment(context, draft, placed, payment)
    raise AssertionError("the last attempt returns or raises")


async def _check_drops(context: Context, draft: Draft, by: PlacedBy) -> None:
    """Refuse before goods are leased what a drop's limits would refuse after."""
    try:
        async with context.database.snapshot(single=True) as snap:
            await drops.check_limits(
                snap,
                market=draft.market.code,
                lines=_wanted(draft),
                person=_person(draft, by, draft.basket.owner.party_id),
                now=by.now,
            )
    except drops.REFUSALS:
        async with context.database.snapshot(single=True) as snap:
            known = await orders.find_by_placing_key(snap, placing_key=by.placing_key)
        if known is None:
            raise


async def _lease(
    context: Context, draft: Draft, key: str, now: datetime
) -> tuple[stock.Reservation, Draft]:
    """Lease the goods, with the gifts if these are there; an order never fails for want of one."""
    if draft.gifts:
        with suppress(stock.OutOfStock):
            return await _hold(context, draft, f"{key}:gifts", now), draft
        draft = draft.without_gifts()
    return await _hold(context, draft, key, now), draft


async def _hold(context: Context, draft: Draft, key: str, now: datetime) -> stock.Reservation:
    return await context.service(stock.Reserver).hold(
        stock.Hold(
            key=key,
            channel=draft.market.code,
            lines=(
                *((line.variant_id, line.quantity) for line in draft.lines),
                *((gift.variant_id, gift.quantity) for gift in draft.gifts),
            ),
            expires_at=now + timedelta(minutes=context.settings.hold_minutes),
            owner=f"basket:{draft.basket.id}",
            warehouse_id=None if draft.shop is None else draft.shop.id,
        )
    )


async def _commit(
    context: Context, draft: Draft, reservation: stock.Reservation, by: PlacedBy
) -> tuple[orders.Placed, payments.Payment]:
    """Do everything that makes an order in one transaction."""
    now = by.now
    order_id = OrderId(new_id(now))
    token = orders.order_token(order_id, secret=context.settings.secret_key.reveal())
    page = ORDER_PAGE.format(language=by.language, token=token)
    async with context.database.transaction() as tx:
        basket = draft.basket
        if not await store.take_basket(tx, basket_id=basket.id, version=basket.version, now=now):
            raise BasketChanged
        await stock.confirm(
            tx, reservation_id=reservation.id, order_id=order_id, now=now, by=by.user_id
        )
        party_id = draft.basket.owner.party_id or await _party(tx, draft, by)
        payment = await payments.open_payment(
            tx,
            subject_kind=orders.SUBJECT,
            subject_id=order_id,
            amount=draft.totals.total,
            method=draft.payment,
            description=f"Hansa {draft.market.code.upper()}",
            language=by.language,
            return_url=context.settings.public_url.rstrip("/") + page,
            is_deferred=draft.is_deferred,
            now=now,
        )
        new = drafting.new_order(
            draft,
            order_id=order_id,
            placing_key=by.placing_key,
            party_id=party_id,
            user_id=by.user_id,
            language=by.language,
            payment=payment,
            reservation_id=reservation.id,
            now=now,
        )
        placed = await orders.place_order(tx, new=new, now=now)
        if placed.is_repeat:
            raise _AlreadyPlaced
        await drops.claim(
            tx,
            order_id=order_id,
            market=draft.market.code,
            lines=_wanted(draft),
            person=_person(draft, by, party_id),
            now=now,
        )
    return placed, payment


def _wanted(draft: Draft) -> list[drops.Wanted]:
    return [drops.Wanted(line.product_id, line.quantity) for line in draft.lines if line.product_id]


def _person(draft: Draft, by: PlacedBy, party_id: UUID | None) -> drops.Person:
    return drops.Person(party_id=party_id, phone=draft.phone, session=by.visitor)


async def _party(tx: Transaction, draft: Draft, by: PlacedBy) -> UUID:
    identifiers = [parties.Identifier(kind=parties.IdentifierKind.PHONE, value=draft.phone)]
    if draft.email:
        identifiers.append(parties.Identifier(kind=parties.IdentifierKind.EMAIL, value=draft.email))
    party_id = await parties.match_or_create(
        tx,
        party=parties.NewParty(
            kind=parties.PartyKind.PERSON,
            display_name=draft.details.recipient_name.strip(),
            language=by.language,
        ),
        identifiers=identifiers,
        now=by.now,
        region=draft.market.phone_region,
    )
    if draft.details.wants_news:
        await parties.set_consent(
            tx,
            party_id=party_id,
            purpose=NEWS,
            is_granted=True,
            source="checkout",
            now=by.now,
        )
    return party_id


async def _give_back(context: Context, reservation_id: UUID, now: datetime) -> None:
    """Release a lease nobody will use; if this fails it expires by itself."""
    async with context.database.transaction() as tx:
        await stock.release(
            tx, reservation_id=reservation_id, reason=stock.ReleaseReason.ABANDONED, now=now
        )


async def _known(
    context: Context, by: PlacedBy, *, otherwise: Exception, lease: stock.Reservation | None = None
) -> PlacedOrder:
    """Answer with the order that was placed under the key, or raise.

    A lease that came for nothing is given back, unless that order stands behind it.
    """
    async with context.database.snapshot(single=True) as snap:
        found = await orders.find_by_placing_key(snap, placing_key=by.placing_key)
    if found is None:
        if lease is not None:
            await _give_back(context, lease.id, by.now)
        raise otherwise
    order_id, number = found
    async with context.database.snapshot() as snap:
        order = await orders.get_order(snap, order_id=order_id)
        assert order.payment_id is not None, "checkout gives every order a payment"
        payment = await payments.get_payment(snap, payment_id=order.payment_id)
    if lease is not None and lease.id != order.reservation_id:
        await _give_back(context, lease.id, by.now)
    if payment.needs_page and payment.redirect_url is None:
        payment = await payments.start_payment(context, payment_id=payment.id)
    return _answer(context, order_id, number, order.total, payment, is_repeat=True)


async def _lead_to_payment(
    context: Context, draft: Draft, placed: orders.Placed, payment: payments.Payment
) -> PlacedOrder:
    if payment.needs_page:
        payment = await payments.start_payment(context, payment_id=payment.id)
    return _answer(
        context, placed.order_id, placed.number, draft.totals.total, payment, is_repeat=False
    )


def _answer(
    context: Context,
    order_id: OrderId,
    number: str,
    total: Money,
    payment: payments.Payment,
    *,
    is_repeat: bool,
) -> PlacedOrder:
    return PlacedOrder(
        order_id=order_id,
        number=number,
        token=orders.order_token(order_id, secret=context.settings.secret_key.reveal()),
        total=total,
        payment_id=payment.id,
        redirect_url=payment.redirect_url if payment.needs_page else None,
        needs_page=payment.needs_page,
        is_repeat=is_repeat,
        is_deferred=payment.state is payments.PaymentState.DEFERRED,
    )
