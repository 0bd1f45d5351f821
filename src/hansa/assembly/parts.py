"""Parts of Hansa that can run alone: the services of loyalty, each with its own routes and work.

A part is chosen by `hansa serve --roles loyalty.transactions`. Its web processes answer only what
is in the table below, its relay runs only its subscriptions and loops. Jobs are run by the role
`worker`, whichever machine it is on. Without a part a process is all of Hansa.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from hansa.assembly.modules import all_modules, permissions_of, services_of
from hansa.runtime.module import Module, Service

_LOYALTY = "hansa.modules.loyalty"
_READ = frozenset({"GET", "HEAD", "OPTIONS"})
_PROGRAMS: Final = ("/oauth/token", "/.well-known/")
"""Where a partner's program gets its token: in every part, since a token needs no database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What belongs to a part.

    `places` are the packages whose routes it answers, those that only read, only write or all.
    `subscriptions` and `loops` are names, or beginnings of names that end in a dot; `services` are
    names of classes, started in the order of the modules.
    """

    places: Sequence[tuple[str, str]] = ()
    subscriptions: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()

    @property
    def has_work(self) -> bool:
        """Tell whether it does anything besides answering."""
        return bool(self.subscriptions or self.loops)


PARTS: Final = {
    "loyalty.directory": Part(
        places=((f"{_LOYALTY}.desk.api_coalition", "all"), (f"{_LOYALTY}.offers", "all")),
        services=frozenset({"Naming", "Directory", "Rulebook", "PercentReader"}),
    ),
    "loyalty.profiles": Part(
        places=((f"{_LOYALTY}.members", "all"), (f"{_LOYALTY}.sessions", "all")),
        services=frozenset({"Naming", "Codes", "Directory"}),
    ),
    "loyalty.balances": Part(
        places=((f"{_LOYALTY}.partner_api.api", "read"), (f"{_LOYALTY}.settlement", "read")),
        services=frozenset({"Naming", "Directory", "BalanceReader"}),
    ),
    "loyalty.events": Part(
        places=((f"{_LOYALTY}.partner_api.api_webhooks", "all"), ("hansa.modules.webhooks", "all")),
        subscriptions=("loyalty.webhooks.", "loyalty.daily"),
        loops=("webhooks.delivery",),
        services=frozenset({"Naming", "Directory"}),
    ),
    "loyalty.transactions": Part(
        places=(
            (f"{_LOYALTY}.partner_api.api", "write"),
            (f"{_LOYALTY}.partner_api.api_step_ups", "all"),
            (f"{_LOYALTY}.partner_api.api_places", "all"),
            (f"{_LOYALTY}.settlement", "write"),
            (f"{_LOYALTY}.guard", "all"),
            (f"{_LOYALTY}.desk.api", "all"),
            (f"{_LOYALTY}.desk.api_disputes", "all"),
            (f"{_LOYALTY}.intake", "all"),
            (f"{_LOYALTY}.rewards", "all"),
        ),
        subscriptions=(
            "loyalty.recount",
            "loyalty.rewards",
            "loyalty.moves",
            "loyalty.moves_back",
            "loyalty.points.",
            "loyalty.offers.",
            "loyalty.guard.",
        ),
        loops=("ledger.roller",),
        services=frozenset(
            {"Naming", "Codes", "Directory", "Rulebook", "Watch", "Poster", "Intake"}
        ),
    ),
    "loyalty.notifications": Part(
        places=(("hansa.modules.notifications", "all"),),
        subscriptions=("notifications.",),
        loops=("notifications.sending",),
        services=frozenset({"Naming", "Directory", "Channels"}),
    ),
}
"""Every part by its name, which is also its role."""

FRONT: Final = "loyalty.front"
"""The role that stands before several cells; it is made of none of the modules."""

_WITH_PARTS = frozenset({"loyalty", "notifications"})
_EVERYWHERE = frozenset({"AccountsAuthenticator", "MarketDirectory", "Rollout"})


def modules_of(part: str) -> list[Module]:
    """Give what a process is made of: all modules, or what a part has of them.

    Permissions stay whole, because the built-in roles are kept by what is known of them.
    """
    modules = all_modules()
    if not part:
        return modules
    chosen = PARTS[part]
    kept = [_cut(module, chosen) for module in modules]
    return [replace(kept[0], permissions=permissions_of(modules)), *kept[1:]]


def subscriptions_beside(part: str) -> list[str]:
    """Give the names of subscriptions that other processes run."""
    mine = {one.name for module in modules_of(part) for one in module.subscriptions}
    every = [one.name for module in all_modules() for one in module.subscriptions]
    return [name for name in every if name not in mine]


def part_of(route: HTTPRouteHandler) -> list[str]:
    """Give the parts that answer a route."""
    return [name for name, part in PARTS.items() if _answers(part, route)]


def services_started(part: str) -> list[type[Service]]:
    """Give the services of a part in the order they start."""
    return services_of(modules_of(part))


def _cut(module: Module, part: Part) -> Module:
    """Give what a part has of a module."""
    services = _EVERYWHERE | (part.services if module.name in _WITH_PARTS else frozenset())
    return replace(
        module,
        routes=[route for route in module.routes if _is_kept(part, route)],
        jobs=(),
        periodic=(),
        subscriptions=_named(module.subscriptions, part.subscriptions),
        services=[one for one in module.services if one.__name__ in services],
        loops=_named(module.loops, part.loops),
        permissions=(),
    )


def _is_kept(part: Part, route: Any) -> bool:
    if not isinstance(route, HTTPRouteHandler):
        return False
    return _answers(part, route) or any(path.startswith(_PROGRAMS) for path in route.paths)


def _answers(part: Part, route: HTTPRouteHandler) -> bool:
    place = route.fn.__module__
    reads = set(route.http_methods) <= _READ
    fits: dict[str, bool] = {"all": True, "read": reads, "write": not reads}
    return any(
        (place == package or place.startswith(f"{package}.")) and fits[kind]
        for package, kind in part.places
    )


def _named(things: Iterable[Any], names: tuple[str, ...]) -> list[Any]:
    """Give those things that are named, or whose names begin so."""
    return [
        thing
        for thing in things
        if any(
            thing.name.startswith(one) if one.endswith(".") else thing.name == one for one in names
        )
    ]
