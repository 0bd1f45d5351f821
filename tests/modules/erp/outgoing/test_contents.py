"""What messages hold: customers, payments, corrections of shops, and when none is made."""

from __future__ import annotations

import json
from decimal import Decimal

from hansa.modules import erp, orders, parties, stock
from hansa.modules.erp import outgoing
from hansa.modules.erp.outgoing.personal import HIDDEN
from tests.support.erp_queue import World, running

ALL = tuple(outgoing.MessageKind)


async def a_customer(world: World, phone: str = "+79161112233") -> parties.Party:
    async with world.context.database.transaction() as tx:
        party_id = await parties.match_or_create(
            tx,
            identifiers=[parties.Identifier(kind=parties.IdentifierKind.PHONE, value=phone)],
            party=parties.NewParty(display_name="Вера Лес"),
            now=world.context.clock.now(),
        )
        return await parties.get_party(tx, party_id=party_id)


async def test_a_customer_leaves_whole_and_again_when_it_changes(world: World) -> None:
    await world.configure(kinds=ALL)
    async with running(world):
        party = await a_customer(world)
        await world.until_states("acknowledged", kind="customer")
        async with world.context.database.transaction() as tx:
            await parties.save_profile(
                tx,
                party_id=party.id,
                profile=parties.Profile(display_name="Вера Лесная"),
                now=world.context.clock.now(),
            )
        await world.until_states("acknowledged", "acknowledged", kind="customer")

    told = world.onec.intake.customers[str(party.id)]
    assert (told["name"], told["phone"]) == ("Вера Лесная", "+79161112233")


async def test_a_merged_customer_names_who_stands_for_it(world: World) -> None:
    await world.configure(kinds=ALL)
    first, second = await a_customer(world), await a_customer(world, "+79164445566")
    async with running(world):
        await world.until_states("acknowledged", "acknowledged", kind="customer")
        async with world.context.database.transaction() as tx:
            await parties.merge_parties(
                tx, keep=first.id, absorb=second.id, by=None, now=world.context.clock.now()
            )
        await world.until(
            lambda: world.onec.intake.customers[str(second.id)]["replaced_by"] == str(first.id)
        )


async def test_a_correction_of_a_shop_goes_to_whom_knows_the_shop(world: World) -> None:
    await world.configure(kinds=ALL)
    now = world.context.clock.now()
    async with running(world):
        async with world.context.database.transaction() as tx:
            await erp.link_references(
                tx,
                connection=world.connection,
                kind="warehouse",
                links={"central": world.shop.central},
            )
            for number, place in enumerate((world.shop.central, world.shop.corner)):
                await stock.set_levels(
                    tx,
                    source=world.connection.source,
                    levels=[
                        stock.Level(
                            warehouse_id=place,
                            variant_id=world.shop.variant,
                            on_hand=Decimal(5),
                            as_of=now,
                        )
                    ],
                    now=now,
                )
                await stock.correct(
                    tx,
                    warehouse_id=place,
                    variant_id=world.shop.variant,
                    kind=stock.CorrectionKind.DEFECTIVE,
                    quantity=Decimal(2),
                    reference=f"question {number}",
                    note="a hole",
                    now=now,
                )
        await world.until_states("acknowledged", kind="correction")

    [told] = world.onec.intake.corrections.values()
    assert (told["erp_warehouse_id"], told["kind"], told["quantity"]) == (
        "central",
        "defective",
        "2",
    )
    assert told["is_over"] is False


async def test_what_the_erp_said_itself_is_no_news_for_it(world: World) -> None:
    async with running(world):
        placed = await world.buy()
        await world.until_states("acknowledged")
        async with world.context.database.transaction() as tx:
            await orders.apply_erp_status(
                tx,
                status=orders.ErpStatus(number=placed.number, state=orders.ErpState.CONFIRMED),
                now=world.context.clock.now(),
            )
        other = await world.buy()
        await world.until_states("acknowledged", "acknowledged")

    assert [one.order_number for one in world.onec.accepted()] == [placed.number, other.number]


async def test_orders_of_before_the_queue_stay_where_they_are(world: World) -> None:
    await world.buy()
    await world.configure(starts_at=world.context.clock.now())
    async with running(world):
        late = await world.buy()
        await world.until_states("acknowledged")

    assert [one.order_number for one in world.onec.accepted()] == [late.number]
    assert await world.findings() == []


async def test_a_lost_message_is_found_by_the_check(world: World) -> None:
    async with running(world, sender=False):
        placed = await world.buy()
        await world.until_states("waiting")
    async with world.context.database.transaction() as tx:
        await tx.execute("delete from erp_message")

    found = await world.findings()

    assert len(found) == 1
    assert placed.number in found[0]


def test_personal_data_are_hidden_field_by_field() -> None:
    payload = json.dumps(
        {
            "contract": "order.v2",
            "number": "RU-1",
            "recipient": {"name": "Анна", "phone": "+7916", "email": ""},
            "delivery": {"city": "Москва", "method": "courier"},
            "lines": [{"name": "Платье"}],
        }
    ).encode()

    shown = json.loads(outgoing.readable(payload, with_personal_data=False))

    assert shown["recipient"] == HIDDEN
    assert shown["delivery"] == {"city": HIDDEN, "method": "courier"}
    assert shown["lines"] == [{"name": "Платье"}]
