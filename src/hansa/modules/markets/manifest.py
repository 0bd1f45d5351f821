"""What markets brings into the application."""

from hansa.modules.markets.directory import MarketDirectory
from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="markets",
    permissions=(
        Permission(code="markets.view", title="See markets"),
        Permission(code="markets.edit", title="Open and change markets"),
    ),
    services=(MarketDirectory,),
)
