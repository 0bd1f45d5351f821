"""What of a line ends, decided without a database; and which bindings go with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.modules.stock.containing import OpenLine, Reported, Shipped, Told, decide
from hansa.modules.stock.model import Containment
from hansa.modules.stock.shelf import take_down

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def number(place: UUID, on_hand: int, minute: int, **more: object) -> Reported:
    told = Reported(place, Decimal(on_hand), NOON + minute * MINUTE, is_in_channel=True)
    return told._replace(source="1c", policy=Containment.ERP_NETS_ORDERS)._replace(**more)


def line(quantity: int, **more: object) -> OpenLine:
    plain = OpenLine(
        reservation_id=C,
        order_id=C,
        variant_id=C,
        channel="ru",
        warehouse_id=None,
        open=Decimal(quantity),
        ordered_at=NOON,
        told=(Told("1c", 1, NOON + MINUTE, NOON, is_complete=True),),
    )
    return replace(plain, **more)


def test_what_left_a_shelf_and_was_netted_there_waits_no_more() -> None:
    left = (
        Shipped("1", A, Decimal(1), NOON + 5 * MINUTE),
        Shipped("2", B, Decimal(1), NOON + 5 * MINUTE),
    )
    bound = ((A, Decimal(1)), (B, Decimal(1)))

    ended = decide(
        line(2, bound=bound, shipped=left),
        reported=[number(A, 4, 2), number(B, 4, 0)],
        listing={},
    )

    assert ended.parts == [(A, 1)]
    assert ended.shipped == {"1": 1}


def test_of_a_shipment_larger_than_what_ended_the_rest_goes_on_waiting() -> None:
    left = (Shipped("1", A, Decimal(3), NOON + 5 * MINUTE),)
    bound = ((A, Decimal(2)), (B, Decimal(1)))

    ended = decide(
        line(3, bound=bound, shipped=left),
        reported=[number(A, 4, 2), number(B, 4, 0)],
        listing={},
    )

    assert (ended.quantity, ended.waiting, ended.left) == (2, 1, 1)


def test_no_more_waits_than_is_open() -> None:
    left = (Shipped("1", B, Decimal(1), NOON + 5 * MINUTE),)

    ended = decide(
        line(1, bound=((A, Decimal(1)),), shipped=left),
        reported=[number(A, 4, 2), number(B, 4, 0)],
        listing={},
    )

    assert (ended.quantity, ended.waiting) == (1, 0)


def test_a_listing_ends_what_is_not_bound_elsewhere() -> None:
    shipping = {"policy": Containment.ON_SHIPMENT}
    reported = [number(A, 4, 2, **shipping), number(B, 4, 2, **shipping)]

    ended = decide(line(3, bound=((B, Decimal(2)),)), reported=reported, listing={A: NOON + MINUTE})
    again = decide(
        line(2, bound=((B, Decimal(2)),), listed=frozenset({A})),
        reported=reported,
        listing={A: NOON + MINUTE},
    )

    assert ended.parts == [(A, 1)]
    assert again.parts == []


def test_a_listing_of_another_shop_says_nothing_of_a_pickup() -> None:
    ended = decide(line(1, warehouse_id=A, told=()), reported=[number(B, 4, 2)], listing={B: NOON})

    assert ended.parts == []


def test_of_bindings_the_shelf_taken_from_goes_first_then_the_newest() -> None:
    bound = ((A, Decimal(2)), (B, Decimal(2)), (C, Decimal(2)))

    assert take_down(bound, taken={A: Decimal(1)}, open_=Decimal(3)) == {A: 1, C: 2}
    assert take_down(bound, taken={}, open_=Decimal(0)) == {A: 2, B: 2, C: 2}
    assert take_down(bound, taken={}, open_=Decimal(9)) == {}
