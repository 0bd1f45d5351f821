"""What rollout brings into the application."""

from hansa.contracts.parties import PartiesMerged
from hansa.modules.rollout.api import ROUTES
from hansa.modules.rollout.audiences import on_merged
from hansa.modules.rollout.checks import CHECKS
from hansa.modules.rollout.service import Rollout
from hansa.runtime.module import Module, Permission, Subscription

MODULE = Module(
    name="rollout",
    routes=ROUTES,
    subscriptions=(Subscription(name="rollout.merged", events=(PartiesMerged,), handle=on_merged),),
    permissions=(
        Permission(code="rollout.view", title="See which features are on for whom"),
        Permission(code="rollout.edit", title="Change for whom features are on"),
    ),
    checks=CHECKS,
    services=(Rollout,),
)
