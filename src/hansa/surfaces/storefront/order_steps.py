"""The life of an order as a line of steps: what was, what is, what will be."""

from datetime import datetime

from hansa.kernel.text import pick
from hansa.modules.fulfilment import CaseState
from hansa.modules.orders import HistoryEntry, Order, OrderState, PaymentStanding
from hansa.runtime.html.formats import format_moment
from hansa.surfaces.storefront.order_status import Standing

Step = dict[str, str]
_LIFE = list(OrderState)


def steps(seen: Standing) -> list[Step]:
    """Give the steps of an order, each with title, state, moment and note."""
    order, translate = seen.order, seen.translate
    reached = _reached(order)
    taken = _step(seen, translate("Order taken"), "done", order.placed_at)
    missing = [_missing(seen, one) for one in order.history if one.kind == "given_up"]
    if order.state is OrderState.CANCELLED:
        return [taken, *missing, _step(seen, translate("Cancelled"), "bad", order.cancelled_at)]
    way = [
        (OrderState.CONFIRMED, translate("Confirmed")),
        (OrderState.PACKED, translate("Packed")),
        (OrderState.SHIPPED, translate("On its way")),
        (OrderState.DELIVERED, translate("Received")),
    ]
    between = _between(seen)
    found = [taken, *missing, *between]
    is_next_known = any(one["state"] == "now" for one in between)
    for state, title in way:
        is_done = _LIFE.index(order.state) >= _LIFE.index(state)
        is_next = not is_done and not is_next_known
        is_next_known = is_next_known or is_next
        found.append(
            _step(
                seen, title, "done" if is_done else "now" if is_next else "next", reached.get(state)
            )
        )
    return found


def _between(seen: Standing) -> list[Step]:
    """What stands between an order and its confirmation: a shop's answer, a payment."""
    order, translate = seen.order, seen.translate
    if order.state is not OrderState.PLACED:
        return []
    found: list[Step] = []
    progress = seen.progress
    if progress is not None and seen.is_searched:
        shops = ", ".join(pick(name, seen.language) for name in progress.asked_shops)
        by = ""
        if progress.answer_by is not None and progress.answer_by > seen.now:
            by = translate("answer by {time}").format(time=seen.clock(progress.answer_by))
        title = (
            translate("We are looking for it")
            if progress.state is CaseState.OPERATOR
            else translate("The shop confirms")
        )
        note = " · ".join(part for part in (shops, by) if part)
        found.append({"title": title, "state": "now", "moment": "", "note": note})
    elif progress is not None and progress.state is CaseState.CONFIRMED:
        found.append(_step(seen, translate("Found for you"), "done", None))
    if seen.paid in {PaymentStanding.AWAITING, PaymentStanding.FAILED}:
        found.append(_step(seen, translate("Payment"), "now", None))
    elif seen.paid is PaymentStanding.DEFERRED:
        found.append(_step(seen, translate("Payment"), "next", None))
    return found


def _missing(seen: Standing, entry: HistoryEntry) -> Step:
    found = _step(seen, seen.translate("A part could not be found"), "bad", entry.happened_at)
    names = {line.sku: pick(line.name, seen.language) for line in seen.order.lines}
    pieces = [part.rpartition(" × ") for part in (entry.to_state or "").split(", ")]
    found["note"] = ", ".join(f"{names.get(sku, sku)} × {count}" for sku, _, count in pieces if sku)
    return found


def _reached(order: Order) -> dict[str, datetime]:
    return {
        entry.to_state: entry.happened_at
        for entry in order.history
        if entry.to_state is not None and entry.kind in {"placed", "state"}
    }


def _step(seen: Standing, title: str, state: str, moment: datetime | None) -> Step:
    return {
        "title": title,
        "state": state,
        "moment": format_moment(moment, seen.language, seen.zone),
        "note": "",
    }
