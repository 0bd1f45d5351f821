"""The demo's people: staff, shoppers, and the orders of the last month."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from hansa.assembly.demo.assortment import Piece, is_last, levels
from hansa.assembly.modules import all_modules, permissions_of
from hansa.modules import accounts, checkout, orders, parties, pricing, stock
from hansa.modules.orders import By, OrderState
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot

PASSWORD = "warm-wool-2026"  # noqa: S105 - the demo's, printed at its start; production makes none
OWNER = "owner@olkha.example"
ERP_USER = "1c@olkha.example"
MANAGER = "manager@olkha.example"
SELLER = "shop@olkha.example"
_STAFF = (
    (OWNER, "Ольга Ольхова", ("administrator",)),
    (MANAGER, "Марк Соколов", ("manager",)),
    ("warehouse@olkha.example", "Вера Лесная", ("warehouse",)),
    (SELLER, "Анна Ветрова", ("shop",)),
    (ERP_USER, "1С", ("erp",)),
)
_SHOPPERS = (
    ("anna@olkha.example", "Анна", "Берёзова", "+79165550111", None),
    ("partner@olkha.example", "Пётр", "Дубов", "+79165550112", "partners"),
    ("maria@olkha.example", "Мария", "Кленова", "+79165550113", None),
    ("ivan@olkha.example", "Иван", "Ясенев", "+79165550114", None),
    ("elena@olkha.example", "Елена", "Рябинина", "+79165550115", "partners"),
    ("oleg@olkha.example", "Олег", "Тополев", "+79165550116", None),
    ("sofia@olkha.example", "София", "Липова", "+79165550117", None),
    ("timur@olkha.example", "Тимур", "Осинин", "+79165550118", None),
)
_STREETS = ("улица Лесная", "Садовая улица", "улица Мира", "Цветной бульвар", "Тверская улица")
_ORDERS = 64
_CANCELLED_SHARE = 0.06
_DAYS = 30


def known_permissions() -> list[str]:
    """Give the code of every permission there is."""
    return [permission.code for permission in permissions_of(all_modules())]


async def is_loaded(snap: Snapshot) -> bool:
    """Say whether the demo was loaded to its end: the owner's account is made last."""
    return await accounts.find_user(snap, email=OWNER, kind="staff") is not None


async def load_shoppers(context: Context, now: datetime) -> list[UUID]:
    """Make shoppers; give their parties."""
    return [await _shopper(context, row, now) for row in _SHOPPERS]


async def load_people(
    context: Context, pieces: Sequence[Piece], now: datetime, *, show: object
) -> None:
    """Make shoppers with their orders, then the staff, but for the owner."""
    shoppers = await load_shoppers(context, now)
    await _orders(context, [one for one in pieces if not is_last(one)], shoppers, now, show)
    await _staff(context, _STAFF[1:], now)


async def finish(context: Context, now: datetime) -> None:
    """Make the owner, by whom a finished load is known."""
    await _staff(context, _STAFF[:1], now)


async def _staff(
    context: Context, rows: Sequence[tuple[str, str, tuple[str, ...]]], now: datetime
) -> None:
    async with context.database.transaction() as tx:
        for email, name, roles in rows:
            if await accounts.find_user(tx, email=email, kind="staff") is None:
                await accounts.create_user(
                    tx,
                    email=email,
                    password=PASSWORD,
                    kind="staff",
                    roles=roles,
                    name=name,
                    language="ru",
                    is_email_verified=True,
                    now=now,
                )


async def _shopper(
    context: Context, row: tuple[str, str, str, str, str | None], now: datetime
) -> UUID:
    email, given_name, family_name, phone, group = row
    async with context.database.transaction() as tx:
        known = await accounts.find_user(tx, email=email, kind="shopper")
        if known is not None and known.party_id is not None:
            return known.party_id
        party_id = await parties.match_or_create(
            tx,
            party=parties.NewParty(given_name=given_name, family_name=family_name, language="ru"),
            identifiers=[
                parties.Identifier(kind=parties.IdentifierKind.EMAIL, value=email),
                parties.Identifier(kind=parties.IdentifierKind.PHONE, value=phone),
            ],
            trusted=True,
            now=now,
        )
        await accounts.create_user(
            tx,
            email=email,
            password=PASSWORD,
            kind="shopper",
            party_id=party_id,
            name=f"{given_name} {family_name}",
            language="ru",
            is_email_verified=True,
            now=now,
        )
        if group is not None:
            await pricing.set_group(tx, party_id=party_id, group=group, now=now)
        return party_id


async def _orders(
    context: Context, pieces: Sequence[Piece], shoppers: Sequence[UUID], now: datetime, show: object
) -> None:
    random = Random(20261121)
    sold: set[UUID] = set()
    for number in range(_ORDERS):
        age = timedelta(
            days=_DAYS * (1 - (number / _ORDERS) ** 0.8), minutes=random.randint(0, 600)
        )
        at = min(now - age, now - timedelta(minutes=2 * (_ORDERS - number)))
        who = random.randrange(len(shoppers))
        chosen = [random.choice(pieces) for _ in range(random.choice((1, 1, 2, 2, 3)))]
        lines = [(random.choice(piece.variants).id, Decimal(1)) for piece in chosen]
        placed = await _place(
            context, number, shoppers[who], _SHOPPERS[who], lines, at=at, random=random
        )
        if placed is not None:
            sold.update(variant_id for variant_id, _ in lines)
            await _age(context, placed, now - at, at, random)
        if callable(show):
            show(number + 1, _ORDERS, "orders")
    # The numbers of 1C after all that: what was shipped in the past is contained in them.
    fresh = [level for piece in pieces for level in levels(piece, now) if level.variant_id in sold]
    async with context.database.transaction() as tx:
        await stock.set_levels(tx, source="demo", levels=fresh, now=now)


async def _place(
    context: Context,
    number: int,
    party_id: UUID,
    row: tuple[str, str, str, str, str | None],
    lines: Sequence[tuple[UUID, Decimal]],
    *,
    at: datetime,
    random: Random,
) -> checkout.PlacedOrder | None:
    owner = checkout.Owner(party_id=party_id)
    email, given_name, family_name, phone, _ = row
    basket_id = None
    async with context.database.transaction() as tx:
        profile = await pricing.profile_of(tx, market="ru", party_id=party_id)
        for variant_id, quantity in lines:
            basket_id = await checkout.add_line(
                tx,
                owner=owner,
                market="ru",
                variant_id=variant_id,
                quantity=quantity,
                profile=profile,
                now=at,
            )
    assert basket_id is not None, "an order has lines"
    details = checkout.Details(
        recipient_name=f"{given_name} {family_name}",
        phone=phone,
        email=email,
        delivery_method="courier",
        address=checkout.Address(
            country="RU",
            city="Москва",
            street=random.choice(_STREETS),
            house=str(random.randint(1, 60)),
            flat=str(random.randint(1, 120)),
        ),
        payment_method="on_receipt",
        accepts_terms=True,
    )
    placed = None
    # Not there, or not on sale yet at that time.
    with suppress(stock.OutOfStock, checkout.ItemsGone):
        placed = await checkout.place(
            context,
            basket_id=basket_id,
            details=details,
            key=f"demo-{number}",
            language="ru",
            now=at,
        )
    if placed is None or placed.is_repeat:  # the basket was not taken: it is emptied
        async with context.database.transaction() as tx:
            for variant_id, _ in lines:
                await checkout.remove_line(
                    tx, owner=owner, market="ru", variant_id=variant_id, now=at
                )
    return placed


async def _age(
    context: Context, placed: checkout.PlacedOrder, age: timedelta, at: datetime, random: Random
) -> None:
    """Lead an order as far as its age allows, unless an earlier load has."""
    is_cancelled = random.random() < _CANCELLED_SHARE
    if placed.is_repeat:
        return
    if is_cancelled:
        async with context.database.transaction() as tx:
            await orders.cancel_order(
                tx,
                order_id=placed.order_id,
                reason="передумал",
                by=By.SHOPPER,
                now=at + timedelta(hours=1),
            )
        return
    steps = (
        (OrderState.CONFIRMED, timedelta(hours=2)),
        (OrderState.PACKED, timedelta(hours=20)),
        (OrderState.SHIPPED, timedelta(hours=26)),
        (OrderState.DELIVERED, timedelta(days=3)),
        (OrderState.COMPLETED, timedelta(days=17)),
    )
    for state, after in steps:
        if age < after:
            return
        async with context.database.transaction() as tx:
            await orders.advance(
                tx, order_id=placed.order_id, to=state, by=By.STAFF, now=at + after
            )
