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
    taken = _step(seen, translate("Order taken"), "done", order.placed_at)
    missing = [_missing(seen, one) for one in order.history if one.kind == "given_up"]
    if order.state is OrderState.CANCELLED:
        return [taken, *missing, _step(seen, translate("Cancelled"), "bad", order.cancelled_at)]
    confirmed = _search(seen) if seen.is_searched else _way(seen, OrderState.CONFIRMED)
    found = [taken, confirmed, *missing]
    payment = _payment(seen)
    if payment is not None:
        pays_first = order.state is OrderState.PLACED and seen.is_to_be_paid
        found.insert(1 if pays_first else len(found), payment)
    found += [
        _way(seen, state) for state in (OrderState.PACKED, OrderState.SHIPPED, OrderState.DELIVERED)
    ]
    return _with_present(found)


def _with_present(found: list[Step]) -> list[Step]:
    """Mark the first step that is still to come as the present one, if none is."""
    if not any(step["state"] == "now" for step in found):
        for step in found:
            if step["state"] == "next":
                step["state"] = "now"
                break
    return found


def _way(seen: Standing, state: OrderState) -> Step:
    """A step of every order's life."""
    translate, order = seen.translate, seen.order
    titles = {
        OrderState.CONFIRMED: translate("Confirmed"),
        OrderState.PACKED: translate("Packed"),
        OrderState.SHIPPED: translate("On its way"),
        OrderState.DELIVERED: translate("Received"),
    }
    is_done = _LIFE.index(order.state) >= _LIFE.index(state)
    reached = _reached(order).get(state)
    return _step(seen, titles[state], "done" if is_done else "next", reached)


def _payment(seen: Standing) -> Step | None:
    if seen.is_to_be_paid:
        return _step(seen, seen.translate("Payment"), "now", None)
    if seen.paid is PaymentStanding.DEFERRED:
        return _step(seen, seen.translate("Payment"), "next", None)
    return None


def _search(seen: Standing) -> Step:
    """What is being found out: which shops are asked and until when, or that a person looks."""
    translate, progress = seen.translate, seen.progress
    assert progress is not None, "something is searched only while a case is open"
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
    return {"title": title, "state": "now", "moment": "", "note": note}


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
