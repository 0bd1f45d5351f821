"""Which warehouse serves which pieces: rules as data, and the pure search they steer.

A rule filters the places of each line, then ranks what is left. Rules are tried in order; what one
could not find the next one looks for. Of the sets of places that hold everything, the cheapest by
the rule's criteria is taken: sets are built greedily first (the place that serves most), then
compared one by one in order of rank as long as the rule's `search_limit` lasts, so that the answer
is the same for the same facts, and an order of many lines in a chain of many shops costs no more
than that many comparisons.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from hansa.modules.fulfilment.rules import (
    ZERO,
    Criterion,
    Facts,
    Place,
    Plan,
    Reason,
    Rule,
    Taken,
    Verdict,
    Want,
)

_FAR_KM = 100_000


@dataclass(slots=True)
class _Search:
    """The bounded search of one rule."""

    rule: Rule
    facts: Facts
    wants: dict[UUID, Decimal]
    offers: Mapping[UUID, Mapping[UUID, Decimal]]  # by place, then variant
    order: list[Place] = field(default_factory=list)
    ranks: dict[UUID, int] = field(default_factory=dict)
    values: dict[UUID, dict[Criterion, float]] = field(default_factory=dict)
    compared: int = 0


def source(facts: Facts, rules: Sequence[Rule]) -> Plan:
    """Find places for everything wanted, rule after rule; equal facts give equal plans.

    Never takes more of a shelf than there is, nor more of a variant than is wanted.
    """
    left = {want.variant_id: ZERO for want in facts.wants}
    for want in facts.wants:
        left[want.variant_id] += want.quantity
    shelves = dict(facts.shelves)
    taken: list[Taken] = []
    verdicts: list[Verdict] = []
    compared = 0
    for rule in rules:
        wants = {variant: quantity for variant, quantity in left.items() if quantity > 0}
        if not wants or not rule.is_active or not _counts(rule, facts):
            continue
        offers, refusals = _filter(rule, facts, wants, shelves)
        search = _Search(rule, facts, wants, offers)
        search.values = {
            place.id: {one: _value(search, place, one) for one in rule.rank}
            for place in facts.places
            if offers.get(place.id)
        }
        search.order = sorted(
            (place for place in facts.places if offers.get(place.id)),
            key=lambda place: _rank(search, place),
        )
        search.ranks = {place.id: number for number, place in enumerate(search.order)}
        found = _best(search)
        compared += search.compared
        verdicts += refusals
        verdicts += _accounts(search, found)
        for one in found:
            left[one.variant_id] -= one.quantity
            shelves[one.place_id, one.variant_id] -= one.quantity
        taken += found
    return Plan(
        taken=tuple(_summed(taken)),
        short=tuple(Want(variant, quantity) for variant, quantity in left.items() if quantity > 0),
        verdicts=tuple(verdicts),
        compared=compared,
    )


def _counts(rule: Rule, facts: Facts) -> bool:
    """Say whether the rule's conditions hold for the order."""
    if rule.total_from_minor is not None and facts.total_minor < rule.total_from_minor:
        return False
    if rule.total_below_minor is not None and facts.total_minor >= rule.total_below_minor:
        return False
    if rule.delivery_kinds and facts.delivery_kind not in rule.delivery_kinds:
        return False
    if rule.cities and _word(facts.city) not in {_word(city) for city in rule.cities}:
        return False
    return not rule.category_ids or bool(facts.category_ids.intersection(rule.category_ids))


def _word(text: str) -> str:
    return text.strip().casefold().replace("ё", "е")


def _filter(
    rule: Rule,
    facts: Facts,
    wants: Mapping[UUID, Decimal],
    shelves: Mapping[tuple[UUID, UUID], Decimal],
) -> tuple[dict[UUID, dict[UUID, Decimal]], list[Verdict]]:
    """Give what each place offers, and why the others offer nothing."""
    offers: dict[UUID, dict[UUID, Decimal]] = {}
    refusals: list[Verdict] = []
    for place in facts.places:
        whole = _refusal(rule, place)
        for variant_id in wants:
            pair = (place.id, variant_id)
            on_shelf = max(ZERO, shelves.get(pair, ZERO))
            spare = max(ZERO, on_shelf - rule.stock_depth_min)
            reason = whole
            if reason is None and pair in facts.refused:
                reason = Reason.ANSWERED_NO
            if reason is None and pair in facts.asked:
                reason = Reason.BEING_ASKED
            if reason is None and on_shelf <= 0:
                reason = Reason.NO_STOCK
            if reason is None and spare <= 0:
                reason = Reason.TOO_FEW
            if reason is None:
                offers.setdefault(place.id, {})[variant_id] = spare
            else:
                refusals.append(Verdict(rule.name, place.id, variant_id, reason, on_shelf))
    return offers, refusals


def _refusal(rule: Rule, place: Place) -> Reason | None:
    """Say why the rule does not take a place at all, whatever it has."""
    limits = (
        (rule.open_questions_max, place.open_questions),
        (rule.orders_today_max, place.orders_today),
    )
    checks = (
        (Reason.WRONG_KIND, bool(rule.kinds) and place.kind not in rule.kinds),
        (Reason.WRONG_GROUP, bool(rule.groups) and not set(rule.groups).intersection(place.groups)),
        (Reason.EXCLUDED, bool(rule.only_codes) and place.code not in rule.only_codes),
        (Reason.EXCLUDED, place.code in rule.not_codes),
        (Reason.PAUSED, place.is_paused),
        (Reason.CLOSED, rule.must_be_open and not place.is_own and not place.is_open),
        (Reason.BUSY, any(most is not None and count >= most for most, count in limits)),
    )
    return next((reason for reason, is_so in checks if is_so), None)


def _best(search: _Search) -> list[Taken]:
    """Give the cheapest way to take as much as possible of what is wanted."""
    most = search.rule.max_parts if search.rule.allow_split else 1
    if not search.order or most < 1:
        return []
    everything = sum(search.wants.values(), ZERO)
    first = _serve(search, search.order[:1])
    if _sum(first) == everything:
        return first  # no set can be better than the first place alone
    best = _serve(search, _greedy(search, most))
    least, reach = _cost(search, best), _reach(search)
    for chosen in _candidates(search, most):
        if search.compared >= search.rule.search_limit:
            break
        search.compared += 1
        # Most sets hold less than what is known; that is seen without sharing the lines out.
        if _held(search, reach, chosen) < _sum(best):
            continue
        found = _serve(search, chosen)
        cost = _cost(search, found)
        if cost < least:
            best, least = found, cost
    if not search.rule.allow_split and _sum(best) < everything:
        return []
    return best


def _greedy(search: _Search, most: int) -> list[Place]:
    """Build a set by taking, again and again, the place that serves most of what is left."""
    left = dict(search.wants)
    chosen: list[Place] = []
    while len(chosen) < most and any(left.values()):
        places = [place for place in search.order if place not in chosen]
        best = max(places, key=lambda place: _served(search, place, left), default=None)
        if best is None or _served(search, best, left) <= 0:
            break
        chosen.append(best)
        for variant_id, offered in search.offers[best.id].items():
            left[variant_id] -= min(left[variant_id], offered)
    return chosen


def _served(search: _Search, place: Place, left: Mapping[UUID, Decimal]) -> Decimal:
    offered = search.offers[place.id]
    return sum((min(left[variant], count) for variant, count in offered.items()), ZERO)


def _reach(search: _Search) -> dict[UUID, tuple[Decimal, ...]]:
    """Give what each place holds, in the order of the lines."""
    return {
        place.id: tuple(search.offers[place.id].get(variant, ZERO) for variant in search.wants)
        for place in search.order
    }


def _held(
    search: _Search, reach: Mapping[UUID, tuple[Decimal, ...]], chosen: Sequence[Place]
) -> Decimal:
    """Give how many of the wanted pieces a set of places holds together."""
    sums = [sum(counts) for counts in zip(*(reach[place.id] for place in chosen), strict=True)]
    pairs = zip(search.wants.values(), sums, strict=True)
    return sum((min(wanted, count) for wanted, count in pairs), ZERO)


def _candidates(search: _Search, most: int) -> Iterator[list[Place]]:
    """Give sets of places, small ones first, each in the order of rank."""
    for size in range(1, min(most, len(search.order)) + 1):
        for chosen in combinations(search.order, size):
            yield list(chosen)


def _serve(search: _Search, chosen: Sequence[Place]) -> list[Taken]:
    """Take from a set of places: a line whole from the first that can, else from each in turn."""
    ranked = sorted(chosen, key=lambda place: search.ranks[place.id])
    found: list[Taken] = []
    for variant_id, wanted in search.wants.items():
        offers = [
            (place.id, search.offers[place.id][variant_id])
            for place in ranked
            if variant_id in search.offers[place.id]
        ]
        whole = next((place_id for place_id, count in offers if count >= wanted), None)
        if whole is not None:
            found.append(Taken(whole, variant_id, wanted))
            continue
        left = wanted
        for place_id, count in offers:
            pieces = min(left, count)
            if pieces > 0:
                found.append(Taken(place_id, variant_id, pieces))
                left -= pieces
    return found


def _sum(found: Sequence[Taken]) -> Decimal:
    return sum((one.quantity for one in found), ZERO)


def _cost(search: _Search, found: Sequence[Taken]) -> tuple[Decimal | float, ...]:
    """Say how good a way is: most pieces first, then the rule's criteria in their order."""
    used = sorted({one.place_id for one in found})
    costs: list[Decimal | float] = [-_sum(found)]
    for criterion in search.rule.rank:
        if criterion is Criterion.FEWEST_SPLITS:
            costs.append(len(used))
        elif criterion in {Criterion.DISTANCE, Criterion.LOAD}:
            costs.append(sum(search.values[one][criterion] for one in used))
        else:
            costs.append(
                sum(search.values[one.place_id][criterion] * float(one.quantity) for one in found)
            )
    # Of equally good ways the one whose places stand first.
    costs += sorted(search.ranks[one] for one in used)
    return tuple(costs)


def _rank(search: _Search, place: Place) -> tuple[float | str, ...]:
    values = [
        search.values[place.id][criterion]
        for criterion in search.rule.rank
        if criterion is not Criterion.FEWEST_SPLITS
    ]
    return (*values, place.position, place.code, str(place.id))


def _value(search: _Search, place: Place, criterion: Criterion) -> float:  # noqa: PLR0911 - one each
    """Give what speaks against a place under a criterion; less is better."""
    facts, rule = search.facts, search.rule
    match criterion:
        case Criterion.OWN_WAREHOUSE:
            return 0 if place.is_own else 1
        case Criterion.FEWEST_SPLITS:
            return 1
        case Criterion.SAME_CITY:
            return 0 if facts.city and _word(place.city) == _word(facts.city) else 1
        case Criterion.DISTANCE:
            return distance_km(facts, place)
        case Criterion.STOCK_DEPTH:
            offered = search.offers.get(place.id, {})
            return -float(min(offered.values(), default=ZERO))
        case Criterion.LOAD:
            return place.open_questions + place.orders_today
        case Criterion.SEQUENCE:
            known = place.code in rule.sequence
            return rule.sequence.index(place.code) if known else len(rule.sequence)


def distance_km(facts: Facts, place: Place) -> int:
    """Give the distance along the Earth in whole kilometres; what is unknown is far."""
    ends = (facts.latitude, facts.longitude, place.latitude, place.longitude)
    if any(one is None for one in ends):
        return _FAR_KM
    north, east, place_north, place_east = (radians(one or 0) for one in ends)
    half = sin((place_north - north) / 2) ** 2
    half += cos(north) * cos(place_north) * sin((place_east - east) / 2) ** 2
    return round(2 * 6371 * asin(sqrt(min(1.0, half))))


def _summed(taken: Sequence[Taken]) -> Iterator[Taken]:
    sums: dict[tuple[UUID, UUID], Decimal] = {}
    for one in taken:
        key = (one.place_id, one.variant_id)
        sums[key] = sums.get(key, ZERO) + one.quantity
    for (place_id, variant_id), quantity in sums.items():
        yield Taken(place_id, variant_id, quantity)


def _accounts(search: _Search, found: Sequence[Taken]) -> list[Verdict]:
    """Say of each offer whether it was taken, and if not why."""
    taken = {(one.place_id, one.variant_id): one.quantity for one in found}
    served = dict.fromkeys(search.wants, ZERO)
    for one in found:
        served[one.variant_id] += one.quantity
    verdicts = []
    for place in search.order:
        for variant_id, offered in search.offers[place.id].items():
            pieces = taken.get((place.id, variant_id))
            if pieces is not None:
                reason = Reason.CHOSEN
            elif served[variant_id] >= search.wants[variant_id]:
                reason = Reason.ALSO_GOOD
            else:
                reason = Reason.TOO_MANY_PARTS
            verdicts.append(
                Verdict(search.rule.name, place.id, variant_id, reason, pieces or offered)
            )
    return verdicts
