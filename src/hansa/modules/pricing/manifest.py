"""What pricing brings into the application."""

from hansa.modules.pricing.api import ROUTES
from hansa.modules.pricing.profiles import Profiles
from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="pricing",
    routes=ROUTES,
    permissions=(
        Permission(code="pricing.view", title="See price lists, prices and their history"),
        Permission(code="pricing.edit", title="Change price lists, prices and customer groups"),
    ),
    services=(Profiles,),
)
