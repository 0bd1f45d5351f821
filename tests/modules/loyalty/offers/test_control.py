"""The control group of an offer: drawn once, stable, blind to the offer."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers.moderation import OfferInvalid, check_targeting
from tests.conftest import NOON

SALT = UUID(int=77)
MEMBERS = [uuid5(SALT, str(number)) for number in range(4_000)]
NOBODY: frozenset[str] = frozenset()


def held(control: int, *, salt: UUID = SALT) -> set[UUID]:
    targeting = offers.Targeting(control=control)
    return {one for one in MEMBERS if targeting.holds_back(one, salt=salt)}


def test_as_many_are_held_back_as_is_said_and_always_the_same() -> None:
    tenth = held(1_000)

    assert 300 < len(tenth) < 500
    assert held(1_000) == tenth
    assert tenth < held(2_000)
    assert held(0) == set()


def test_another_offer_holds_others_back() -> None:
    assert len(held(1_000) & held(1_000, salt=UUID(int=78))) < 120


def test_who_is_held_back_is_reached_and_does_not_fit() -> None:
    targeting = offers.Targeting(control=3_000, share=5_000)
    reached = [one for one in MEMBERS if targeting.reaches(one, NOON, salt=SALT, audiences=NOBODY)]
    fitting = [one for one in MEMBERS if targeting.fits(one, NOON, salt=SALT, audiences=NOBODY)]

    assert set(fitting) == set(reached) - held(3_000)
    # The draws do not depend on each other: of those reached three tenths are held back.
    assert len(reached) - len(fitting) == pytest.approx(0.3 * len(reached), rel=0.15)
    assert not targeting.is_for_all
    assert not offers.Targeting(control=1).is_for_all


@pytest.mark.parametrize("control", [-1, offers.CONTROL_MAX + 1])
def test_more_than_half_cannot_be_held_back(control: int) -> None:
    with pytest.raises(OfferInvalid):
        check_targeting(replace(offers.Targeting(), control=control))
