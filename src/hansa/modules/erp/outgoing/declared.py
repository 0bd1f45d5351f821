"""What the queue brings into the module's manifest."""

from hansa.modules.erp.outgoing import loop
from hansa.modules.erp.outgoing.api import ROUTES
from hansa.modules.erp.outgoing.checks import CHECKS
from hansa.modules.erp.outgoing.jobs import run_forget_messages, run_queue_again
from hansa.modules.erp.outgoing.jobs_data import ForgetMessages, QueueAgain
from hansa.modules.erp.outgoing.subscribers import SUBSCRIPTION
from hansa.runtime.module import JobHandler, Loop, Periodic, Permission

__all__ = ["CHECKS", "JOBS", "LOOPS", "PERIODIC", "PERMISSIONS", "ROUTES", "SUBSCRIPTIONS"]

SUBSCRIPTIONS = (SUBSCRIPTION,)
LOOPS = (Loop(name="erp.outgoing", run=loop.run),)
JOBS = (
    JobHandler(job=QueueAgain, handle=run_queue_again),
    JobHandler(job=ForgetMessages, handle=run_forget_messages),
)
PERIODIC = (Periodic(cron="23 3 * * *", job=ForgetMessages()),)
PERMISSIONS = (Permission(code="erp.queue", title="Repeat and discard messages to the ERP"),)
