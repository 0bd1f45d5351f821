"""What webhooks brings into the application."""

from hansa.modules.webhooks import loop
from hansa.modules.webhooks.api import ROUTES
from hansa.modules.webhooks.checks import CHECKS
from hansa.modules.webhooks.jobs import ForgetWebhooks, run_forget
from hansa.runtime.module import JobHandler, Loop, Module, Periodic, Permission

MODULE = Module(
    name="webhooks",
    routes=ROUTES,
    jobs=(JobHandler(job=ForgetWebhooks, handle=run_forget),),
    periodic=(Periodic(cron="37 2 * * *", job=ForgetWebhooks()),),
    permissions=(
        Permission(code="webhooks.view", title="See webhooks, their messages and attempts"),
        Permission(code="webhooks.edit", title="Set up webhooks and send messages again"),
    ),
    checks=CHECKS,
    loops=(Loop(name="webhooks.delivery", run=loop.run),),
)
