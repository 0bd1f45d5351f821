"""A coalition for tests: a programme, partners that take part in it, members."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import members, offers, programmes
from hansa.modules.loyalty.members.checks import CHECKS
from hansa.runtime.database import Snapshot, Transaction

__all__ = [
    "CONSENT",
    "a_member",
    "a_partner",
    "a_programme",
    "coalition_of",
    "findings_of",
    "phone",
    "put_in_force",
]

CONSENT = members.ConsentGiven(document="rules", version="1", source="test")
_numbers = count(1)


def phone(number: int) -> str:
    """A telephone of nobody: the same for the same number."""
    return f"+7916{number:07d}"


async def a_programme(
    tx: Transaction, *, now: datetime, code: str = "apelsin", number: int = 1, **fields: Any
) -> programmes.Programme:
    """Save a programme."""
    made = programmes.Programme(
        id=new_id(now), number=number, code=code, name={"ru": "Апельсин", "en": "Orange"}, **fields
    )
    await programmes.save_programme(tx, programme=made, by=None, now=now)
    return made


async def a_partner(
    tx: Transaction,
    *programmes_: programmes.Programme,
    now: datetime,
    code: str = "bakery",
    number: int = 1,
) -> programmes.Partner:
    """Save a partner that takes part in these programmes on their own terms."""
    made = programmes.Partner(
        id=new_id(now), number=number, code=code, name={"ru": code, "en": code}
    )
    await programmes.save_partner(tx, partner=made, by=None, now=now)
    for programme in programmes_:
        agreed = programmes.Participation(programme_id=programme.id, partner_id=made.id)
        await programmes.save_participation(tx, participation=agreed, by=None, now=now)
    return made


async def a_member(
    tx: Transaction,
    programme: programmes.Programme,
    *,
    now: datetime,
    partner: programmes.Partner | None = None,
    **fields: Any,
) -> members.Member:
    """Enrol somebody; with a telephone of their own unless another name is given."""
    named = {"phone", "card", "partner_ref"} & fields.keys()
    given = fields if named else {"phone": phone(next(_numbers) + 5_000_000), **fields}
    return await members.enrol(
        tx,
        programme=programme,
        partner=partner,
        new=members.NewMember(**given),
        consent=CONSENT,
        now=now,
    )


async def put_in_force(
    tx: Transaction,
    programme: programmes.Programme,
    partner: programmes.Partner,
    *,
    code: str,
    content: offers.OfferContent,
    now: datetime,
) -> UUID:
    """Write, submit and approve an offer."""
    written = await offers.write_offer(
        tx,
        programme_id=programme.id,
        partner_id=partner.id,
        code=code,
        content=content,
        by=None,
        now=now,
    )
    sent = await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=written.id, by=None, now=now)
    await offers.approve_offer(tx, offer_id=sent.id, revision=sent.revision, by=None, now=now)
    return written.id


async def findings_of(snap: Snapshot) -> list[str]:
    """Give what the checks of members find."""
    return [
        f"{found.check}: {found.subject}" for check in CHECKS for found in await check.run(snap)
    ]


async def coalition_of(snap: Snapshot, *, now: datetime) -> programmes.Coalition:
    """Give the programmes and partners there are."""
    return await programmes.read_coalition(snap, now=now)
