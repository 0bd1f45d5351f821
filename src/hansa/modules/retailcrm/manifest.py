"""What retailcrm brings into the application."""

from hansa.modules.retailcrm.checks import CHECKS
from hansa.modules.retailcrm.exchange import look_at_all, run_exchange
from hansa.modules.retailcrm.subscribers import SUBSCRIPTIONS
from hansa.modules.retailcrm.work import Exchange, LookAtAll
from hansa.runtime.module import JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="retailcrm",
    jobs=(
        JobHandler(job=Exchange, handle=run_exchange, retries=20),
        JobHandler(job=LookAtAll, handle=look_at_all),
    ),
    periodic=(Periodic(cron="* * * * *", job=LookAtAll()),),
    subscriptions=SUBSCRIPTIONS,
    permissions=(
        Permission(code="retailcrm.view", title="See the exchange with RetailCRM"),
        Permission(code="retailcrm.edit", title="Change the exchange with RetailCRM"),
    ),
    checks=CHECKS,
)
