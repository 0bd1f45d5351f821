"""Values that tests of offers share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hansa.modules.loyalty import offers, programmes

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PROGRAMME = programmes.Programme(
    id=UUID(int=1), number=901, code="apples", name={"en": "Apples", "ru": "Яблоки"}
)
PARTNER = programmes.Partner(
    id=UUID(int=2), number=9_001, code="grocer", name={"en": "Grocer"}, category="food"
)
OTHER_PARTNER = programmes.Partner(
    id=UUID(int=3), number=9_002, code="tailor", name={"en": "Tailor"}, category="clothes"
)
MEMBER = UUID("01930000-0000-7000-8000-0000000000aa")
SPEND_MORE = offers.Condition(kind=offers.ConditionKind.PURCHASE, amount_minor=100_000)
TWO_PERCENT = offers.Reward(kind=offers.RewardKind.PERCENT, percent=200, days=30)


def terms_of(
    partner: programmes.Partner = PARTNER, *, percent: int | None = None
) -> programmes.Terms:
    """Terms of a partner: one percent comes back, unless another is named."""
    return programmes.Terms(
        programme=PROGRAMME,
        partner=partner,
        participation=programmes.Participation(
            programme_id=PROGRAMME.id, partner_id=partner.id, percent=percent
        ),
    )


def a_coalition() -> programmes.Coalition:
    """The programme with its two partners."""
    partners = {one.id: one for one in (PARTNER, OTHER_PARTNER)}
    return programmes.Coalition(
        programmes={PROGRAMME.id: PROGRAMME},
        partners=partners,
        terms={(PROGRAMME.id, one.id): terms_of(one) for one in partners.values()},
        read_at=NOON,
    )


def a_purchase(
    *amounts: int | tuple[int, str],
    at: datetime = NOON,
    key: str = "receipt-1",
    member_id: UUID = MEMBER,
) -> offers.Purchase:
    """A receipt with lines of such amounts, in roubles' hundredths, and categories."""
    lines: Sequence[offers.NetLine] = [
        offers.NetLine(number, *(one if isinstance(one, tuple) else (one, "")))
        for number, one in enumerate(amounts, start=1)
    ]
    return offers.Purchase(key=key, member_id=member_id, happened_at=at, lines=lines)


def a_rule(number: int, **fields: object) -> offers.EarningRule:
    """A rule of the programme for all partners, unless something else is said."""
    said: dict[str, object] = {
        "id": UUID(int=100 + number),
        "code": f"rule-{number}",
        "programme_id": PROGRAMME.id,
        "kind": offers.EffectKind.PERCENT,
        "value": 500,
    }
    return offers.EarningRule(**(said | fields))  # type: ignore[arg-type]


def a_live_offer(number: int, **content: object) -> offers.LiveOffer:
    """An offer of the partner that needs no activation, unless something else is said."""
    said: dict[str, object] = {
        "condition": SPEND_MORE,
        "reward": TWO_PERCENT,
        "needs_activation": False,
    }
    return offers.LiveOffer(
        id=UUID(int=200 + number),
        code=f"offer-{number}",
        programme_id=PROGRAMME.id,
        partner_id=PARTNER.id,
        content=offers.OfferContent(**(said | content)),  # type: ignore[arg-type]
    )
