"""Which audiences a member is in: features of the roll-out that offers and rules name."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules import rollout
from hansa.modules.loyalty.offers.model import Targeting
from hansa.modules.loyalty.offers.moderation import OfferAudienceUnknown
from hansa.modules.loyalty.offers.rulebook import Rulebook
from hansa.runtime.database import Snapshot

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


async def names_nobody(snap: Snapshot, *, targeting: Targeting) -> bool:
    """Tell whether an audience is named that does not exist, or not any more."""
    name = targeting.audience
    if not name or await rollout.find_audiences(snap, codes=[name]):
        return False
    return name not in await rollout.list_settings(snap)


async def check_audience(snap: Snapshot, *, targeting: Targeting, before: Targeting | None) -> None:
    """Check that an audience exists when something is first meant for it.

    What was meant for one that was removed or renamed since can be changed otherwise.

    Raises:
        OfferAudienceUnknown: neither an audience nor a feature is called so.
    """
    is_kept = before is not None and before.audience == targeting.audience
    if not is_kept and await names_nobody(snap, targeting=targeting):
        raise OfferAudienceUnknown("audience", targeting.audience)
