"""A chain with a warehouse and shops, orders of its goods, and hands that answer for shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money
from hansa.modules import fulfilment, markets, orders, payments, stock
from hansa.modules.fulfilment import looking
from hansa.modules.fulfilment.checks import CHECKS
from hansa.modules.orders.checks import CHECKS as ORDER_CHECKS
from hansa.modules.stock.checks import CHECKS as STOCK_CHECKS
from hansa.runtime.database import Snapshot, Transaction
from tests.support.stock import hold_or_raise

__all__ = ["ANNA", "Chain", "a_chain", "an_order", "answer", "findings", "look", "open_questions"]

PRICE = 1000_00
ANNA = fulfilment.Answerer(channel="slack", user="U1", name="Анна")
RUBLES = "RUB"


@dataclass(frozen=True)
class Chain:
    """A central warehouse and so many shops of the market `ru`; `item` and `other` are sold."""

    shops: tuple[UUID, ...]
    central: UUID = field(default_factory=uuid4)
    item: UUID = field(default_factory=uuid4)
    other: UUID = field(default_factory=uuid4)


async def a_chain(
    tx: Transaction,
    *,
    now: datetime,
    stocks: Mapping[int, int | tuple[int, int]],
    central: int | tuple[int, int] = 0,
    policy: fulfilment.Policy | None = None,
) -> Chain:
    """Make a chain; `stocks` is how many of `item` (and `other`) each shop has, by its number."""
    chain = Chain(shops=tuple(uuid4() for _ in stocks))
    await markets.save_market(
        tx,
        market=markets.Market(
            code="ru",
            name={"ru": "Россия", "en": "Russia"},
            currency=RUBLES,
            country="RU",
            languages=("ru", "en"),
            default_language="ru",
            tax_rate=Decimal("0.2"),
            prices_include_tax=True,
            phone_region="RU",
            time_zone="Europe/Moscow",
        ),
        by=None,
        now=now,
    )
    await stock.save_warehouses(
        tx,
        warehouses=[
            stock.Warehouse(
                id=chain.central, code="central", name={"ru": "Склад"}, channels=("ru",)
            ),
            *(
                stock.Warehouse(
                    id=shop_id,
                    code=f"shop-{number}",
                    name={"ru": f"Магазин {number}", "en": f"Shop {number}"},
                    kind=stock.WarehouseKind.SHOP,
                    city="Москва",
                    position=number + 1,
                    channels=("ru",),
                )
                for number, shop_id in enumerate(chain.shops)
            ),
        ],
        now=now,
    )
    places = {chain.central: central} | {chain.shops[n]: count for n, count in stocks.items()}
    for place, count in places.items():
        counts = count if isinstance(count, tuple) else (count, 0)
        for variant_id, on_hand in zip((chain.item, chain.other), counts, strict=True):
            level = stock.Level(
                warehouse_id=place, variant_id=variant_id, on_hand=Decimal(on_hand), as_of=now
            )
            await stock.set_levels(tx, source="1c", levels=[level], now=now)
    await fulfilment.save_policy(tx, policy=policy or fulfilment.Policy(market="ru"), now=now)
    return chain


def _line(variant_id: UUID, quantity: int) -> orders.OrderLine:
    amount = Money(PRICE * quantity, RUBLES)
    return orders.OrderLine(
        variant_id=variant_id,
        product_id=uuid4(),
        sku=f"D-{variant_id.hex[:4]}",
        name={"ru": "Платье", "en": "Dress"},
        options={"size": {"ru": "42"}},
        quantity=Decimal(quantity),
        unit="796",
        unit_price=Decimal(PRICE) / 100,
        base_price=Decimal(PRICE) / 100,
        amount=amount,
        tax_rate=Decimal("0.2"),
        tax=Money(amount.minor // 6, RUBLES),
    )


async def an_order(
    tx: Transaction,
    lines: Mapping[UUID, int],
    *,
    now: datetime,
    standing: orders.PaymentStanding = orders.PaymentStanding.DUE,
    shop_id: UUID | None = None,
    city: str = "Москва",
) -> orders.Order:
    """Place an order whose payment stands so, and open its case; nobody has looked at it yet."""
    wanted = list(lines.items())
    order_id = orders.OrderId(new_id(now))
    held = await hold_or_raise(tx, wanted, now=now, warehouse_id=shop_id)
    await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    sold = tuple(_line(*one) for one in wanted)
    total = Money(sum(line.amount.minor for line in sold), RUBLES)
    payment = await _payment(tx, order_id, total, standing, now=now)
    delivery = orders.Delivery(
        method="pickup" if shop_id else "courier",
        kind="pickup" if shop_id else "courier",
        name={"ru": "Доставка"},
        price=Money(0, RUBLES),
        address=None if shop_id else orders.Address(city=city, street="Мясницкая", house="1"),
        warehouse_id=shop_id,
    )
    new = orders.NewOrder(
        id=order_id,
        placing_key=uuid4().hex,
        market="ru",
        channel="ru",
        party_id=None,
        user_id=None,
        lines=sold,
        goods=total,
        tax=Money(sum(line.tax.minor for line in sold), RUBLES),
        tax_included=True,
        total=total,
        delivery=delivery,
        recipient=orders.Recipient(name="Анна", phone="+79161234567"),
        comment="",
        language="ru",
        payment_method=payment.method,
        payment_id=payment.id,
        payment_standing=standing,
        pay_until=None,
        reservation_id=held.id,
    )
    await orders.place_order(tx, new=new, now=now)
    await looking.begin_case(tx, order_id=order_id, now=now)
    return await orders.get_order(tx, order_id=order_id)


async def _payment(
    tx: Transaction,
    order_id: UUID,
    total: Money,
    standing: orders.PaymentStanding,
    *,
    now: datetime,
) -> payments.Payment:
    by_card = standing is not orders.PaymentStanding.DUE
    method = payments.PaymentMethod(
        market="ru",
        code="card" if by_card else "cash",
        provider=payments.SIMULATED if by_card else payments.ON_RECEIPT,
        name={},
        hint={},
        position=1,
        capture_at_once=standing is not orders.PaymentStanding.AUTHORISED,
    )
    payment = await payments.open_payment(
        tx,
        subject_kind=orders.SUBJECT,
        subject_id=order_id,
        amount=total,
        method=method,
        description="",
        language="ru",
        is_deferred=standing is orders.PaymentStanding.DEFERRED,
        now=now,
    )
    states = {
        orders.PaymentStanding.AUTHORISED: payments.PaymentState.AUTHORISED,
        orders.PaymentStanding.PAID: payments.PaymentState.CAPTURED,
    }
    if standing not in states:
        return payment
    return await report(tx, payment.id, states[standing], total, now=now)


async def report(
    tx: Transaction,
    payment_id: UUID,
    state: payments.PaymentState,
    amount: Money,
    *,
    now: datetime,
    hold_expires_at: datetime | None = None,
) -> payments.Payment:
    """Let the bank say where a payment stands."""
    said = payments.Report(
        reference=f"bank-{payment_id}",
        state=state,
        redirect_url=None,
        authorised_minor=amount.minor,
        captured_minor=amount.minor if state is payments.PaymentState.CAPTURED else 0,
        refunded_minor=0,
    )
    if hold_expires_at is not None:
        said = replace(said, hold_expires_at=hold_expires_at)
    return await payments.apply_report(tx, payment_id=payment_id, report=said, now=now)


async def look(
    tx: Transaction, order: orders.Order, *, now: datetime
) -> fulfilment.CaseState | None:
    """Have the case looked at, as its job does."""
    return await looking.look_at_case(tx, order_id=order.id, now=now)


async def open_questions(snap: Snapshot, order: orders.Order) -> list[fulfilment.Question]:
    """Give the questions of an order that shops are asked now, in the order they are due."""
    found = await fulfilment.list_open_questions(snap, limit=1000)
    return [one for one in found if one.order_id == order.id]


async def answer(
    tx: Transaction,
    question: fulfilment.Question,
    *,
    found: int | None = None,
    defective: int = 0,
    missing: int = 0,
    line: int = 1,
    by: fulfilment.Answerer = ANNA,
    now: datetime,
) -> fulfilment.Outcome:
    """Answer a line; without numbers everything is there."""
    asked = next(one.quantity for one in question.lines if one.number == line)
    counted = asked - defective - missing if found is None else Decimal(found)
    said = fulfilment.LineAnswer(
        line=line, found=counted, defective=Decimal(defective), missing=Decimal(missing)
    )
    return await fulfilment.take_answer(tx, question_id=question.id, answers=[said], by=by, now=now)


async def findings(snap: Snapshot) -> list[str]:
    """Run every check of fulfilment, orders and stock."""
    return [
        f"{finding.check} {finding.subject}: {finding.message}"
        for check in (*CHECKS, *STOCK_CHECKS, *ORDER_CHECKS)
        for finding in await check.run(snap)
        if "overdue" not in finding.check  # those look at the machine's clock
    ]
