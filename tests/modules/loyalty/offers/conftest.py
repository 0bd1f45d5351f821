"""What tests of offers stand on: a programme, partners, and offers that are in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import offers, programmes
from hansa.runtime.database import Transaction
from tests.modules.loyalty.offers.cases import (
    OTHER_PARTNER,
    PARTNER,
    PROGRAMME,
    a_coalition,
    terms_of,
)

ADD_OFFER = """
    insert into loyalty_offer (id, programme_id, partner_id, code, state, content, is_live,
           created_at, changed_at)
    values (%(id)s, %(programme_id)s, %(partner_id)s, %(code)s, 'running', %(content)s::jsonb, true,
           %(since)s, %(since)s)
"""
ADD_VERSION = """
    insert into loyalty_offer_version (offer_id, version, content, in_force_from, approved_at)
    values (%(id)s, 1, %(content)s::jsonb, %(since)s, %(since)s)
"""

AnOffer = Callable[..., Awaitable[UUID]]


@pytest.fixture
def coalition() -> programmes.Coalition:
    return a_coalition()


async def lay_programme(tx: Transaction, now: datetime) -> None:
    """Write the programme and its partners."""
    await programmes.save_programme(tx, programme=PROGRAMME, by=None, now=now)
    for partner in (PARTNER, OTHER_PARTNER):
        await programmes.save_partner(tx, partner=partner, by=None, now=now)
        await programmes.save_participation(
            tx, participation=terms_of(partner).participation, by=None, now=now
        )


async def lay_offer(
    tx: Transaction,
    content: offers.OfferContent,
    *,
    now: datetime,
    code: str = "coffee",
    since: datetime | None = None,
) -> UUID:
    """Write an offer of the partner that has been in force for a year."""
    offer_id = new_id(now)
    row = {
        "id": offer_id,
        "programme_id": PROGRAMME.id,
        "partner_id": PARTNER.id,
        "code": f"{code}-{offer_id.hex[-6:]}",
        "content": msgspec.json.encode(content).decode(),
        "since": since or now - timedelta(days=365),
    }
    await tx.execute(ADD_OFFER, row)
    await tx.execute(ADD_VERSION, row)
    return offer_id


@pytest_asyncio.fixture(loop_scope="session")
async def a_programme(tx: Transaction, now: datetime) -> programmes.Programme:
    await lay_programme(tx, now)
    return PROGRAMME


@pytest.fixture
def an_offer(tx: Transaction, a_programme: programmes.Programme, now: datetime) -> AnOffer:
    async def make(content: offers.OfferContent, *, code: str = "coffee") -> UUID:
        return await lay_offer(tx, content, now=now, code=code)

    return make
