"""Endpoints that were lost, as staff are alerted to them: whose, why, since when."""

from typing import Any

from hansa.modules import webhooks
from hansa.runtime.database import Snapshot
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_words import partner_name
from hansa.surfaces.backoffice.presenting import zone_of

ALERTS_SHOWN = 10


async def list_alerts(request: Request, snap: Snapshot, *, home: str) -> list[dict[str, Any]]:
    """Give what is shown above the list, the latest first."""
    language, zone = request.language, zone_of(request)
    return [
        {
            "here": f"{home}/endpoints/{one.endpoint.id}",
            "url": one.endpoint.url,
            "owner": partner_name(request, one.endpoint.owner_id),
            "is_gone": one.endpoint.reason is webhooks.Reason.GONE,
            "since": format_moment(one.lost_at, language, zone),
            "until": format_moment(one.collected_until, language, zone),
        }
        for one in await webhooks.list_lost(snap, limit=ALERTS_SHOWN)
    ]
