"""JSON API of the guard: what a programme watches for."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, put
from litestar.params import FromPath, JSONBody

from hansa.modules.loyalty.guard import operations, queries
from hansa.modules.loyalty.guard.model import LIMITS_MAX, Act, Decision, Limit, Rules, Scope
from hansa.modules.loyalty.guard.watch import Watch
from hansa.modules.loyalty.programmes import Directory, NoSuchProgramme
from hansa.runtime.database import Transaction
from hansa.runtime.http import Request, authorise

TAGS = ["Loyalty guard"]
URL = "/api/v1/loyalty/guard/{programme_id:uuid}/rules"


class LimitBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """At most so many acts, or so many points, in any window of this length.

    Counted together: all of a `member`, of a `member_at_partner`, of a `device` or of a `partner`.
    `allow` stops nobody and only opens an alert.
    """

    act: Act
    scope: Scope
    window_seconds: int
    number_max: int | None = None
    points_max: int | None = None
    decision: Decision = Decision.REFUSE


class RulesBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a programme watches for; what is left out is not watched."""

    limits: Annotated[list[LimitBody], msgspec.Meta(max_length=LIMITS_MAX)] = []
    cooling_seconds: int | None = None
    new_device_points: int | None = None
    trust_days: int | None = None
    dormant_days: int | None = None

    @classmethod
    def of(cls, rules: Rules) -> "RulesBody":
        """Make it of rules."""
        return msgspec.convert(msgspec.to_builtins(rules), cls)

    def rules(self) -> Rules:
        """Give them as rules."""
        return Rules(
            limits=tuple(
                Limit(
                    act=one.act,
                    scope=one.scope,
                    window_seconds=one.window_seconds,
                    number_max=one.number_max,
                    points_max=one.points_max,
                    decision=one.decision,
                )
                for one in self.limits
            ),
            cooling_seconds=self.cooling_seconds,
            new_device_points=self.new_device_points,
            trust_days=self.trust_days,
            dormant_days=self.dormant_days,
        )


@get(URL, tags=TAGS, summary="Show what a programme watches for")
async def show_rules(request: Request, programme_id: FromPath[UUID]) -> RulesBody:
    """Give the rules of a programme; a new one watches nothing."""
    authorise(request, "loyalty.view")
    _check_programme(request, programme_id)
    async with request.snapshot(single=True) as snap:
        return RulesBody.of(await queries.get_rules(snap, programme_id=programme_id))


@put(URL, tags=TAGS, summary="Say what a programme watches for")
async def save_rules(
    request: Request, programme_id: FromPath[UUID], data: JSONBody[RulesBody]
) -> Response[RulesBody]:
    """Replace the rules of a programme; holds in every process within two seconds."""
    actor = authorise(request, "loyalty.edit")
    _check_programme(request, programme_id)

    async def save(tx: Transaction) -> RulesBody:
        await operations.save_rules(
            tx,
            programme_id=programme_id,
            rules=data.rules(),
            by=actor,
            now=request.received_at,
        )
        return data

    answer = await request.once(save)
    await request.context.service(Watch).refresh()
    return answer


def _check_programme(request: Request, programme_id: UUID) -> None:
    """Refuse what is no programme.

    Raises:
        NoSuchProgramme: there is none.
    """
    if programme_id not in request.context.service(Directory).coalition.programmes:
        raise NoSuchProgramme


ROUTES = (show_rules, save_rules)
