"""Saying what happened to a member: in the audit log, and to whoever listens."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from hansa.contracts.loyalty import MemberChanged
from hansa.modules import accounts
from hansa.modules.loyalty.members.model import Member, MemberState
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

SUBJECT = "loyalty_member"


async def tell(  # noqa: PLR0913 - whom it concerns, what, by whom
    tx: Transaction,
    member: Member,
    what: str,
    *,
    partner_id: UUID | None = None,
    programme_id: UUID | None = None,
    after: Mapping[str, object] | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """Write it down and publish it: for the programme, or for every one the member takes part in.

    `after` holds no names, telephones or numbers: the audit log outlives the person's data.
    """
    said = {**(after or {}), "partner_id": partner_id, "programme_id": programme_id}
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.member_{what}",
        subject_kind=SUBJECT,
        subject_id=member.id,
        after={name: value for name, value in said.items() if value is not None},
        now=now,
    )
    concerned = [
        one.programme_id for one in member.memberships if one.state is not MemberState.MERGED
    ]
    await tx.publish(
        *(
            MemberChanged(
                member_id=member.id,
                programme_id=one,
                what=what,
                partner_id=partner_id,
                changed_at=now,
            )
            for one in ([programme_id] if programme_id else concerned)
        )
    )
