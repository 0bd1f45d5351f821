"""Words for the search of goods: states, reasons, what happened."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import fulfilment, stock
from hansa.modules.fulfilment import (
    Asking,
    CaseState,
    Criterion,
    Nobody,
    OneStage,
    PartState,
    QuestionState,
    Reason,
    ShopChannel,
    WhenClosed,
)
from hansa.runtime.database import Snapshot
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import words, zone_of

BOARD = "/office/fulfilment"
CASES = "/office/fulfilment/cases"
SHOPS = "/office/fulfilment/shops"
RULES = "/office/fulfilment/rules"

CASE_STATES: Mapping[CaseState, tuple[str, str]] = {
    CaseState.ASKING: ("shops are asked", "accent"),
    CaseState.OPERATOR: ("needs a person", "bad"),
    CaseState.CONFIRMED: ("goods confirmed", "good"),
    CaseState.ENDED: ("search ended", ""),
}
PART_STATES: Mapping[PartState, tuple[str, str]] = {
    PartState.PROPOSED: ("waits for opening", ""),
    PartState.ASKED: ("being asked", "accent"),
    PartState.CONFIRMED: ("put aside", "good"),
    PartState.REFUSED: ("not there", "bad"),
    PartState.EXPIRED: ("no answer", "warn"),
    PartState.WITHDRAWN: ("not needed", ""),
}
QUESTION_STATES: Mapping[QuestionState, tuple[str, str]] = {
    QuestionState.WAITING: ("waits for opening", ""),
    QuestionState.OPEN: ("open", "accent"),
    QuestionState.ANSWERED: ("answered", "good"),
    QuestionState.EXPIRED: ("no answer", "warn"),
    QuestionState.WITHDRAWN: ("withdrawn", ""),
}
REASONS: Mapping[Reason, str] = {
    Reason.CHOSEN: "Chosen",
    Reason.ALSO_GOOD: "Would do too; another place ranked before it",
    Reason.WRONG_KIND: "The rule takes another kind of warehouse",
    Reason.WRONG_GROUP: "Not in the groups of the rule",
    Reason.EXCLUDED: "The rule leaves it out",
    Reason.NO_STOCK: "Has none to give",
    Reason.TOO_FEW: "Would keep too few",
    Reason.BUSY: "Has too many orders in hand",
    Reason.CLOSED: "Closed now",
    Reason.PAUSED: "Not to be asked now",
    Reason.ANSWERED_NO: "Has said no or nothing already",
    Reason.BEING_ASKED: "Being asked already",
    Reason.TOO_MANY_PARTS: "The order would come in too many parts",
}
CRITERIA: Mapping[Criterion, str] = {
    Criterion.OWN_WAREHOUSE: "Own warehouse before shops",
    Criterion.FEWEST_SPLITS: "Fewest parts",
    Criterion.SAME_CITY: "Same city",
    Criterion.DISTANCE: "Nearest",
    Criterion.STOCK_DEPTH: "Most pieces",
    Criterion.LOAD: "Fewest orders in hand",
    Criterion.SEQUENCE: "In the order of the list",
}
CHANNELS: Mapping[ShopChannel, str] = {
    ShopChannel.OFFICE: "Back office only",
    ShopChannel.SLACK: "Slack",
    ShopChannel.TELEGRAM: "Telegram",
}
ASKING: Mapping[Asking, str] = {
    Asking.IN_TURN: "One after another",
    Asking.ALL_AT_ONCE: "All at once",
    Asking.K_AT_A_TIME: "Several at a time",
}
WHEN_CLOSED: Mapping[WhenClosed, str] = {
    WhenClosed.WAIT: "The question waits until it opens",
    WhenClosed.NEXT: "An open shop is asked first",
}
NOBODY: Mapping[Nobody, str] = {
    Nobody.OPERATOR: "A person decides",
    Nobody.GIVE_UP: "It is given up with an apology, the money goes back",
}
ONE_STAGE: Mapping[OneStage, str] = {
    OneStage.ASK_FIRST: "The shopper pays when the shop has confirmed",
    OneStage.REFUND: "The shopper pays at once, what is not found is refunded",
}
_EVENTS: Mapping[str, tuple[str, str]] = {
    "taken": ("Taken from the warehouse", "done"),
    "asked": ("Asked", "now"),
    "waits": ("Will be asked when it opens", "next"),
    "answered": ("Answered", "done"),
    "expired": ("No answer in time", "bad"),
    "withdrawn": ("Question withdrawn", "done"),
    "given_up": ("Given up", "bad"),
    "lost": ("The goods are gone from the shelf", "bad"),
    "case_asking": ("Shops are asked now", "now"),
    "case_operator": ("A person is needed", "bad"),
    "case_confirmed": ("Everything is confirmed", "done"),
    "case_ended": ("The search is over", "done"),
    "chosen_by_hand": ("A shop was chosen by hand", "done"),
    "asked_again": ("Everybody may be asked again", "done"),
    "given_up_by_hand": ("Given up by hand", "bad"),
    "extended": ("More time to answer", "done"),
    "withdrawn_by_hand": ("Withdrawn by hand", "done"),
    "taken_back": ("Taken back: not good or not there after all", "bad"),
}


async def places_of(snap: Snapshot, language: str) -> dict[UUID, str]:
    """Give the names of all warehouses."""
    return {one.id: pick(one.name, language) for one in await stock.list_warehouses(snap)}


def because(request: Request, reason: str) -> str:
    """Say why in the reader's language; a person's own words stay."""
    return words(request)(reason)


def pieces(request: Request, count: Decimal) -> str:
    """Write a number of pieces."""
    return format_number(count, request.language)


def moment(request: Request, instant: datetime) -> str:
    """Write an instant."""
    return format_moment(instant, request.language, zone_of(request))


def item_of(item: Mapping[str, Any], language: str) -> str:
    """Name an item by what was kept of it."""
    options = [pick(text, language) for text in item.get("options", {}).values()]
    parts = (pick(item.get("name", {}), language), *options, item.get("sku", ""))
    return " · ".join(part for part in parts if part)


def event_row(
    request: Request, event: fulfilment.CaseEvent, places: Mapping[UUID, str]
) -> dict[str, Any]:
    """Tell something that happened as a line of a timeline."""
    translate = words(request)
    title, state = _EVENTS.get(event.kind, (event.kind, "done"))
    place = places.get(event.warehouse_id, "") if event.warehouse_id else ""
    notes = [_details(request, translate, event)]
    if event.by is not None:
        notes.append(event.by.name)
    return {
        "title": translate(title) + (f": {place}" if place else ""),
        "state": "done" if state == "now" else state,
        "moment": moment(request, event.at),
        "note": " · ".join(note for note in notes if note),
    }


def _details(request: Request, translate: Callable[[str], str], event: fulfilment.CaseEvent) -> str:
    details = event.details
    if event.kind == "answered":
        return "; ".join(_answer(request, translate, line) for line in details.get("lines", ()))
    if "answer_by" in details:
        until = datetime.fromisoformat(details["answer_by"])
        return translate("until {moment}").format(moment=moment(request, until))
    if "until" in details:
        return moment(request, datetime.fromisoformat(details["until"]))
    if "minutes" in details:
        return translate("{minutes} minutes more").format(minutes=details["minutes"])
    return because(request, str(details.get("because") or details.get("reason") or ""))


def _answer(request: Request, translate: Callable[[str], str], line: Mapping[str, Any]) -> str:
    said = [
        translate(label).format(count=pieces(request, Decimal(line[name])))
        for name, label in (
            ("found", "found {count}"),
            ("defective", "defective {count}"),
            ("missing", "not there {count}"),
        )
        if Decimal(line[name])
    ]
    return f"{item_of(line, request.language)}: {', '.join(said)}"
