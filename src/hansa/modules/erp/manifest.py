"""What erp brings into the application."""

from hansa.modules.erp.api import ROUTES as API_ROUTES
from hansa.modules.erp.checks import CHECKS
from hansa.modules.erp.jobs import (
    run_apply_removal,
    run_attach_pictures,
    run_finish_exchange,
    run_finish_idle_exchanges,
    run_forget_old,
    run_import_file,
)
from hansa.modules.erp.jobs_data import (
    ApplyRemoval,
    AttachPictures,
    FinishExchange,
    FinishIdleExchanges,
    ForgetOld,
    ImportFile,
)
from hansa.modules.erp.outgoing import declared as outgoing
from hansa.modules.erp.protocol import ROUTES
from hansa.modules.erp.rest.api import ROUTES as REST_ROUTES
from hansa.modules.erp.rest.turns import Turns
from hansa.runtime.module import JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="erp",
    routes=(*ROUTES, *API_ROUTES, *REST_ROUTES, *outgoing.ROUTES),
    jobs=(
        JobHandler(job=ImportFile, handle=run_import_file, retries=10),
        JobHandler(job=FinishExchange, handle=run_finish_exchange),
        JobHandler(job=ApplyRemoval, handle=run_apply_removal),
        JobHandler(job=AttachPictures, handle=run_attach_pictures),
        JobHandler(job=FinishIdleExchanges, handle=run_finish_idle_exchanges),
        JobHandler(job=ForgetOld, handle=run_forget_old),
        *outgoing.JOBS,
    ),
    periodic=(
        Periodic(cron="*/5 * * * *", job=FinishIdleExchanges()),
        Periodic(cron="41 3 * * *", job=ForgetOld()),
        *outgoing.PERIODIC,
    ),
    permissions=(
        Permission(code="erp.exchange", title="Exchange files with 1C"),
        Permission(code="erp.rest", title="Send rows of an ERP to /erp/v1"),
        Permission(code="erp.view", title="See the exchange with 1C and its log"),
        Permission(code="erp.edit", title="Change the exchange with 1C and repeat files"),
        *outgoing.PERMISSIONS,
    ),
    services=(Turns,),
    checks=(*CHECKS, *outgoing.CHECKS),
    subscriptions=outgoing.SUBSCRIPTIONS,
    loops=outgoing.LOOPS,
)
