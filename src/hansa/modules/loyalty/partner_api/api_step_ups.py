"""`/loyalty/v1/step-ups`: the member proves who is spending, by a code sent to the telephone.

A hold or a spending that is refused with `loyalty.step_up_needed` is sent again with the token that
the right code gives. Nobody learns the telephone; a sandbox key reaches none.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from hansa.modules.loyalty import guard, points
from hansa.modules.loyalty.members import MemberState, SandboxSendsNothing, resolve
from hansa.modules.loyalty.partner_api.api import HOME, SPEND
from hansa.modules.loyalty.partner_api.bodies import MemberBody, ProgrammeCode
from hansa.modules.loyalty.programmes.calling import partner_of, terms_of
from hansa.runtime.http import NO_KEY, Actor, Request, authorise

TAGS = ["Loyalty: step-ups"]
DEVICE_CHARACTERS_MAX = 200

Device = Annotated[str, msgspec.Meta(max_length=DEVICE_CHARACTERS_MAX)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class StepUpBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The member who spends. `device` is trusted from now on, once the code was right."""

    programme: ProgrammeCode = ""
    member: MemberBody
    device: Device = ""


class StepUpView(msgspec.Struct, kw_only=True):
    """A code was sent; it can be answered until `expires_at`, five times at most."""

    step_up_id: UUID
    expires_at: datetime


class AnswerBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The code as the member said it."""

    code: Code


class TokenView(msgspec.Struct, kw_only=True):
    """Send it as `token` of one hold or spending of this member before `expires_at`."""

    token: str
    expires_at: datetime


@post(
    f"{HOME}/step-ups",
    tags=TAGS,
    summary="Send a code to the member",
    status_code=201,
    opt={NO_KEY: "each call is another code, which ends the one before; three in ten minutes"},
)
async def start_step_up(request: Request, data: JSONBody[StepUpBody]) -> StepUpView:
    """Send a code to the member's telephone; earlier ones are worth nothing any more."""
    _check_live(authorise(request, SPEND))
    terms = terms_of(request, data.programme)
    ref = (terms.programme.id, terms.partner.id, data.member.ref(terms.partner.id))
    async with request.snapshot(single=True) as snap:
        membership = (await resolve(snap, programme_id_refs=[ref])).get(ref)
    if membership is None:
        raise points.MemberUnknown
    if membership.state is not MemberState.ACTIVE:
        raise points.MemberBlocked(membership.state)
    challenge = await guard.start_step_up(
        request.context,
        programme_id=terms.programme.id,
        member_id=membership.member_id,
        device=data.device,
        now=request.received_at,
    )
    return StepUpView(step_up_id=challenge.id, expires_at=challenge.expires_at)


@post(
    f"{HOME}/step-ups/{{step_up_id:uuid}}/answer",
    tags=TAGS,
    summary="Answer with the code",
    status_code=200,
    opt={NO_KEY: "a code is good once, and each try is counted"},
)
async def answer_step_up(
    request: Request, step_up_id: FromPath[UUID], data: JSONBody[AnswerBody]
) -> TokenView:
    """Turn the code into a token for one hold or spending within ten minutes."""
    _check_live(authorise(request, SPEND))
    partner_of(request)
    token = await guard.answer_step_up(
        request.context, challenge_id=step_up_id, code=data.code, now=request.received_at
    )
    return TokenView(token=token.value, expires_at=token.expires_at)


def _check_live(actor: Actor) -> None:
    """Refuse a key of the sandbox.

    Raises:
        SandboxSendsNothing: it is one.
    """
    if actor.is_sandbox:
        raise SandboxSendsNothing


ROUTES = (start_step_up, answer_step_up)
