"""What stock brings into the application."""

from hansa.modules.stock.api import ROUTES
from hansa.modules.stock.checks import CHECKS
from hansa.modules.stock.jobs import (
    ExpireHolds,
    ForgetRefusals,
    run_expire_holds,
    run_forget_refusals,
)
from hansa.modules.stock.reserver import Reserver
from hansa.runtime.module import JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="stock",
    routes=ROUTES,
    jobs=(
        JobHandler(job=ExpireHolds, handle=run_expire_holds),
        JobHandler(job=ForgetRefusals, handle=run_forget_refusals),
    ),
    periodic=(
        Periodic(cron="* * * * *", job=ExpireHolds()),
        Periodic(cron="17 3 * * *", job=ForgetRefusals()),
    ),
    permissions=(
        Permission(code="stock.view", title="See stock and its journal"),
        Permission(code="stock.edit", title="Change warehouses and safety stock"),
        Permission(code="stock.reserve", title="Reserve goods"),
        Permission(code="stock.correct", title="Say that goods are missing or found again"),
        Permission(code="stock.repair", title="Repair derived numbers of stock"),
    ),
    checks=CHECKS,
    services=(Reserver,),
)
