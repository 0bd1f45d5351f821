"""The back office's pages, for the assembly."""

from hansa.runtime.module import Module, Permission
from hansa.surfaces.backoffice import (
    connection_parts,
    dashboard,
    drops_routes,
    erp_queue,
    erp_queue_settings,
    exchange_rows,
    fulfilment_routes,
    gifts,
    goods,
    loyalty_alerts,
    people,
    receipts,
    retailcrm_settings,
    rollout,
    rollout_audiences,
    rollout_history,
    sign_in,
    webhooks,
)

SURFACE = Module(
    name="backoffice",
    routes=[
        sign_in.show,
        sign_in.sign_in,
        sign_in.sign_out,
        sign_in.choose_language,
        dashboard.show,
        *goods.ROUTES,
        *drops_routes.ROUTES,
        *people.ROUTES,
        *erp_queue.ROUTES,
        *erp_queue_settings.ROUTES,
        *exchange_rows.ROUTES,
        *fulfilment_routes.ROUTES,
        *connection_parts.ROUTES,
        *gifts.ROUTES,
        *receipts.ROUTES,
        *retailcrm_settings.ROUTES,
        *webhooks.ROUTES,
        *rollout_audiences.ROUTES,
        *loyalty_alerts.ROUTES,
        *rollout.ROUTES,
        *rollout_history.ROUTES,
    ],
    permissions=[
        Permission(code="runtime.view", title="See events and jobs, those that failed included"),
        Permission(code="runtime.edit", title="Replay events and repeat jobs"),
    ],
)
