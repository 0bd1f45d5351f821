"""The way a step-up's code leaves: to the member's telephone, as the codes to sign in by."""

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.guard.faults import CannotSend

if TYPE_CHECKING:
    from hansa.runtime.context import Context


class SendCode(Protocol):
    """Sends a code to a member."""

    async def __call__(
        self, *, challenge_id: UUID, member_id: UUID, programme_id: UUID, code: str
    ) -> None:
        """Send it now, not through the queue of jobs: there the code would stand in the clear.

        Raises:
            Unavailable: it could not be sent.
        """


class ByTelephone:
    """Hands codes to whatever sends the codes to sign in by (`members.Codes`)."""

    def __init__(self, context: "Context") -> None:
        self._context = context

    async def __call__(
        self,
        *,
        challenge_id: UUID,
        member_id: UUID,
        programme_id: UUID,  # noqa: ARG002 - another way of sending may speak for the programme
        code: str,
    ) -> None:
        """Send it to the telephone the member has now.

        Raises:
            CannotSend: the member has none.
            CodesNotSent: nothing is plugged in that sends.
            MemberNotFound: there is no such member.
        """
        codes = self._context.service(members.Codes)
        codes.check()
        async with self._context.database.snapshot() as snap:
            member = await members.get_member(snap, member_id=member_id)
            if member.party_id is None:
                raise CannotSend
            party = await parties.get_party(snap, party_id=member.party_id)
        telephone = party.value_of(parties.IdentifierKind.PHONE)
        if telephone is None:
            raise CannotSend
        message = members.CodeMessage(
            challenge_id=challenge_id, phone=telephone, code=code, language=member.language
        )
        await codes.sender.send(self._context, message)
