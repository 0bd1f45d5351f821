"""What the catalogue brings into the application."""

from hansa.modules.catalog.api import ROUTES
from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="catalog",
    routes=ROUTES,
    permissions=(
        Permission(code="catalog.view", title="See the catalogue, drafts and archive included"),
        Permission(code="catalog.edit", title="Change products and categories"),
    ),
)
