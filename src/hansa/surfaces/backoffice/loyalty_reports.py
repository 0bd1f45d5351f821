"""Numbers about a programme: points owed, earned, spent, who came back, campaigns measured."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import notifications
from hansa.modules.loyalty import desk
from hansa.modules.loyalty.programmes import Programme
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_day
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_coalition import NoSuchThing
from hansa.surfaces.backoffice.presenting import asked, csv_file, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = f"{say.HOME}/reports"
DAYS = (30, 90, 365)
MONTHS = 12
CAMPAIGNS = 20
BARS_MAX = 31


@get(HOME)
async def show_reports(request: Request) -> Page:
    """Show the numbers of a programme in a time that is chosen."""
    staff(request, "loyalty.view")
    programme = _programme(request)
    known = say.coalition_of(request).programmes.values()
    chosen = {"programme": str(programme.id) if programme else "", "days": str(_days(request))}
    values: dict[str, Any] = {"has": False}
    if programme is not None:
        async with request.snapshot() as snap:
            values = await _numbers(request, snap, programme)
    translate = words(request)
    return show(
        request,
        "loyalty_reports.html",
        chosen=chosen,
        programmes=[(str(one.id), pick(one.name, request.language)) for one in known],
        periods=[
            ("30", translate("30 days")),
            ("90", translate("90 days")),
            ("365", translate("A year")),
        ],
        **values,
    )


@get(HOME + "/{programme_id:uuid}/days.csv")
async def export_days(request: Request, programme_id: FromPath[UUID]) -> Response[bytes]:
    """Give the days of the chosen time as a file."""
    staff(request, "loyalty.view")
    programme = say.coalition_of(request).programmes.get(programme_id)
    if programme is None:
        raise NoSuchThing
    since, until = _period(request, programme)
    async with request.snapshot() as snap:
        days = await desk.read_days(snap, programme_id=programme_id, since=since, until=until)
    translate = words(request)
    labels = ("Day", "Points members have", "Earned", "Spent", "Expired", "Postings")
    return csv_file(
        f"loyalty-{programme.code}",
        [translate(label) for label in labels],
        [
            (one.day.isoformat(), one.liability, one.earned, one.spent, one.expired, one.postings)
            for one in days
        ],
    )


def _programme(request: Request) -> Programme | None:
    known = say.coalition_of(request).programmes
    wanted = say.as_uuid(asked(request, "programme"))
    chosen = known.get(wanted) if wanted else None
    return chosen or next(iter(known.values()), None)


def _days(request: Request) -> int:
    chosen = asked(request, "days")
    return int(chosen) if chosen in {str(one) for one in DAYS} else DAYS[0]


def _period(request: Request, programme: Programme) -> tuple[date, date]:
    until = desk.today_of(programme, request.received_at) + timedelta(days=1)
    return until - timedelta(days=_days(request)), until


async def _numbers(request: Request, snap: Snapshot, programme: Programme) -> dict[str, Any]:
    since, until = _period(request, programme)
    today = until - timedelta(days=1)
    days = await desk.read_days(snap, programme_id=programme.id, since=since, until=until)
    breakage = await desk.estimate_breakage(snap, programme_id=programme.id, today=today)
    partners = await desk.list_partner_sums(
        snap, programme_id=programme.id, since=since, until=until
    )
    translate = words(request)
    last = days[-1]
    return {
        "has": any(one.postings for one in days) or last.liability != 0,
        "kpis": [
            (translate("Points members have"), say.number(request, last.liability)),
            (translate("Earned"), say.number(request, sum(one.earned for one in days))),
            (translate("Spent"), say.number(request, sum(one.spent for one in days))),
            (translate("Expired"), say.number(request, sum(one.expired for one in days))),
        ],
        "liability": _chart(
            request, days, [(translate("Points members have"), "liability")], is_state=True
        ),
        "moved": _chart(
            request, days, [(translate("Earned"), "earned"), (translate("Spent"), "spent")]
        ),
        "breakage": {
            "share": None if breakage.share is None else say.percent(request, breakage.share),
            "points": say.number(request, breakage.points or 0),
            "spent": say.number(request, breakage.spent),
            "expired": say.number(request, breakage.expired),
        },
        "partners": [
            {
                "name": say.partner_name(request, one.partner_id),
                "earned": say.number(request, one.earned),
                "spent": say.number(request, one.spent),
                "postings": say.number(request, one.postings),
            }
            for one in partners
        ],
        **await _people(request, snap, programme, today),
        "campaigns": await _campaigns(request, snap),
        "csv_url": f"{HOME}/{programme.id}/days.csv?days={_days(request)}",
    }


async def _people(
    request: Request, snap: Snapshot, programme: Programme, today: date
) -> dict[str, Any]:
    """Give who did something in which month, and who came back."""
    cohorts = await desk.list_cohorts(snap, programme_id=programme.id, months=MONTHS, today=today)
    active = await desk.list_active_months(
        snap, programme_id=programme.id, months=MONTHS, today=today
    )
    translate = words(request)
    return {
        "active": {
            "labels": [f"{one.month:%m.%y}" for one in active],
            "series": [
                {
                    "name": translate("Members who did something"),
                    "values": [one.members for one in active],
                }
            ],
        },
        "cohorts": [
            {
                "month": f"{one.month:%m.%Y}",
                "size": say.number(request, one.members[0]),
                "kept": [f"{round(100 * later / one.members[0])} %" for later in one.members[1:]],
            }
            for one in cohorts
        ],
        "months": list(range(1, MONTHS)),
    }


def _chart(
    request: Request,
    days: tuple[desk.Day, ...],
    wanted: list[tuple[str, str]],
    *,
    is_state: bool = False,
) -> dict[str, Any]:
    """Draw days, or as many of them together as fit; a state is what holds at the last of them."""
    step = -(-len(days) // BARS_MAX)
    parts = [days[at : at + step] for at in range(0, len(days), step)]

    def value(part: tuple[desk.Day, ...], field: str) -> int:
        values = [int(getattr(one, field)) for one in part]
        return values[-1] if is_state else sum(values)

    series = [
        {"name": name, "values": [value(part, field) for part in parts]} for name, field in wanted
    ]
    return {
        "labels": [f"{part[-1].day.day}.{part[-1].day.month:02d}" for part in parts],
        "series": series,
        "shown": [
            [say.number(request, value(part, field)) for _, field in wanted] for part in parts
        ],
        "step": step,
    }


async def _campaigns(request: Request, snap: Snapshot) -> list[dict[str, Any]]:
    """Give campaigns whose groups were compared: what a member of each did."""
    shown: list[dict[str, Any]] = []
    if request.actor is None or not request.actor.may("notifications.view"):
        return shown
    for one, _ in await notifications.list_campaigns(snap, limit=CAMPAIGNS):
        result = notifications.result_of(one)
        if result is None:
            continue
        shown.append(
            {
                "url": f"/office/campaigns/{one.id}",
                "name": one.name,
                "until": format_day(result.until, request.language),
                "treated": _active_share(result.treated),
                "control": _active_share(result.control),
                "members": say.number(request, result.treated.members),
                "controls": say.number(request, result.control.members),
            }
        )
    return shown


def _active_share(did: desk.Activity) -> str:
    return f"{100 * did.active / did.members:.1f} %" if did.members else "—"


ROUTES = (show_reports, export_days)
