"""What payments bring into the application."""

from hansa.modules.payments.api import ROUTES
from hansa.modules.payments.checks import CHECKS
from hansa.modules.payments.jobs import handle_check_open, handle_forget_notices, handle_settle
from hansa.modules.payments.providers import Providers
from hansa.modules.payments.work import CheckOpenPayments, ForgetNotices, SettlePayment
from hansa.runtime.module import JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="payments",
    routes=ROUTES,
    jobs=(
        JobHandler(job=SettlePayment, handle=handle_settle),
        JobHandler(job=CheckOpenPayments, handle=handle_check_open),
        JobHandler(job=ForgetNotices, handle=handle_forget_notices),
    ),
    periodic=(
        Periodic(cron="* * * * *", job=CheckOpenPayments()),
        Periodic(cron="23 4 * * *", job=ForgetNotices()),
    ),
    permissions=(
        Permission(code="payments.view", title="See payments"),
        Permission(code="payments.receive", title="Note payments on receipt"),
        Permission(code="payments.refund", title="Give money back"),
    ),
    checks=CHECKS,
    services=(Providers,),
)
