"""What orders bring into the application."""

from hansa.contracts.payments import (
    PaymentAllowed,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from hansa.modules.orders.api import ROUTES
from hansa.modules.orders.checks import CHECKS
from hansa.modules.orders.jobs import cancel_unpaid
from hansa.modules.orders.subscribers import follow_payment
from hansa.modules.orders.work import CancelUnpaidOrders
from hansa.runtime.module import JobHandler, Module, Periodic, Permission, Subscription

MODULE = Module(
    name="orders",
    routes=ROUTES,
    jobs=(JobHandler(job=CancelUnpaidOrders, handle=cancel_unpaid),),
    periodic=(Periodic(cron="*/5 * * * *", job=CancelUnpaidOrders()),),
    subscriptions=(
        Subscription(
            name="orders.payments",
            events=(
                PaymentAllowed,
                PaymentAuthorised,
                PaymentCaptured,
                PaymentFailed,
                PaymentVoided,
                PaymentRefunded,
            ),
            handle=follow_payment,
        ),
    ),
    permissions=(
        Permission(code="orders.view", title="See orders"),
        Permission(code="orders.edit", title="Lead orders on and write notes"),
        Permission(code="orders.cancel", title="Cancel orders"),
    ),
    checks=CHECKS,
)
