"""What surrounds every page of the back office: side bar, search, who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hansa.runtime.html import Page
from hansa.runtime.http import Actor, Request, SignInNeeded, authorise

THEME_COOKIE = "hansa_theme"


@dataclass(frozen=True, slots=True)
class Section:
    """A link of the side bar, shown to whoever has the permission; `label` is a msgid."""

    label: str
    href: str
    icon: str
    permission: str


LOYALTY: Sequence[Section] = (
    Section("Overview", "/office/loyalty", "layout-dashboard", "loyalty.view"),
    Section("Members", "/office/loyalty/members", "users", "loyalty.view"),
    Section("Numbers", "/office/loyalty/reports", "chart-line", "loyalty.view"),
    Section("Disputes", "/office/loyalty/disputes", "message-circle", "loyalty.view"),
    Section("Corrections", "/office/loyalty/corrections", "pencil", "loyalty.view"),
    Section("Programmes", "/office/loyalty/programmes", "wallet", "loyalty.view"),
    Section("Offers", "/office/loyalty/offers", "star", "loyalty.view"),
    Section("Rewards", "/office/loyalty/rewards", "gift", "loyalty.view"),
    Section("Earning rules", "/office/loyalty/rules", "percent", "loyalty.view"),
    Section("Settlement", "/office/loyalty/settlement", "banknote", "loyalty.view"),
    Section("Partners' feeds", "/office/loyalty/feeds", "inbox", "loyalty.view"),
    Section("Alerts", "/office/loyalty/alerts", "triangle-alert", "loyalty.view"),
    Section("Campaigns", "/office/campaigns", "send", "notifications.view"),
    Section("Segments", "/office/segments", "filter", "notifications.view"),
    Section("Messages", "/office/messages", "bell", "notifications.view"),
)
SECTIONS: Sequence[tuple[str | None, Sequence[Section]]] = (
    (None, (Section("Today", "/office", "layout-dashboard", ""),)),
    (
        "Sales",
        (
            Section("Orders", "/office/orders", "package", "orders.view"),
            Section("Questions to shops", "/office/fulfilment", "store", "fulfilment.view"),
            Section("Customers", "/office/customers", "users", "parties.view"),
            Section("Shop's answers", "/office/shop", "store", "fulfilment.answer"),
            Section("Receipts", "/office/receipts", "receipt", "receipts.view"),
        ),
    ),
    (
        "Goods",
        (
            Section("Catalogue", "/office/catalogue", "shirt", "catalog.view"),
            Section("Stock", "/office/stock", "boxes", "stock.view"),
            Section("Prices", "/office/prices", "tag", "pricing.view"),
            Section("Drops", "/office/drops", "calendar", "drops.view"),
            Section("Gifts", "/office/gifts", "gift", "promotions.view"),
        ),
    ),
    ("Loyalty", LOYALTY),
    (
        "Channels",
        (
            Section("1C exchange", "/office/exchange", "arrow-right-left", "erp.view"),
            Section("Queue to 1C", "/office/erp-queue", "send", "erp.view"),
            Section("RetailCRM", "/office/retailcrm", "phone", "retailcrm.view"),
            Section("Webhooks", "/office/webhooks", "plug-zap", "webhooks.view"),
        ),
    ),
    (
        "Set-up",
        (
            Section("Roll-out", "/office/rollout", "sliders-horizontal", "rollout.view"),
            Section("Markets", "/office/markets", "globe", "markets.view"),
            Section("People and roles", "/office/users", "shield", "accounts.view"),
            Section("Events and jobs", "/office/work", "activity", "runtime.view"),
            Section("Audit log", "/office/audit", "history", "accounts.audit"),
        ),
    ),
)


def staff(request: Request, permission: str = "") -> Actor:
    """Give the member of staff who asks, if they have the permission.

    Raises:
        SignInNeeded: nobody of the staff is signed in.
        PermissionMissing: they lack the permission.
    """
    request.visit.authorised = True
    actor = request.actor
    if actor is None or actor.kind != "staff":
        raise SignInNeeded
    return authorise(request, permission) if permission else actor


def page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> Page:
    """Make a page within the back office's shell."""
    actor = request.actor
    path = request.visit.path
    theme = request.visit.sent_cookies.get(THEME_COOKIE, "")
    groups = []
    here = _section_of(path)
    for title, sections in SECTIONS:
        links = [
            {
                "label": one.label,
                "href": one.href,
                "icon": one.icon,
                "current": one.href == here,
            }
            for one in sections
            if actor is not None and (not one.permission or actor.may(one.permission))
        ]
        if links:
            groups.append((title, links))
    return Page(
        f"backoffice/{template}",
        status_code=status_code,
        theme=theme if theme in {"light", "dark"} else "",
        groups=groups,
        **values,
    )


def _section_of(path: str) -> str:
    """Give the section a page belongs to: of those its address begins with the longest."""
    known = (one.href for _, sections in SECTIONS for one in sections)
    found = (
        href for href in known if path == href or (href != "/office" and path.startswith(href))
    )
    return max(found, key=len, default="")
