"""What managers do in the CRM is done here too: once, by our own rules, our echo left out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hansa.modules import orders, parties, retailcrm
from hansa.modules.retailcrm import history
from sandbox.retailcrm.books import MANAGER, Author
from tests.conftest import NOON
from tests.support.buying import all_orders, buy, left
from tests.support.buying import findings as other_findings
from tests.support.retailcrm import deliver, exchange, findings, settle
from tests.support.shop import put_stock


async def order_of(context, order_id):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=order_id)


async def refusals(context, connection):
    async with context.database.snapshot() as snap:
        return await retailcrm.list_refusals(snap, connection_id=connection.id)


async def bought(context, shop, connection, **form):
    placed = await buy(context, (shop.variant, 1), **form)
    await settle(context, connection)
    return placed


async def test_a_managers_changes_are_taken_over(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    told = crm.order_of(placed.order_id)
    crm.edit(
        told,
        status="client-confirmed",
        managerComment="Позвонить в домофон",
        lastName="Иванова-Петрова",
        phone="8 916 999-88-77",
        delivery={"address": {"street": "Тверская", "building": "3", "flat": "12"}},
    )
    await settle(context, connection)

    order = await order_of(context, placed.order_id)
    assert order.state is orders.OrderState.CONFIRMED
    assert order.recipient.name == "Анна Иванова-Петрова"
    assert order.recipient.phone == "+79169998877"
    assert (order.delivery.address.street, order.delivery.address.flat) == ("Тверская", "12")
    assert [one.comment for one in order.history if "домофон" in one.comment]
    sent = len(crm.calls("edit"))
    await settle(context, connection)
    assert len(crm.calls("edit")) == sent, "nothing goes to and fro"
    assert crm.order_of(placed.order_id)["lastName"] == "Иванова-Петрова"


async def test_a_status_that_means_nothing_here_is_left_alone(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    crm.edit(crm.order_of(placed.order_id), status="call-again")
    await settle(context, connection)
    assert crm.order_of(placed.order_id)["status"] == "call-again"
    assert (await order_of(context, placed.order_id)).state is orders.OrderState.PLACED


async def test_cancelled_there_is_cancelled_here(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    assert await left(context, shop.variant) == 4
    crm.edit(crm.order_of(placed.order_id), status="cancel-other", statusComment="Передумала")
    await settle(context, connection)
    order = await order_of(context, placed.order_id)
    assert order.state is orders.OrderState.CANCELLED
    assert order.cancel_reason == "Передумала"
    assert await left(context, shop.variant) == 5
    [payment] = crm.order_of(placed.order_id)["payments"].values()
    assert payment["status"] == "canceled"


async def test_a_way_back_is_refused_told_and_corrected(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    async with context.database.transaction() as tx:
        await orders.advance(
            tx,
            order_id=placed.order_id,
            to=orders.OrderState.SHIPPED,
            by=orders.By.STAFF,
            now=NOON,
        )
    await settle(context, connection)
    crm.edit(crm.order_of(placed.order_id), status="cancel-other", phone="+7 916 000-11-22")
    await settle(context, connection)

    assert crm.order_of(placed.order_id)["status"] == "delivering"
    assert crm.order_of(placed.order_id)["phone"] == "+79161234567"
    assert (await order_of(context, placed.order_id)).state is orders.OrderState.SHIPPED
    codes = {one.code for one in await refusals(context, connection)}
    assert codes == {"status_refused", "recipient_refused"}


async def test_goods_and_prices_are_the_shops(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    told = crm.order_of(placed.order_id)
    crm.edit(told, items=[{**told["items"][0], "quantity": 3}])
    await settle(context, connection)
    assert crm.order_of(placed.order_id)["items"][0]["quantity"] == 1
    [refusal] = await refusals(context, connection)
    assert refusal.code == "items_changed"
    async with context.database.transaction() as tx:
        await retailcrm.dismiss_refusal(
            tx, connection_id=connection.id, refusal_id=refusal.id, now=NOON
        )
    assert await refusals(context, connection) == []


async def test_money_a_manager_took_is_noted(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    [payment] = crm.order_of(placed.order_id)["payments"].values()
    crm.books.edit_payment(crm.books.payments[payment["id"]], {"status": "paid"}, MANAGER)
    await settle(context, connection)
    order = await order_of(context, placed.order_id)
    assert order.payment_state is orders.PaymentStanding.PAID


async def test_a_payment_a_manager_wrote_anew_is_the_one_that_was_due(
    context, shop, crm, connection
):
    placed = await bought(context, shop, connection)
    told = crm.order_of(placed.order_id)
    crm.books.create_payment(
        {
            "order": {"id": told["id"]},
            "type": "transfer",
            "status": "paid",
            "amount": told["totalSumm"],
        },
        MANAGER,
    )
    await settle(context, connection)
    order = await order_of(context, placed.order_id)
    assert order.payment_state is orders.PaymentStanding.PAID
    states = sorted(one["status"] for one in crm.order_of(placed.order_id)["payments"].values())
    assert states == ["canceled", "paid"]
    assert await refusals(context, connection) == []


async def test_online_money_is_proven_by_the_payment_service_only(context, shop, crm, connection):
    placed = await bought(context, shop, connection, payment_method="card")
    [payment] = crm.order_of(placed.order_id)["payments"].values()
    crm.books.edit_payment(crm.books.payments[payment["id"]], {"status": "paid"}, MANAGER)
    await settle(context, connection)
    order = await order_of(context, placed.order_id)
    assert order.payment_state is orders.PaymentStanding.AWAITING
    [told] = crm.order_of(placed.order_id)["payments"].values()
    assert told["status"] != "paid"
    [refusal] = await refusals(context, connection)
    assert refusal.code.startswith("payment_changed")


async def test_an_order_by_telephone_is_placed_here_with_its_goods_held(
    context, shop, crm, connection
):
    told = crm.call_in(shop, quantity=2, orderMethod="phone")
    crm.books.create_payment(
        {"order": {"id": told["id"]}, "type": "cash", "status": "paid", "amount": 4280}, MANAGER
    )
    await settle(context, connection)

    [summary] = await all_orders(context)
    order = await order_of(context, summary.id)
    assert crm.books.orders[told["id"]]["externalId"] == str(order.id)
    assert order.total.minor == 2 * 199000 + 30000
    assert order.recipient.phone == "+79167654321"
    assert order.payment_state is orders.PaymentStanding.PAID
    assert await left(context, shop.variant) == 3
    async with context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=order.party_id)
    assert party.value_of(parties.IdentifierKind.PHONE) == "+79167654321"
    customer = crm.books.customers[crm.books.orders[told["id"]]["customer"]["id"]]
    assert customer["externalId"] == str(party.id)

    await exchange(context, connection)
    await settle(context, connection)
    assert len(await all_orders(context)) == 1
    assert len(crm.books.orders) == 1
    assert await findings(context) == []
    assert await other_findings(context) == []


async def test_goods_known_by_their_article_only(context, shop, crm, connection):
    crm.call_in(
        shop,
        items=[{"offer": {"article": "d-1"}, "quantity": 1, "initialPrice": 2000,
                "discountManualAmount": 100}],
        discountManualAmount=190,
        status="client-confirmed",
    )  # fmt: skip
    await settle(context, connection)
    [summary] = await all_orders(context)
    order = await order_of(context, summary.id)
    assert order.state is orders.OrderState.CONFIRMED
    assert [line.variant_id for line in order.lines] == [shop.variants[1]]
    assert order.goods.minor == 171000
    assert await refusals(context, connection) == []


async def test_what_lacks_is_told_on_both_sides_and_tried_again_by_hand(
    context, shop, crm, connection
):
    told = crm.call_in(shop, quantity=9)
    await settle(context, connection)
    assert await all_orders(context) == []
    there = crm.books.orders[told["id"]]
    assert there["status"] == "no-product"
    assert "9 / 5" in there["statusComment"]
    [refusal] = await refusals(context, connection)
    assert refusal.code == "out_of_stock"

    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 20, now=NOON + timedelta(seconds=1))
        await retailcrm.retry_refusal(
            tx, connection_id=connection.id, refusal_id=refusal.id, now=NOON
        )
    await settle(context, connection)
    [summary] = await all_orders(context)
    assert summary.item_count == Decimal(9)
    assert await refusals(context, connection) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"items": [{"offer": {"externalId": "17"}, "quantity": 1}]}, "unknown_item"),
        ({"items": []}, "no_items"),
        ({"phone": ""}, "no_phone"),
    ],
)
async def test_an_order_that_cannot_be_understood_is_told(
    context, shop, crm, connection, changes, code
):
    crm.call_in(shop, **changes)
    crm.call_in(shop)
    await settle(context, connection)
    assert [one.code for one in await refusals(context, connection)] == [code]
    assert len(await all_orders(context)) == 1


async def test_from_the_day_told_on_by_the_clock_of_the_account(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection.id)
        since = datetime.now(UTC) - timedelta(minutes=1)
        wanted = replace(held, options=replace(held.options, since=since))
        await retailcrm.save_connection(tx, connection=wanted, key=None, secret=b"", now=NOON)
    crm.call_in(shop)
    await settle(context, connection)
    assert len(await all_orders(context)) == 1


async def test_orders_of_other_sites_and_old_ones_are_not_ours(context, shop, crm, connection):
    order = {"phone": "+79161112233", "items": []}
    crm.books.create_order(order, "shop-kz", MANAGER)
    crm.books.clock_offset = timedelta(days=-3650)
    crm.call_in(shop)
    await settle(context, connection)
    assert await all_orders(context) == []
    assert await refusals(context, connection) == []


async def test_a_customer_changed_there_is_changed_here(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    order = await order_of(context, placed.order_id)
    customer = crm.customer_of(order.party_id)
    crm.books.edit_customer(
        customer,
        {
            "firstName": "Анна",
            "lastName": "Смирнова",
            "email": "anna.new@example.org",
            "phones": [*customer["phones"], {"number": "8 (916) 777-66-55"}],
        },
        MANAGER,
    )
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=order.party_id)
    assert (party.given_name, party.family_name) == ("Анна", "Смирнова")
    values = {one.value for one in party.identifiers}
    assert {"+79161234567", "+79167776655", "anna.new@example.org"} <= values
    assert "anna@example.org" not in values


async def test_a_telephone_of_somebody_else_is_told_and_not_taken(context, shop, crm, connection):
    first = await bought(context, shop, connection)
    second = await bought(context, shop, connection, phone="8 916 333-00-11", email="b@example.org")
    order = await order_of(context, second.order_id)
    customer = crm.customer_of(order.party_id)
    crm.books.edit_customer(
        customer, {"phones": [*customer["phones"], {"number": "+79161234567"}]}, MANAGER
    )
    await settle(context, connection)
    sent = len(crm.calls("edit"))
    crm.books.edit_customer(customer, {"firstName": "Бэлла"}, MANAGER)
    await settle(context, connection)
    assert len(crm.calls("edit")) == sent
    assert len(crm.customer_of(order.party_id)["phones"]) == 2
    owner = (await order_of(context, first.order_id)).party_id
    async with context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=owner)
    assert party.value_of(parties.IdentifierKind.PHONE) == "+79161234567"
    [refusal] = await refusals(context, connection)
    assert refusal.code == "identifier_taken:telephone"


async def test_customers_merged_there_are_merged_here(context, shop, crm, connection):
    first = await bought(context, shop, connection)
    second = await bought(context, shop, connection, phone="8 916 333-00-11", email="b@example.org")
    keep = (await order_of(context, first.order_id)).party_id
    absorb = (await order_of(context, second.order_id)).party_id
    crm.books.combine_customers([crm.customer_of(absorb)], crm.customer_of(keep), MANAGER)
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        assert await parties.resolve(snap, party_ids=[absorb]) == {absorb: keep}
    assert not crm.calls("combine"), "what was merged there is not merged there again"
    assert len(crm.books.customers) == 1
    assert await findings(context) == []


async def test_the_number_read_is_kept_with_what_was_read(context, shop, crm, connection):
    crm.call_in(shop)
    crm.mood.fail, crm.mood.fail_path = 1_000, "/v5/orders"
    async with context.database.transaction() as tx:
        await retailcrm.look_now(tx, connection_id=connection.id)
    crm.mood.fail = 0
    crm.mood.is_down = False
    await exchange(context, connection)
    async with context.database.snapshot() as snap:
        held = await retailcrm.get_connection(snap, connection_id=connection.id)
    assert held.order_history_id == 1
    assert len(await all_orders(context)) == 1


async def test_history_out_of_order_and_repeated_changes_nothing(context, shop, crm, connection):
    crm.mood.history_shuffled = crm.mood.history_repeated = True
    for number in range(3):
        crm.call_in(shop, number, phone=f"+7916200000{number}")
    placed = await bought(context, shop, connection)
    crm.edit(crm.order_of(placed.order_id), status="client-confirmed")
    crm.edit(crm.order_of(placed.order_id), status="assembling-complete")
    await settle(context, connection)
    assert len(await all_orders(context)) == 4
    assert (await order_of(context, placed.order_id)).state is orders.OrderState.PACKED


def test_our_echo_tells_nothing_and_other_keys_do():
    about = {"order": {"id": 5}, "field": "status"}
    ours = {"id": 1, "source": "api", "apiKey": {"current": True}, **about}
    theirs = {"id": 2, "source": "api", "apiKey": {"current": False}, **about}
    person = {"id": 3, "source": "user", **about}
    rule = {"id": 4, "source": "rule", **about}
    assert not history.read_news([ours], retailcrm.Kind.ORDER).changed
    for record in (theirs, person, rule):
        assert list(history.read_news([record], retailcrm.Kind.ORDER).changed) == [5]


def test_records_are_sorted_and_each_is_read_once():
    records = [{"id": number} for number in (7, 5, 9, 7, 3)]
    assert [one["id"] for one in history.sort_records(records, since=4)] == [5, 7, 9]


async def test_a_program_of_somebody_else_is_no_echo(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    order = crm.books.orders[crm.order_of(placed.order_id)["id"]]
    crm.books.edit_order(order, {"status": "client-confirmed"}, Author("api", "key-of-another"))
    await settle(context, connection)
    assert (await order_of(context, placed.order_id)).state is orders.OrderState.CONFIRMED


async def test_a_deleted_order_is_told_and_goes_on_here(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    order = crm.books.orders[crm.order_of(placed.order_id)["id"]]
    crm.books.orders.pop(order["id"])
    crm.books._note_order(order, MANAGER, deleted=True)
    await settle(context, connection)
    assert [one.code for one in await refusals(context, connection)] == ["order_deleted"]
    assert (await order_of(context, placed.order_id)).state is orders.OrderState.PLACED


async def test_whose_word_counts_is_a_setting(context, shop, crm, connection):
    placed = await bought(context, shop, connection)
    async with context.database.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection.id)
        owners = {"order.city": "shop"}
        mine = replace(held, options=replace(held.options, owners=owners))
        await retailcrm.save_connection(tx, connection=mine, key=None, secret=b"", now=NOON)
        order = await orders.get_order(tx, order_id=placed.order_id)
        await orders.edit_delivery(
            tx,
            order_id=order.id,
            recipient=order.recipient,
            address=replace(order.delivery.address, city="Тверь", street="Советская"),
            by=orders.By.STAFF,
            comment="",
            now=NOON,
        )
    crm.edit(
        crm.order_of(placed.order_id), delivery={"address": {"city": "Клин", "street": "Мира"}}
    )
    await settle(context, connection)
    order = await order_of(context, placed.order_id)
    assert (order.delivery.address.city, order.delivery.address.street) == ("Тверь", "Мира")
    address = crm.order_of(placed.order_id)["delivery"]["address"]
    assert (address["city"], address["street"]) == ("Тверь", "Мира")


async def test_a_wrong_key_pauses_and_tells(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection.id)
        secret = b"a key that only tests use, long enough"
        await retailcrm.save_connection(tx, connection=held, key="wrong", secret=secret, now=NOON)
    await buy(context, (shop.variant, 1))
    await deliver(context)
    await exchange(context, connection)
    async with context.database.snapshot() as snap:
        held = await retailcrm.get_connection(snap, connection_id=connection.id)
    assert held.error == 'Wrong "apiKey" value'
    assert held.paused_until > NOON
    assert not crm.books.orders
