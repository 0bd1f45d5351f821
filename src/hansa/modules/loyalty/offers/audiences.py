"""Which audiences a member is in: features of the roll-out that offers and rules name."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules import rollout
from hansa.modules.loyalty.offers.rulebook import Rulebook

if TYPE_CHECKING:
    from hansa.runtime.context import Context

AudiencesOf = Callable[[UUID], frozenset[str]]


def audiences_of(context: "Context") -> AudiencesOf | None:
    """Give a way to ask in which audiences a member is, from memory; None if none is named.

    A name is that of an audience, or of a feature and then means whoever it is on for. It is asked
    as of now: who leaves keeps what was earned, and earns no more.
    """
    names = context.service(Rulebook).rules.audiences
    if not names:
        return None
    service = context.service(rollout.Rollout)
    return lambda member_id: frozenset(
        name for name in names if service.is_in(name, member_id) or service.is_on(name, member_id)
    )
