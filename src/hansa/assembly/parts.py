"""Parts of Hansa that can run alone: the services of loyalty, each with its own routes and work.

A part is chosen by `hansa serve --roles loyalty.transactions`. Its web processes answer only what
is in the table below, its relay runs only its subscriptions and loops. Jobs are run by the role
`worker`, whichever machine it is on. Without a part a process is all of Hansa.

A part that is apart writes to a database of its own (`assembly.following`): its relay runs its jobs
too, and no process of the main database has anything of it.
"""

from collections.abc import Sequence
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
    `subscriptions`, `loops` and `jobs` are names, or beginnings of names that end in a dot;
    `services` are names of classes, started in the order of the modules. `jobs` matter when it is
    apart.
    """

    places: Sequence[tuple[str, str]] = ()
    subscriptions: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
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
        places=(
            (f"{_LOYALTY}.partner_api.api_webhooks", "all"),
            ("hansa.modules.webhooks", "all"),
            ("hansa.surfaces.backoffice.webhooks", "all"),
            ("hansa.surfaces.backoffice.webhook_form", "all"),
            ("hansa.surfaces.partner_cabinet.hooks", "all"),
        ),
        subscriptions=("loyalty.webhooks.",),
        loops=("webhooks.delivery",),
        jobs=("webhooks.",),
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
            "loyalty.daily",
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


def modules_of(part: str, *, apart: Sequence[str] = ()) -> list[Module]:
    """Give what a process is made of: all modules but the parts that are apart, or a part.

    Permissions stay whole, because the built-in roles are kept by what is known of them.
    """
    modules = all_modules()
    if not part:
        return [_without(module, [PARTS[name] for name in apart]) for module in modules]
    chosen = PARTS[part]
    kept = [_cut(module, chosen, is_apart=part in apart) for module in modules]
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


def _without(module: Module, parts: Sequence[Part]) -> Module:
    """Give what a module has beyond these parts; what a process starts stays."""
    for part in parts:
        module = replace(
            module,
            routes=[one for one in module.routes if not _is_of(part, one)],
            jobs=[one for one in module.jobs if not _is_named(one.job.type, part.jobs)],
            periodic=[one for one in module.periodic if not _is_named(one.job.type, part.jobs)],
            subscriptions=[
                one for one in module.subscriptions if not _is_named(one.name, part.subscriptions)
            ],
            loops=[one for one in module.loops if not _is_named(one.name, part.loops)],
        )
    return module


def _cut(module: Module, part: Part, *, is_apart: bool) -> Module:
    """Give what a part has of a module."""
    jobs = part.jobs if is_apart else ()
    services = _EVERYWHERE | (part.services if module.name in _WITH_PARTS else frozenset())
    return replace(
        module,
        routes=[route for route in module.routes if _is_kept(part, route)],
        jobs=[one for one in module.jobs if _is_named(one.job.type, jobs)],
        periodic=[one for one in module.periodic if _is_named(one.job.type, jobs)],
        subscriptions=[
            one for one in module.subscriptions if _is_named(one.name, part.subscriptions)
        ],
        services=[one for one in module.services if one.__name__ in services],
        loops=[one for one in module.loops if _is_named(one.name, part.loops)],
        permissions=(),
    )


def _is_kept(part: Part, route: Any) -> bool:
    is_program = isinstance(route, HTTPRouteHandler) and any(
        path.startswith(_PROGRAMS) for path in route.paths
    )
    return is_program or _is_of(part, route)


def _is_of(part: Part, route: Any) -> bool:
    return isinstance(route, HTTPRouteHandler) and _answers(part, route)


def _answers(part: Part, route: HTTPRouteHandler) -> bool:
    place = route.fn.__module__
    reads = set(route.http_methods) <= _READ
    fits: dict[str, bool] = {"all": True, "read": reads, "write": not reads}
    return any(
        (place == package or place.startswith(f"{package}.")) and fits[kind]
        for package, kind in part.places
    )


def _is_named(name: str, names: tuple[str, ...]) -> bool:
    """Tell whether it is among the names, or begins as one that ends in a dot."""
    return any(name.startswith(one) if one.endswith(".") else name == one for one in names)
