"""How numbers and days are told in the app, and the words for what happened to points."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from hansa.runtime.html.formats import format_month, format_number
from hansa.runtime.http import Request

PLUS, MINUS = "+", "−"
NARROW = "\u202f"
HARD_SPACE = "\u00a0"

KINDS = {
    "accrual": "Points from a partner",
    "purchase": "Purchase",
    "return": "Return",
    "recount": "Counted anew",
    "spend": "Paid with points",
    "reversal": "Taken back",
    "expiry": "Points expired",
    "correction": "Correction",
    "merge": "Cards united",
    "forfeit": "Points given up",
}
ICONS = {
    "purchase": "shopping-bag",
    "return": "undo-2",
    "recount": "refresh-cw",
    "spend": "wallet",
    "reversal": "undo-2",
    "expiry": "hourglass",
    "correction": "pencil",
    "merge": "git-merge",
    "forfeit": "hourglass",
}


BROWSERS = (
    ("YaBrowser", "Yandex"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
AGENT_CHARACTERS_MAX = 60


def agent_text(agent: str) -> str:
    """Write what a browser calls itself as people do: `Chrome, Android`."""
    if "/" not in agent:
        return agent[:AGENT_CHARACTERS_MAX]
    found = [
        next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, found))


def translator(request: Request) -> Callable[[str], str]:
    """Give a function that translates msgids into the language of the page."""
    wiring = request.visit.wiring
    return lambda message: wiring.translator.sentence(request.language, message)


def points_text(points: int, language: str) -> str:
    """Write a change of points with its sign: `+120`, `−40`."""
    sign = PLUS if points > 0 else MINUS if points < 0 else ""
    return sign + format_number(abs(points), language)


def percent_text(hundredths: int, language: str) -> str:
    """Write a percent kept in hundredths: `7 %`, `2,5 %`; in English without the space."""
    number = format_number(Decimal(hundredths) / 100, language)
    return f"{number}{HARD_SPACE}%" if language == "ru" else f"{number}%"


def times_text(hundredths: int, language: str) -> str:
    """Write a multiple: `×2`."""
    return "×" + format_number(Decimal(hundredths) / 100, language)


def day_text(at: datetime, language: str, zone: str, *, now: datetime | None = None) -> str:
    """Write the day of an instant without its year, if that is the year of `now`: `30 ноября`."""
    there = at.astimezone(ZoneInfo(zone))
    same = now is None or now.astimezone(ZoneInfo(zone)).year == there.year
    return str(format_skeleton("MMMMd" if same else "yMMMMd", there, locale=language))


def month_text(at: datetime, language: str, zone: str) -> str:
    """Write the month of an instant: `ноябрь 2026 г.`."""
    text = format_month(at, language, zone)
    return text[:1].upper() + text[1:]


def clock_text(at: datetime, language: str, zone: str) -> str:
    """Write an instant: `12 ноября, 14:05`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{day_text(at, language, zone)}, {there:%H:%M}"
