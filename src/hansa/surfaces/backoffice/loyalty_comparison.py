"""An offer against its control group, in words and numbers of a page."""

from typing import Any

from hansa.kernel.money import exponent
from hansa.modules.loyalty import desk, offers
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import words


def comparison_shown(
    request: Request, found: desk.Comparison, speech: offers.Speech
) -> dict[str, Any]:
    """Put a comparison into a table, a chart and a verdict."""
    say = words(request)
    treated, control = found.treated, found.control
    shares = desk.compare_shares(treated, control)
    means = desk.compare_means(treated, control)
    verdict, tone = _verdict(request, means)
    return {
        "since": speech.moment(found.since),
        "until": speech.moment(found.until),
        "is_small": means is None,
        "least": desk.MEMBERS_LEAST,
        "verdict": verdict,
        "tone": tone,
        "labels": [say("May use it"), say("Held back")],
        "means": [_major(one.mean, speech.currency) for one in (treated, control)],
        "unit": speech.currency,
        "rows": [
            (
                say("Members"),
                speech.number(treated.members),
                speech.number(control.members),
                "",
                "",
            ),
            (
                say("Share that bought"),
                _percent(speech, treated.share),
                _percent(speech, control.share),
                *_of_shares(speech, shares),
            ),
            (
                say("Average purchase"),
                speech.amount(_each(treated.turnover_minor, treated.receipts)),
                speech.amount(_each(control.turnover_minor, control.receipts)),
                "",
                "",
            ),
            (
                say("Turnover per member"),
                speech.amount(round(treated.mean)),
                speech.amount(round(control.mean)),
                *_of_means(speech, means),
            ),
            (
                say("Points given"),
                speech.number(treated.points),
                speech.number(control.points),
                "",
                "",
            ),
        ],
    }


def _verdict(request: Request, found: desk.Uplift | None) -> tuple[str, str]:
    say = words(request)
    if found is None or not found.is_certain:
        return say("no difference that is certain"), ""
    if found.difference > 0:
        return say("members buy more with it"), "good"
    return say("members buy less with it"), "bad"


def _of_shares(speech: offers.Speech, found: desk.Uplift | None) -> tuple[str, str]:
    if found is None:
        return "—", "—"
    low, high = _percent(speech, found.low), _percent(speech, found.high)
    return _signed(_percent(speech, found.difference), found.difference), f"{low} … {high}"


def _of_means(speech: offers.Speech, found: desk.Uplift | None) -> tuple[str, str]:
    if found is None:
        return "—", "—"
    low, high = speech.amount(round(found.low)), speech.amount(round(found.high))
    return _signed(speech.amount(round(found.difference)), found.difference), f"{low} … {high}"


def _percent(speech: offers.Speech, share: float) -> str:
    return speech.percent(round(share * offers.WHOLE))


def _signed(text: str, number: float) -> str:
    return f"+{text}" if number > 0 else text


def _each(total: int, pieces: int) -> int:
    return round(total / pieces) if pieces else 0


def _major(minor: float, currency: str) -> float:
    return round(minor / float(10 ** exponent(currency)), 2)
