"""The first load, what is kept of persons, and customers parted again."""

from datetime import timedelta
from uuid import UUID

from hansa.modules import orders, parties, retailcrm
from sandbox.retailcrm.books import MANAGER
from tests.conftest import NOON
from tests.support.buying import buy
from tests.support.retailcrm import deliver, findings, settle
from tests.support.shop import put_stock


def who(number):
    return {"phone": f"8 916 222-{number:02}-00", "email": f"{number}@example.org"}


async def load(context, connection):
    async with context.database.transaction() as tx:
        await retailcrm.begin_load(tx, connection_id=connection.id, now=NOON)
    await settle(context, connection)
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        return (await retailcrm.get_connection(snap, connection_id=connection.id)).load


async def forget(context):
    """Let what was noted before the load be forgotten, as if it were from before the connection."""
    await deliver(context)
    async with context.database.transaction() as tx:
        await tx.execute("delete from retailcrm_outgoing")
        await tx.execute("delete from retailcrm_stock")


async def test_everything_from_before_is_sent_once(context, shop, crm, connection):
    async with context.database.transaction() as tx:
        for variant in shop.variants:
            await put_stock(tx, shop.central, variant, 50, now=NOON + timedelta(seconds=1))
    placed = [await buy(context, (shop.variants[n % 3], 1), **who(n)) for n in range(30)]
    await forget(context)

    done = await load(context, connection)
    assert (done.state, done.total) == ("done", 60)
    assert {one["externalId"] for one in crm.books.orders.values()} == {
        str(one.order_id) for one in placed
    }
    assert len(crm.books.customers) == 30
    assert crm.books.stock[str(shop.variant)] == {"msk-1": 40}
    assert len(crm.calls("upload")) == 3

    await load(context, connection)
    assert len(crm.books.orders) == len(crm.books.customers) == 30
    assert len(crm.calls("orders/upload")) == 1
    assert await findings(context) == []


async def test_what_the_crm_has_already_is_recognised(context, shop, crm, connection):
    placed = await buy(context, (shop.variant, 1))
    await forget(context)
    anna = crm.books.create_customer(
        {"firstName": "Анна", "phones": [{"number": "+7 916 123-45-67"}]}, "shop-ru", MANAGER
    )
    crm.books.create_order(
        {"externalId": str(placed.order_id), "customer": {"id": anna["id"]}}, "shop-ru", MANAGER
    )
    stranger = crm.books.create_customer(
        {"firstName": "Олег", "phones": [{"number": "+7 916 999-00-11"}]}, "shop-ru", MANAGER
    )
    await load(context, connection)
    assert len(crm.books.orders) == 1
    assert len(crm.books.customers) == 2
    async with context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=UUID(stranger["externalId"]))
        order = await orders.get_order(snap, order_id=placed.order_id)
    assert party.given_name == "Олег"
    assert crm.customer_of(order.party_id)["id"] == anna["id"]


async def test_two_customers_who_are_one_here_are_told(context, shop, crm, connection):
    for name in ("Анна", "Аня"):
        told = {"firstName": name, "phones": [{"number": "+79161234567"}]}
        crm.books.create_customer(told, "shop-ru", MANAGER)
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        [refusal] = await retailcrm.list_refusals(snap, connection_id=connection.id)
    assert refusal.code == "customer_twice"
    first, second = crm.books.customers.values()
    crm.books.combine_customers([second], first, MANAGER)
    await settle(context, connection)
    assert first["externalId"]
    async with context.database.snapshot() as snap:
        assert not await retailcrm.list_refusals(snap, connection_id=connection.id)


async def test_a_load_interrupted_goes_on(context, shop, crm, connection):
    for n in range(4):
        await buy(context, (shop.variants[n % 3], 1), **who(n))
    await forget(context)
    crm.mood.fail, crm.mood.fail_path = 7, "v5"
    done = await load(context, connection)
    assert done.state == "done"
    assert len(crm.books.orders) == 4


async def test_of_persons_only_fingerprints_are_kept(context, shop, crm, connection):
    await buy(context, (shop.variant, 1))
    crm.call_in(shop)
    await settle(context, connection)
    async with context.database.snapshot() as snap:
        rows = await snap.all(
            "select agreed::text as text from retailcrm_link"
            " union all select coalesce(intent::text, '') from retailcrm_outgoing"
            " union all select facts::text from retailcrm_refusal"
        )
    kept = " ".join(row.text for row in rows)
    assert "placed" in kept
    for personal in ("9161234567", "9167654321", "anna@", "Иванова", "Петрова", "Арбат"):
        assert personal not in kept


async def test_customers_parted_again_are_two_again(context, shop, crm, connection):
    first = await buy(context, (shop.variant, 1), **who(1))
    second = await buy(context, (shop.variant, 1), **who(2))
    await settle(context, connection)
    async with context.database.transaction() as tx:
        keep = (await orders.get_order(tx, order_id=first.order_id)).party_id
        absorb = (await orders.get_order(tx, order_id=second.order_id)).party_id
        merge = await parties.merge_parties(tx, keep=keep, absorb=absorb, by=None, now=NOON)
    await settle(context, connection)
    assert len(crm.books.customers) == 1
    async with context.database.transaction() as tx:
        await parties.undo_merge(tx, merge_id=merge, by=None, now=NOON)
    await settle(context, connection)
    assert len(crm.books.customers) == 2
    assert crm.customer_of(keep)["phones"] == [{"number": "+79162220100"}]
    assert crm.customer_of(absorb)["phones"] == [{"number": "+79162220200"}]
    assert await findings(context) == []
