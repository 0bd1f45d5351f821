"""What happens here reaches the CRM: once, in order, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hansa.modules import orders, parties, payments, retailcrm
from hansa.modules.retailcrm.exchange import run_exchange
from sandbox.retailcrm.books import Author
from tests.conftest import NOON
from tests.support.buying import buy
from tests.support.retailcrm import deliver, exchange, findings, settle
from tests.support.shop import put_stock


def who(number):
    return {"phone": f"8 916 222-{number:02}-00", "email": f"{number}@example.org"}


async def order_by(context, order_id):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=order_id)


async def test_an_order_reaches_the_crm_whole(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 2))
    await settle(context, connection)

    told = crm.order_of(placed.order_id)
    assert told["site"] == "shop-ru"
    assert told["number"] == placed.number
    assert told["status"] == "new"
    assert (told["firstName"], told["lastName"]) == ("Анна", "Иванова")
    assert told["phone"] == "+79161234567"
    assert told["totalSumm"] == 2 * 1990 + 300
    assert told["items"][0]["offer"]["externalId"] == str(shop.variant)
    assert told["items"][0]["quantity"] == 2
    assert told["delivery"]["code"] == "courier"
    assert told["delivery"]["address"]["city"] == "Москва"
    [payment] = told["payments"].values()
    assert (payment["type"], payment["status"], payment["amount"]) == ("cash", "not-paid", 4280)
    customer = crm.books.customers[told["customer"]["id"]]
    assert customer["phones"] == [{"number": "+79161234567"}]
    order = await order_by(context, placed.order_id)
    assert customer["externalId"] == str(order.party_id)
    assert await findings(context) == []


async def test_states_follow_in_order_and_only_what_changed_is_sent(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    before = len(crm.calls())
    for state in ("confirmed", "packed", "shipped", "delivered", "completed"):
        async with context.database.transaction() as tx:
            await orders.advance(
                tx,
                order_id=placed.order_id,
                to=orders.OrderState(state),
                by=orders.By.STAFF,
                now=NOON,
            )
        await settle(context, connection)
    statuses = [
        record["newValue"] for record in crm.books.order_history if record.get("field") == "status"
    ]
    assert statuses == [
        "client-confirmed",
        "assembling-complete",
        "delivering",
        "delivered",
        "complete",
    ]
    edits = [call for call in crm.calls("edit") if "payments" not in call]
    assert len(edits) == 5
    await settle(context, connection)
    assert len([c for c in crm.calls("edit") if "payments" not in c]) == 5
    assert len(crm.calls()) > before


async def test_money_follows(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    async with context.database.transaction() as tx:
        [payment] = await payments.list_of_subject(
            tx, subject_kind=orders.SUBJECT, subject_id=placed.order_id
        )
        await payments.record_receipt(tx, payment_id=payment.id, now=NOON)
    await settle(context, connection)
    [told] = crm.order_of(placed.order_id)["payments"].values()
    assert told["status"] == "paid"


async def test_a_lost_answer_never_makes_a_second_order(context, shop, crm, connection):
    crm.mood.lose_answers = 1
    crm.mood.lose_path = "orders/create"
    placed = await buy(context, (shop.variant, 1))
    await deliver(context)
    await exchange(context, connection)
    assert len(crm.books.orders) == 1
    await settle(context, connection)
    assert len(crm.books.orders) == 1
    assert crm.order_of(placed.order_id)["number"] == placed.number
    async with context.database.snapshot() as snap:
        link = await retailcrm.find_link(
            snap,
            connection_id=connection.id,
            kind=retailcrm.Kind.ORDER,
            internal_id=placed.order_id,
        )
    assert link is not None
    assert len(crm.books.customers) == 1
    assert len(crm.books.payments) == 1


async def test_every_answer_lost_once_ends_alike(context, shop, crm, connection):
    for path in ("customers/create", "orders/create", "edit", "payments/create"):
        crm.mood.lose_answers, crm.mood.lose_path = 1, path
        who = {"phone": f"8 916 444-00-{len(path):02}", "email": f"{len(path)}@example.org"}
        placed = await buy(context, (shop.variant, 1), **who)
        await settle(context, connection)
        async with context.database.transaction() as tx:
            await orders.advance(
                tx,
                order_id=placed.order_id,
                to=orders.OrderState.CONFIRMED,
                by=orders.By.STAFF,
                now=NOON,
            )
        await settle(context, connection)
        assert crm.order_of(placed.order_id)["status"] == "client-confirmed"
    assert len(crm.books.orders) == 4
    assert len(crm.books.customers) == 4
    assert len(crm.books.payments) == 4


async def test_an_hour_without_the_crm_loses_and_doubles_nothing(
    context, shop, crm, connection, clock
):
    crm.mood.is_down = True
    placed = [await buy(context, (shop.variants[n % 3], 1)) for n in range(6)]
    await deliver(context)
    for _ in range(6):
        clock.advance(timedelta(minutes=10))
        await retail_job(context, connection)
    async with context.database.snapshot() as snap:
        held = await retailcrm.get_connection(snap, connection_id=connection.id)
    assert held.failures == 6
    assert held.error == ""
    assert not crm.books.orders
    crm.mood.is_down = False
    await settle(context, connection)
    assert sorted(one["externalId"] for one in crm.books.orders.values()) == sorted(
        str(one.order_id) for one in placed
    )
    assert await findings(context) == []


async def retail_job(context, connection):
    await run_exchange(context, retailcrm.Exchange(connection_id=connection.id))


async def test_503_is_waited_out(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 1))
    crm.mood.fail = 3
    await settle(context, connection)
    assert crm.order_of(placed.order_id)["status"] == "new"
    assert len(crm.books.orders) == 1


async def test_many_at_once_go_by_fifties(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        for variant in shop.variants:
            await put_stock(tx, shop.central, variant, 100, now=NOON + timedelta(seconds=1))
    placed = [await buy(context, (shop.variants[n % 3], 1), **who(n)) for n in range(60)]
    await settle(context, connection)
    assert len(crm.books.orders) == len(crm.books.customers) == 60
    assert len(crm.calls("orders/upload")) == 2
    assert not crm.calls("orders/create")
    told = crm.order_of(placed[0].order_id)
    assert told["customer"]
    assert await findings(context) == []


async def test_an_upload_whose_answer_got_lost_is_repaired(context, shop, crm, connection):
    crm.mood.lose_answers, crm.mood.lose_path = 1, "orders/upload"
    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 100, now=NOON + timedelta(seconds=1))
    for n in range(12):
        await buy(context, (shop.variant, 1), **who(n))
    await settle(context, connection)
    assert len(crm.books.orders) == len(crm.books.customers) == 12


async def test_one_refused_order_stops_nobody_else(context, shop, crm, connection):
    connection_options = {"delivery_types": {"courier": "no-such-type"}}
    async with context.database.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection.id)
        wrong = replace(held, options=replace(held.options, **connection_options))
        await retailcrm.save_connection(tx, connection=wrong, key=None, secret=b"", now=NOON)
    first = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    async with context.database.transaction() as tx:
        await retailcrm.save_connection(tx, connection=held, key=None, secret=b"", now=NOON)
    second = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    assert [one["externalId"] for one in crm.books.orders.values()] == [str(second.order_id)]
    async with context.database.snapshot() as snap:
        [refused] = await retailcrm.list_refused(snap, connection_id=connection.id)
    assert refused.subject_id == first.order_id
    assert "DeliveryType" in refused.error
    async with context.database.transaction() as tx:
        await retailcrm.retry_refused(
            tx,
            connection_id=connection.id,
            kind=refused.kind,
            subject_id=refused.subject_id,
            now=NOON,
        )
    await settle(context, connection)
    assert len(crm.books.orders) == 2


async def test_a_customer_of_the_crm_is_found_by_telephone_then_by_email(
    context, shop, crm, connection
):
    by_phone = crm.books.create_customer(
        {"firstName": "А.", "phones": [{"number": "8 (916) 123-45-67"}]},
        "shop-ru",
        Author("api", "key-of-another"),
    )
    by_email = crm.books.create_customer(
        {"firstName": "Б.", "email": "boris@example.org"},
        "shop-ru",
        Author("api", "key-of-another"),
    )
    await buy(context, (shop.variant, 1))
    await buy(
        context,
        (shop.variant, 1),
        recipient_name="Борис",
        phone="8 916 555-00-11",
        email="boris@example.org",
    )
    await deliver(context)
    await exchange(context, connection)
    await settle(context, connection)
    assert len(crm.books.customers) == 2
    assert UUID(by_phone["externalId"])
    assert UUID(by_email["externalId"])


async def test_merged_customers_are_combined_there(context, shop, crm, connection):
    first = await buy(context, (shop.variant, 1))
    second = await buy(
        context, (shop.variant, 1), phone="8 916 333-00-11", email="other@example.org"
    )
    await settle(context, connection)
    keep = (await order_by(context, first.order_id)).party_id
    absorb = (await order_by(context, second.order_id)).party_id
    crm.mood.lose_answers, crm.mood.lose_path = 1, "combine"
    async with context.database.transaction() as tx:
        await parties.merge_parties(tx, keep=keep, absorb=absorb, by=None, now=NOON)
    await settle(context, connection)
    [customer] = crm.books.customers.values()
    assert customer["externalId"] == str(keep)
    assert {one["number"] for one in customer["phones"]} == {"+79161234567", "+79163330011"}
    await settle(context, connection)
    assert len(crm.calls("customers/combine")) <= 2


async def test_stock_goes_per_store_and_only_what_changed(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        for n, variant in enumerate(shop.variants):
            await put_stock(tx, shop.corner, variant, n, now=NOON + timedelta(seconds=1))
    await settle(context, connection)
    assert crm.books.stock[str(shop.variants[2])] == {"msk-1": 5, "msk-2": 2}
    uploads = len(crm.calls("inventories"))
    await buy(context, (shop.variant, 1))
    await settle(context, connection)
    assert crm.books.stock[str(shop.variant)]["msk-1"] == 4
    assert len(crm.calls("inventories")) == uploads + 1
    await settle(context, connection)
    assert len(crm.calls("inventories")) == uploads + 1


async def test_refused_stock_is_told_and_orders_do_not_wait(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection.id)
        stores = {str(shop.central): "no-such-store"}
        wrong = replace(held, options=replace(held.options, stores=stores))
        await retailcrm.save_connection(tx, connection=wrong, key=None, secret=b"", now=NOON)
    placed = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    assert crm.order_of(placed.order_id)["status"] == "new"
    async with context.database.snapshot() as snap:
        [refusal] = await retailcrm.list_refusals(snap, connection_id=connection.id)
        held = await retailcrm.get_connection(snap, connection_id=connection.id)
    assert refusal.code == "stock_refused"
    assert held.failures == 0


async def test_goods_the_crm_does_not_know_are_counted(context, shop, crm, connection):
    crm.mood.unknown_offers = [str(shop.variants[1])]
    async with context.database.transaction() as tx:
        for variant in shop.variants:
            await put_stock(tx, shop.central, variant, 9, now=NOON + timedelta(seconds=1))
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        standing = await retailcrm.standing_of(snap, connection_id=connection.id)
    assert (standing.stock_unknown, standing.stock_waiting) == (1, 0)
    assert set(crm.books.stock) == {str(shop.variants[0]), str(shop.variants[2])}


async def test_what_is_given_up_leaves_the_order_there_too(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 2), (shop.variants[1], 1))
    await settle(context, connection)
    async with context.database.transaction() as tx:
        await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(shop.variant, Decimal(1)), (shop.variants[1], Decimal(1))],
            reason="not found",
            by=orders.By.STAFF,
            now=NOON,
        )
    await settle(context, connection)
    told = crm.order_of(placed.order_id)
    assert [(one["offer"]["externalId"], one["quantity"]) for one in told["items"]] == [
        (str(shop.variant), 1)
    ]
    order = await order_by(context, placed.order_id)
    assert Decimal(str(told["totalSumm"])) == order.total.to_decimal()
    [payment] = told["payments"].values()
    assert Decimal(str(payment["amount"])) == order.total.to_decimal()
