"""Loyalty at a glance: what each programme has today, what waits for staff, and where all is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from litestar import get

from hansa.kernel.text import pick
from hansa.modules.loyalty import desk, guard
from hansa.modules.loyalty.programmes import Programme
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.presenting import show, words
from hansa.surfaces.backoffice.shell import LOYALTY, staff

PROGRAMMES_SHOWN = 6

ABOUT: Mapping[str, str] = {
    "/office/loyalty/members": "Find a member: balance, history, cards, consents",
    "/office/loyalty/reports": "Points owed, earned and spent, who came back",
    "/office/loyalty/disputes": "What members say went wrong, and the answers",
    "/office/loyalty/corrections": "Points proposed by one person and approved by another",
    "/office/loyalty/programmes": "Programmes, partners and what they have agreed",
    "/office/loyalty/offers": "Tasks of partners: review, results, control groups",
    "/office/loyalty/rewards": "What points are exchanged for, and donations",
    "/office/loyalty/rules": "What a receipt earns, and a trial of one",
    "/office/loyalty/settlement": "Months, statements and money between partners",
    "/office/loyalty/feeds": "Records fetched from partners, and what failed",
    "/office/loyalty/alerts": "Members and partners that behave unlike others",
    "/office/campaigns": "Messages to many members, and what came of them",
    "/office/segments": "Groups of members by what they do",
    "/office/messages": "Every message to a member, and whether it arrived",
}


@get(say.HOME)
async def show_overview(request: Request) -> Page:
    """Show the figures staff look at first, and the parts whoever asks may open."""
    actor = staff(request, "loyalty.view")
    known = list(say.coalition_of(request).programmes.values())
    async with request.snapshot() as snap:
        waiting = await _waiting(request, snap)
        shown = [await _programme(request, snap, one) for one in known[:PROGRAMMES_SHOWN]]
    return show(
        request,
        "loyalty_overview.html",
        waiting=waiting,
        programmes=shown,
        more=len(known) > PROGRAMMES_SHOWN,
        parts=_parts(request, actor),
    )


async def _waiting(request: Request, snap: Snapshot) -> list[dict[str, str]]:
    translate = words(request)
    cases = await desk.count_open(snap, now=request.received_at)
    counted = (
        ("Open alerts", await guard.count_new_alerts(snap), "alerts", ""),
        ("Corrections that wait", await desk.count_proposed(snap), "corrections", ""),
        (
            "Open disputes",
            cases.waiting,
            "disputes",
            translate("{count} overdue").format(count=say.number(request, cases.overdue))
            if cases.overdue
            else "",
        ),
    )
    return [
        {
            "label": translate(label),
            "value": say.number(request, count),
            "href": f"{say.HOME}/{path}",
            "note": note,
            "tone": "warn" if count else "good",
        }
        for label, count, path, note in counted
    ]


async def _programme(request: Request, snap: Snapshot, programme: Programme) -> dict[str, Any]:
    translate = words(request)
    today = desk.today_of(programme, request.received_at)
    members = await desk.count_segment(
        snap, programme_id=programme.id, criteria=desk.Criteria(), now=request.received_at
    )
    [day] = await desk.read_days(
        snap, programme_id=programme.id, since=today, until=today + timedelta(days=1)
    )
    more = "+" if members == desk.COUNT_MAX else ""
    numbers = f"{say.HOME}/reports?programme={programme.id}"
    return {
        "name": pick(programme.name, request.language),
        "kpis": [
            (
                translate("Members"),
                f"{say.number(request, members)}{more}",
                f"{say.HOME}/members",
            ),
            (translate("Points members have"), say.number(request, day.liability), numbers),
            (translate("Postings today"), say.number(request, day.postings), numbers),
            (translate("Earned today"), say.number(request, day.earned), numbers),
            (translate("Spent today"), say.number(request, day.spent), numbers),
        ],
    }


def _parts(request: Request, actor: Actor) -> list[dict[str, str]]:
    translate = words(request)
    return [
        {
            "url": one.href,
            "label": translate(one.label),
            "about": translate(ABOUT[one.href]),
        }
        for one in LOYALTY
        if one.href != say.HOME and actor.may(one.permission)
    ]


ROUTES = (show_overview,)
