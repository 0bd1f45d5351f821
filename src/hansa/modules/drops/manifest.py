"""What drops brings into the application."""

from hansa.contracts.orders import OrderCancelled, OrderReduced
from hansa.modules.drops import limits
from hansa.modules.drops.api import ROUTES
from hansa.modules.drops.checks import CHECKS
from hansa.modules.drops.directory import Directory
from hansa.modules.drops.jobs import ForgetTickets, run_forget_tickets
from hansa.modules.drops.rooms import Rooms
from hansa.runtime.module import JobHandler, Module, Periodic, Permission, Subscription

MODULE = Module(
    name="drops",
    routes=ROUTES,
    jobs=(JobHandler(job=ForgetTickets, handle=run_forget_tickets),),
    periodic=(Periodic(cron="23 4 * * *", job=ForgetTickets()),),
    subscriptions=(
        Subscription(
            name="drops.cancelled",
            events=(OrderCancelled,),
            handle=limits.on_cancelled,
            batch=True,
        ),
        Subscription(
            name="drops.reduced",
            events=(OrderReduced,),
            handle=limits.on_reduced,
            batch=True,
        ),
    ),
    permissions=(
        Permission(code="drops.view", title="See drops and how they go"),
        Permission(code="drops.edit", title="Prepare drops, let people in and close"),
    ),
    checks=CHECKS,
    services=(Directory, Rooms),
)
