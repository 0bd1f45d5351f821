"""What fulfilment brings into the application."""

from hansa.contracts.orders import OrderCancelled, OrderChanged, OrderPlaced, OrderReduced
from hansa.modules.fulfilment.api import ROUTES
from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.chat.jobs import JOBS as CHAT_JOBS
from hansa.modules.fulfilment.checks import CHECKS
from hansa.modules.fulfilment.jobs import (
    run_look_at_case,
    run_look_at_clocks,
    run_send_question,
    run_update_question,
)
from hansa.modules.fulfilment.slack.api import ROUTES as SLACK_ROUTES
from hansa.modules.fulfilment.slack.jobs import JOBS as SLACK_JOBS
from hansa.modules.fulfilment.subscribers import follow_order
from hansa.modules.fulfilment.telegram.api import ROUTES as TELEGRAM_ROUTES
from hansa.modules.fulfilment.work import (
    LookAtCase,
    LookAtClocks,
    SendQuestion,
    UpdateQuestion,
)
from hansa.runtime.module import JobHandler, Module, Periodic, Permission, Subscription

MODULE = Module(
    name="fulfilment",
    routes=(*ROUTES, *SLACK_ROUTES, *TELEGRAM_ROUTES),
    jobs=(
        JobHandler(job=LookAtCase, handle=run_look_at_case, retries=10),
        JobHandler(job=LookAtClocks, handle=run_look_at_clocks),
        JobHandler(job=SendQuestion, handle=run_send_question, retries=6),
        JobHandler(job=UpdateQuestion, handle=run_update_question, retries=6),
        *CHAT_JOBS,
        *SLACK_JOBS,
    ),
    periodic=(Periodic(cron="* * * * *", job=LookAtClocks()),),
    subscriptions=(
        Subscription(
            name="fulfilment.orders",
            events=(OrderPlaced, OrderChanged, OrderCancelled, OrderReduced),
            handle=follow_order,
        ),
    ),
    permissions=(
        Permission(code="fulfilment.view", title="See the search for goods and questions to shops"),
        Permission(code="fulfilment.answer", title="Answer questions for shops"),
        Permission(code="fulfilment.edit", title="Lead the search for goods by hand"),
        Permission(code="fulfilment.rules", title="Change shops' questions and sourcing rules"),
    ),
    checks=CHECKS,
    services=(Channels,),
)
