"""The pure search for places: its rules by example, its promises by property."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.fulfilment.rules import (
    Criterion,
    Facts,
    Place,
    Plan,
    Reason,
    Rule,
    Taken,
    Want,
)
from hansa.modules.fulfilment.sourcing import distance_km, source

DRESS, COAT, SCARF = (UUID(int=number) for number in (1, 2, 3))
ANYWHERE = (Rule(name="anywhere"),)


def place(number: int, *, kind: str = "shop", **changes) -> Place:
    return Place(
        id=UUID(int=100 + number), code=f"p{number}", kind=kind, position=number, **changes
    )


def facts(wants: dict[UUID, int], stocks: dict[Place, dict[UUID, int]], **changes) -> Facts:
    return Facts(
        wants=tuple(Want(variant, Decimal(count)) for variant, count in wants.items()),
        places=tuple(stocks),
        shelves={
            (at.id, variant): Decimal(count)
            for at, shelf in stocks.items()
            for variant, count in shelf.items()
        },
        **changes,
    )


def taken(plan: Plan) -> dict[tuple[UUID, UUID], int]:
    return {(one.place_id, one.variant_id): int(one.quantity) for one in plan.taken}


def test_the_own_warehouse_comes_before_shops() -> None:
    shop, own = place(1), place(2, kind="warehouse")

    plan = source(facts({DRESS: 1}, {shop: {DRESS: 9}, own: {DRESS: 1}}), ANYWHERE)

    assert plan.taken == (Taken(own.id, DRESS, Decimal(1)),)


def test_one_shop_with_everything_beats_two_with_parts() -> None:
    first, second, whole = place(1), place(2), place(3)
    stocks = {first: {DRESS: 1}, second: {COAT: 1}, whole: {DRESS: 1, COAT: 1}}

    plan = source(facts({DRESS: 1, COAT: 1}, stocks), ANYWHERE)

    assert taken(plan) == {(whole.id, DRESS): 1, (whole.id, COAT): 1}


def test_the_same_city_comes_before_a_nearer_place_elsewhere() -> None:
    near = place(1, city="Химки", latitude=55.89, longitude=37.43)
    there = place(2, city="Москва", latitude=55.60, longitude=37.60)
    asked = facts(
        {DRESS: 1},
        {near: {DRESS: 1}, there: {DRESS: 1}},
        city="москва",
        latitude=55.9,
        longitude=37.4,
    )
    by_distance = Rule(rank=(Criterion.DISTANCE,))

    assert taken(source(asked, ANYWHERE)) == {(there.id, DRESS): 1}
    assert taken(source(asked, (by_distance,))) == {(near.id, DRESS): 1}


def test_distance_is_along_the_earth() -> None:
    moscow = facts({}, {}, latitude=55.7558, longitude=37.6173)
    petersburg = place(1, latitude=59.9343, longitude=30.3351)

    assert distance_km(moscow, petersburg) == pytest.approx(634, abs=3)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(kinds=("warehouse",)), Reason.WRONG_KIND),
        (Rule(groups=("flagship",)), Reason.WRONG_GROUP),
        (Rule(only_codes=("p9",)), Reason.EXCLUDED),
        (Rule(not_codes=("p1",)), Reason.EXCLUDED),
        (Rule(stock_depth_min=Decimal(3)), Reason.TOO_FEW),
        (Rule(open_questions_max=2), Reason.BUSY),
        (Rule(orders_today_max=5), Reason.BUSY),
        (Rule(must_be_open=True), Reason.CLOSED),
    ],
)
def test_a_filter_leaves_a_place_out_and_says_why(rule, reason) -> None:
    shop = place(1, open_questions=2, orders_today=5, is_open=False)

    plan = source(facts({DRESS: 1}, {shop: {DRESS: 3}}), (rule,))

    assert plan.taken == ()
    assert [verdict.reason for verdict in plan.verdicts] == [reason]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Rule(total_from_minor=1000), True),
        (Rule(total_from_minor=1001), False),
        (Rule(total_below_minor=1000), False),
        (Rule(delivery_kinds=("courier",)), True),
        (Rule(delivery_kinds=("pickup",)), False),
        (Rule(cities=("ОРЁЛ",)), True),
        (Rule(cities=("Москва",)), False),
        (Rule(category_ids=(COAT,)), True),
        (Rule(category_ids=(SCARF,)), False),
    ],
)
def test_a_rule_counts_when_its_conditions_hold(condition, holds) -> None:
    asked = facts(
        {DRESS: 1},
        {place(1): {DRESS: 1}},
        total_minor=1000,
        delivery_kind="courier",
        city="орел",
        category_ids=frozenset({COAT}),
    )

    assert bool(source(asked, (condition,)).taken) is holds


def test_what_one_rule_leaves_the_next_looks_for() -> None:
    own, shop = place(1, kind="warehouse"), place(2)
    rules = (Rule(name="own", kinds=("warehouse",)), Rule(name="shops", kinds=("shop",)))

    plan = source(facts({DRESS: 3}, {own: {DRESS: 2}, shop: {DRESS: 5}}), rules)

    assert taken(plan) == {(own.id, DRESS): 2, (shop.id, DRESS): 1}


def test_without_splitting_it_is_one_place_or_none() -> None:
    rule = Rule(allow_split=False)
    apart = {place(1): {DRESS: 1}, place(2): {COAT: 1}}
    together = {**apart, place(3): {DRESS: 1, COAT: 1}}

    assert source(facts({DRESS: 1, COAT: 1}, apart), (rule,)).taken == ()
    assert len(taken(source(facts({DRESS: 1, COAT: 1}, together), (rule,)))) == 2


def test_who_has_said_no_is_not_asked_again() -> None:
    first, second = place(1), place(2)
    stocks = {first: {DRESS: 1}, second: {DRESS: 1}}
    asked = facts({DRESS: 1}, stocks, refused=frozenset({(first.id, DRESS)}))

    plan = source(asked, ANYWHERE)

    assert taken(plan) == {(second.id, DRESS): 1}
    assert plan.verdicts[0].reason is Reason.ANSWERED_NO


def test_a_sequence_of_codes_decides_when_the_rule_says_so() -> None:
    stocks = {place(1): {DRESS: 1}, place(2): {DRESS: 1}, place(3): {DRESS: 1}}
    rule = Rule(rank=(Criterion.SEQUENCE,), sequence=("p3", "p2"))

    assert taken(source(facts({DRESS: 1}, stocks), (rule,))) == {(place(3).id, DRESS): 1}


# -- properties ------------------------------------------------------------------------------------

VARIANTS = st.sampled_from([DRESS, COAT, SCARF])


@st.composite
def situations(draw) -> Facts:
    places = [
        place(
            number,
            kind=draw(st.sampled_from(["shop", "shop", "warehouse"])),
            city=draw(st.sampled_from(["Москва", "Тула"])),
            open_questions=draw(st.integers(0, 3)),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    stocks = {one: draw(st.dictionaries(VARIANTS, st.integers(-2, 4))) for one in places}
    wants = draw(st.dictionaries(VARIANTS, st.integers(1, 6), min_size=1))
    pairs = st.sampled_from([(one.id, v) for one in places for v in wants] or [(DRESS, DRESS)])
    return facts(wants, stocks, city="Москва", refused=frozenset(draw(st.sets(pairs, max_size=3))))


RULES = st.lists(
    st.builds(
        Rule,
        kinds=st.sampled_from([(), ("shop",), ("warehouse",)]),
        stock_depth_min=st.sampled_from([Decimal(0), Decimal(1)]),
        rank=st.permutations(list(Criterion)).map(tuple),
        allow_split=st.booleans(),
        max_parts=st.integers(1, 4),
        search_limit=st.sampled_from([0, 1, 10, 1000]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)


def offered(asked: Facts, variant: UUID, places: tuple[Place, ...]) -> Decimal:
    return sum(
        (
            max(Decimal(0), asked.shelves.get((one.id, variant), Decimal(0)))
            for one in places
            if (one.id, variant) not in asked.refused
        ),
        Decimal(0),
    )


@given(situations(), RULES)
def test_no_plan_takes_what_is_not_there_or_not_wanted(asked, rules) -> None:
    plan = source(asked, rules)

    for one in plan.taken:
        assert 0 < one.quantity <= asked.shelves[one.place_id, one.variant_id]
        assert (one.place_id, one.variant_id) not in asked.refused
    for want in asked.wants:
        got = sum((t.quantity for t in plan.taken if t.variant_id == want.variant_id), Decimal(0))
        short = sum((s.quantity for s in plan.short if s.variant_id == want.variant_id), Decimal(0))
        assert got + short == want.quantity


@given(situations())
def test_everything_is_found_wherever_it_lies(asked) -> None:
    plan = source(asked, (Rule(max_parts=10, search_limit=0),))

    for want in asked.wants:
        got = sum((t.quantity for t in plan.taken if t.variant_id == want.variant_id), Decimal(0))
        assert got == min(want.quantity, offered(asked, want.variant_id, asked.places))


@given(situations(), st.integers(1, 3))
def test_if_few_places_suffice_as_few_are_taken(asked, most) -> None:
    rule = Rule(rank=(Criterion.FEWEST_SPLITS,), max_parts=most, search_limit=10_000)

    plan = source(asked, (rule,))

    enough = [
        size
        for size in range(1, most + 1)
        for chosen in combinations(asked.places, size)
        if all(offered(asked, w.variant_id, chosen) >= w.quantity for w in asked.wants)
    ]
    if enough:
        assert not plan.short
        assert len({one.place_id for one in plan.taken}) == min(enough)
    assert len({one.place_id for one in plan.taken}) <= most


@given(situations(), RULES)
def test_the_search_stops_at_its_limit_and_is_repeatable(asked, rules) -> None:
    plan = source(asked, rules)

    assert plan.compared <= sum(rule.search_limit for rule in rules)
    again = replace(asked, places=tuple(reversed(asked.places)))
    assert taken(source(again, rules)) == taken(plan)


@given(situations(), RULES)
def test_every_place_has_a_verdict_for_every_line(asked, rules) -> None:
    plan = source(asked, rules[:1])

    judged = {(one.place_id, one.variant_id) for one in plan.verdicts}
    assert judged == {(one.id, want.variant_id) for one in asked.places for want in asked.wants}
