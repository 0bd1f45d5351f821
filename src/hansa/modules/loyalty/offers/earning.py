"""What a receipt earns, and why.

A function of what was bought and kept, of the rules at that instant and of what the member had
then: counted again after a return or a late event, it gives what it would have given at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from hansa.modules.loyalty.offers.model import GROUP_OF_BASE, MULTIPLIER_ONE
from hansa.modules.loyalty.offers.purchases import (
    Award,
    Basis,
    Completion,
    EarnedLine,
    Evaluation,
    Purchase,
    Use,
)
from hansa.modules.loyalty.offers.rules import Does, Entry, RuleSet
from hansa.modules.loyalty.offers.standing import Standing, limit_reached, raises_at
from hansa.modules.loyalty.programmes import Terms

RATE_ONE = 1_000_000
"""Rates are integers of millionths: a percent of 250 hundredths is a rate of 25,000."""
RATE_OF_PERCENT = 100


class _Part:
    """Points of one reason while they are counted: the amount they are counted on, and the rate."""

    __slots__ = ("amount", "categories", "entry", "label", "offer_id", "payer", "rate")

    def __init__(
        self,
        label: str,
        payer: tuple[UUID | None, UUID | None],
        rate: int,
        entry: Entry | None = None,
        offer_id: UUID | None = None,
    ) -> None:
        self.label = label
        self.payer = payer
        self.rate = rate
        self.entry = entry
        self.offer_id = offer_id
        self.amount = 0
        self.categories: list[str] = []


def evaluate(rules: RuleSet, *, terms: Terms, purchase: Purchase, standing: Standing) -> Evaluation:
    """Count what a receipt earns.

    Points of one reason are counted on their whole amount and rounded down once, then split over
    the lines so that these sum to them.
    """
    own = terms.partner.category
    amounts: dict[str, int] = {}
    for line in purchase.lines:
        if line.amount_minor > 0:
            category = line.category or own
            amounts[category] = amounts.get(category, 0) + line.amount_minor
    plan = rules.plan(terms.programme.id, terms.partner.id, purchase.happened_at)
    sums: dict[Entry, int] = {}
    for category, amount in amounts.items():
        for entry in plan.of(category):
            sums[entry] = sums.get(entry, 0) + amount
    zone = terms.programme.time_zone
    applying = {
        entry: amount
        for entry, amount in sums.items()
        if amount >= entry.minimum_minor
        and (entry.is_plain or _applies(entry, purchase, standing, zone))
    }
    basis = purchase.basis or Basis.of(terms)
    parts: dict[tuple[object, int], _Part] = {}
    of_category: dict[str, list[_Part]] = {}
    for category, amount in amounts.items():
        found = _parts_of(plan.of(category), applying, parts, terms=terms, basis=basis)
        if standing.raises:
            base = found[0].rate // RATE_OF_PERCENT
            room = max(basis.percent_max - base, 0)
            for one in raises_at(standing, category, purchase.happened_at, room=room):
                key = one.offer_id, one.percent
                part = parts.get(key)
                if part is None:
                    rate = one.percent * RATE_OF_PERCENT
                    label = _raised(one.code, one.percent)
                    payer = one.issuer_id, one.offer_id
                    part = parts[key] = _Part(label, payer, rate, offer_id=one.offer_id)
                found.append(part)
        for part in found:
            part.amount += amount
            part.categories.append(category)
        of_category[category] = found
    return _finish(terms, purchase, applying, parts, of_category)


def _applies(entry: Entry, purchase: Purchase, standing: Standing, zone: str) -> bool:
    """Tell whether hours, target group, activation and limit of an entry let it count."""
    at = purchase.happened_at
    if entry.needs_activation and not standing.is_on(entry.id, at):
        return False
    if entry.schedule is not None and not entry.schedule.is_open(at, zone):
        return False
    if entry.targeting is not None and not entry.targeting.fits(
        purchase.member_id, at, salt=entry.id, audiences=standing.audiences
    ):
        return False
    if entry.does is Does.TASK or entry.limit is None:
        return True
    uses = standing.uses.get(entry.id, ())
    return not limit_reached(uses, at=at, key=purchase.key, limit=entry.limit)


def _parts_of(
    entries: Sequence[Entry],
    applying: Mapping[Entry, int],
    parts: dict[tuple[object, int], _Part],
    *,
    terms: Terms,
    basis: Basis,
) -> list[_Part]:
    """Give what counts for a category: the base first, then the best of each group."""
    groups: set[str] = set()
    chosen: list[Entry] = []
    base_entry: Entry | None = None
    for entry in entries:  # the best of a group comes first
        does = entry.does
        if entry in applying and does is not Does.TASK and entry.slot not in groups:
            groups.add(entry.slot)
            if does is Does.PERCENT and entry.group == GROUP_OF_BASE:
                base_entry = entry
            else:
                chosen.append(entry)
    base = basis.percent if base_entry is None else base_entry.value
    key: tuple[object, int] = base_entry, base
    part = parts.get(key)
    if part is None:
        label = _based("base" if base_entry is None else base_entry.label, base)
        payer = (
            (terms.partner.id, None)
            if base_entry is None
            else (base_entry.issuer_id, base_entry.campaign_id)
        )
        part = _Part(label, payer, base * RATE_OF_PERCENT, base_entry)
        parts[key] = part
    found = [part]
    for entry in chosen:
        if entry.does is Does.PERCENT:
            rate, label = entry.value * RATE_OF_PERCENT, _raised(entry.label, entry.value)
        elif entry.does is Does.MULTIPLIER:
            rate = base * (entry.value - MULTIPLIER_ONE)
            label = _multiplied(entry.label, entry.value)
        else:
            rate, label = 0, entry.label
        part = parts.get((entry, rate))
        if part is None:
            offer_id = None if entry.offer is None else entry.id
            payer = entry.issuer_id, entry.campaign_id
            part = parts[entry, rate] = _Part(label, payer, rate, entry, offer_id)
        found.append(part)
    return found


def _finish(
    terms: Terms,
    purchase: Purchase,
    applying: Mapping[Entry, int],
    parts: Mapping[tuple[object, int], _Part],
    of_category: Mapping[str, Sequence[_Part]],
) -> Evaluation:
    own = terms.partner.category
    point_minor = terms.programme.point_minor
    kept = [
        (index, line.amount_minor, line.category or own)
        for index, line in enumerate(purchase.lines)
        if line.amount_minor > 0
    ]
    earned = [0] * len(purchase.lines)
    said: list[tuple[int, str, UUID | None]] = [_NOTHING] * len(purchase.lines)
    texts = {category: _say(found) for category, found in of_category.items()}
    for index, _, category in kept:
        said[index] = texts[category]
    awards: list[Award] = []
    uses: list[Use] = []
    counted: dict[Entry, int] = {}
    for part in _in_order(parts):
        points = _points(part, counted, point_minor)
        if points:
            awards.append(Award(points, *part.payer, part.label))
            categories = part.categories
            _split(points, [(i, n) for i, n, category in kept if category in categories], earned)
        if part.offer_id is not None:
            uses.append(_use(terms, purchase, part, points))
    return Evaluation(
        tuple(
            EarnedLine(line.line, points, *why)
            for line, points, why in zip(purchase.lines, earned, said, strict=True)
        ),
        tuple(awards),
        tuple(
            _completion(terms, purchase, entry.id, amount)
            for entry, amount in applying.items()
            if entry.does is Does.TASK
        ),
        tuple(uses),
    )


def _use(terms: Terms, purchase: Purchase, part: _Part, points: int) -> Use:
    assert part.offer_id is not None, "only offers are used"
    return Use(
        purchase.member_id,
        terms.programme.id,
        part.offer_id,
        purchase.happened_at,
        purchase.key,
        1,
        points,
        part.amount,
        None if part.entry is None else part.entry.limit,
    )


def _completion(terms: Terms, purchase: Purchase, offer_id: UUID, amount: int) -> Completion:
    return Completion(
        purchase.member_id,
        terms.programme.id,
        offer_id,
        purchase.happened_at,
        purchase.key,
        amount,
    )


def _in_order(parts: Mapping[tuple[object, int], _Part]) -> Iterable[_Part]:
    """Give the parts; where a greatest amount is shared, those that give most come first.

    Otherwise the order of lines would decide which of them it cuts.
    """
    listed = parts.values()
    if any(part.entry is not None and part.entry.maximum_minor is not None for part in listed):
        return sorted(listed, key=lambda part: -part.rate)
    return listed


_NOTHING: tuple[int, str, UUID | None] = (0, "", None)


def _points(part: _Part, counted: dict[Entry, int], point_minor: int) -> int:
    """Round down the points of a part; an entry's greatest amount is shared by all its parts."""
    entry, amount = part.entry, part.amount
    if entry is not None:
        if entry.maximum_minor is not None:
            before = counted.get(entry, 0)
            amount = min(amount, max(entry.maximum_minor - before, 0))
            counted[entry] = before + amount
        if entry.does is Does.POINTS:
            return amount // entry.per_minor * entry.value
    return amount * part.rate // (RATE_ONE * point_minor)


def _split(points: int, weights: Sequence[tuple[int, int]], earned: list[int]) -> None:
    """Add points to lines by their amounts, to the largest remainders what is left over.

    As `kernel.money.allocate`, in whole numbers alone: it is run for each receipt there is.
    """
    if len(weights) == 1:
        earned[weights[0][0]] += points
        return
    whole = sum(weight for _, weight in weights)
    left = points
    remainders = []
    for index, weight in weights:
        share, remainder = divmod(points * weight, whole)
        earned[index] += share
        left -= share
        remainders.append((-remainder, index))
    if left:
        remainders.sort()
        for _, index in remainders[:left]:
            earned[index] += 1


def _say(parts: Sequence[_Part]) -> tuple[int, str, UUID | None]:
    """Give percent, reason and first offer of a category."""
    rate = 0
    offer_id = None
    for part in parts:
        rate += part.rate
        if offer_id is None:
            offer_id = part.offer_id
    return rate // RATE_OF_PERCENT, ", ".join([part.label for part in parts]), offer_id


@lru_cache(maxsize=4_096)
def _based(label: str, percent: int) -> str:
    return f"{label} {percent / 100:g} %"


@lru_cache(maxsize=16_384)
def _raised(label: str, percent: int) -> str:
    return f"{label} +{percent / 100:g} %"


@lru_cache(maxsize=4_096)
def _multiplied(label: str, multiplier: int) -> str:
    return f"{label} x{multiplier / MULTIPLIER_ONE:g}"
