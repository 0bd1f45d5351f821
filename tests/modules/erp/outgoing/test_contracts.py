"""Contract versions side by side, and going from one to the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hansa.modules import erp
from hansa.modules.erp import outgoing
from hansa.modules.erp.outgoing.model import check_contracts
from hansa.modules.erp.outgoing.rendering import schema
from tests.support.erp_queue import KEY, World, running
from tests.support.onec_service import PASSWORD, USER, onec_service

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
V1 = outgoing.Contract(version=1, starts_at=NOON)


async def contracts(world: World, *held: outgoing.Contract) -> None:
    async with world.context.database.transaction() as tx:
        await outgoing.save_contracts(tx, connection_id=world.connection.id, contracts=held)


def since(world: World, version: int, *, ends_at: datetime | None = None) -> outgoing.Contract:
    starts_at = world.context.clock.now() - timedelta(minutes=1)
    return outgoing.Contract(version=version, starts_at=starts_at, ends_at=ends_at)


def test_a_switch_ends_one_version_and_begins_the_other_at_its_instant() -> None:
    at = NOON + timedelta(days=1)

    held = outgoing.switched([V1], to=2, at=at)

    own = outgoing.Outgoing(connection_id=uuid4(), starts_at=NOON, contracts=held)
    assert own.versions(at - timedelta(microseconds=1)) == (1,)
    assert own.versions(at) == (2,)


@pytest.mark.parametrize(
    "held",
    [
        [],
        [outgoing.Contract(version=9, starts_at=NOON)],
        [outgoing.Contract(version=1, starts_at=NOON, ends_at=NOON)],
        [V1, V1],
    ],
)
def test_periods_without_sense_are_refused(held: list[outgoing.Contract]) -> None:
    with pytest.raises(outgoing.OutgoingInvalid):
        check_contracts(held)


@pytest.mark.parametrize("version", outgoing.VERSIONS)
def test_a_version_is_described_as_json_schema(version: int) -> None:
    described = schema(version)

    assert {f"#/$defs/OrderV{version}", f"#/$defs/CustomerV{version}"} <= {
        one["$ref"] for one in described["oneOf"]
    }
    assert described["$defs"][f"OrderV{version}"]["properties"]["contract"]["enum"] == [
        f"order.v{version}"
    ]


async def test_two_versions_at_once_carry_the_same_order(world: World) -> None:
    await contracts(world, since(world, 1), since(world, 2))
    async with running(world):
        placed = await world.buy(pieces=2)
        await world.until_states("acknowledged", "acknowledged")

    first, second = [json.loads(one.payload) for one in await world.messages()]
    assert [first["contract"], second["contract"]] == ["order.v1", "order.v2"]
    assert first["number"] == second["number"] == placed.number
    assert second["total"] == {"amount": first["total"], "currency": "RUB"}
    assert second["lines"][0]["quantity"] == first["lines"][0]["quantity"] == "2"
    assert world.onec.intake.faults() == []


async def test_what_waits_unsent_is_written_anew_when_its_version_ends(world: World) -> None:
    placed = [await world.buy() for _ in range(3)]
    async with running(world, sender=False):
        await world.until_states(*["waiting"] * 3)
    world.onec.misbehave(contracts=["v2"])
    now = world.context.clock.now()
    async with world.context.database.transaction() as tx:
        await outgoing.switch_contract(tx, connection_id=world.connection.id, to=2, at=now)

    async with running(world):
        await world.until_states(*["replaced"] * 3, *["acknowledged"] * 3)

    assert {one.contract for one in world.onec.intake.records} == {"order.v2"}
    assert {one.order_number for one in world.onec.accepted()} == {one.number for one in placed}
    assert await world.findings() == []


async def test_a_version_that_1c_gave_up_before_us_doubles_nothing(world: World) -> None:
    """1C took some orders as version 1 and lost the answers, then it changed to version 2."""
    taken = [await world.buy() for _ in range(3)]
    world.onec.misbehave(lose_answers=1)
    async with running(world):
        await world.until(lambda: len(world.onec.accepted()) == len(taken))
        world.onec.misbehave(contracts=["v2"])
        await contracts(world, since(world, 1), since(world, 2))
        late = [await world.buy() for _ in range(3)]
        await world.until(lambda: _all_taken(world, [*taken, *late], "order.v2", len(late)))
        await world.until_all_ended()

    by_order = {one.order_number: one.contract for one in world.onec.accepted()}
    assert {by_order[one.number] for one in taken} == {"order.v1"}
    assert {by_order[one.number] for one in late} == {"order.v2"}
    assert len(world.onec.accepted()) == len(taken) + len(late)
    assert world.onec.intake.faults() == []


def _all_taken(world: World, placed: list, contract: str, number: int) -> bool:
    accepted = world.onec.accepted()
    in_it = [one for one in accepted if one.contract == contract]
    return len(in_it) == number and {one.order_number for one in accepted} == {
        one.number for one in placed
    }


async def test_two_connections_take_different_versions(world: World) -> None:
    now = world.context.clock.now()
    with onec_service() as second:
        async with world.context.database.transaction() as tx:
            other = await erp.ensure_connection(tx, market="ru", now=now, code="local")
            await outgoing.save_outgoing(
                tx,
                outgoing=outgoing.Outgoing(
                    connection_id=other.id,
                    address=second.address,
                    sign_in=outgoing.SignIn.BEARER,
                    user_name=USER,
                    kinds=(outgoing.MessageKind.ORDER,),
                    starts_at=now - timedelta(seconds=1),
                    contracts=(since(world, 2),),
                ),
                key=KEY,
                secret=PASSWORD,
            )
        async with running(world):
            placed = await world.buy()
            await world.until(lambda: len(second.accepted()) == len(world.onec.accepted()) == 1)

        assert [one.contract for one in world.onec.accepted()] == ["order.v1"]
        assert [one.contract for one in second.accepted()] == ["order.v2"]
        assert second.accepted()[0].order_number == placed.number
