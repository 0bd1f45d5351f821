"""The list of everything Hansa is made of. The order is that of starting: lower modules first."""

import importlib
import importlib.util
from collections.abc import Iterable

from hansa.runtime.module import Module, Permission, Service

MODULES = (
    "markets",
    "accounts",
    "parties",
    "catalog",
    "pricing",
    "stock",
    "search",
    "payments",
    "orders",
    "checkout",
    "erp",
)
SURFACES = ("storefront", "backoffice")


def all_modules() -> list[Module]:
    """Give the manifests of all modules and surfaces that are there."""
    found: list[Module] = []
    for package, names, attribute in (
        ("modules", MODULES, "MODULE"),
        ("surfaces", SURFACES, "SURFACE"),
    ):
        for name in names:
            path = f"hansa.{package}.{name}"
            if importlib.util.find_spec(path) is None:
                continue
            if importlib.util.find_spec(f"{path}.manifest") is None:
                continue
            found.append(getattr(importlib.import_module(f"{path}.manifest"), attribute))
    return found


def services_of(modules: Iterable[Module]) -> list[type[Service]]:
    """Give the service classes in the order they start."""
    return [service for module in modules for service in module.services]


def permissions_of(modules: Iterable[Module]) -> list[Permission]:
    """Give every permission a role may hold."""
    return [permission for module in modules for permission in module.permissions]
