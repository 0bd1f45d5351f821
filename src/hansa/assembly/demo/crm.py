"""The demo's practice RetailCRM: where it is, the program, and the connection with it."""

import sys
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from hansa.assembly.demo import assortment
from hansa.modules import retailcrm
from hansa.runtime.context import Context
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

_HOST = "127.0.0.1"
_ACQUIRER_PORT, _CRM_PORT = 8790, 9190
_KEY = "practice-crm-of-the-demo-only"
_ID = UUID("01990000-0000-7000-8000-00000000c4a1")
_SITES = {"ru": "shop-ru", "kz": "shop-kz"}
_STORES = {"msk": "msk-1", "petrovka": "msk-2"}
_STATUSES = {
    "placed": "new",
    "confirmed": "client-confirmed",
    "packed": "assembling-complete",
    "shipped": "delivering",
    "delivered": "delivered",
    "completed": "complete",
    "cancelled": "cancel-other",
}


def url_of(settings: Settings) -> str:
    """The practice CRM stands as far from its usual port as the bank does from its own."""
    port = urlsplit(settings.acquirer_url or "").port or _ACQUIRER_PORT
    return f"http://{_HOST}:{_CRM_PORT + port - _ACQUIRER_PORT}"


def program(settings: Settings, environment: dict[str, str]) -> Program:
    """Give the program."""
    return Program(
        name="retailcrm",
        command=[
            *(sys.executable, "-m", "sandbox.retailcrm"),
            *("--port", str(urlsplit(url_of(settings)).port)),
            *("--state", str(settings.data_dir / "retailcrm.json")),
        ],
        environment={**environment, "RETAILCRM_KEY": _KEY},
        stage=1,
    )


async def connect(context: Context, now: datetime) -> None:
    """Exchange with where the practice CRM is this time; orders from the first start on."""
    address = url_of(context.settings)
    stores = {
        str(one.id): _STORES[one.code] for one in assortment.warehouses() if one.code in _STORES
    }
    async with context.database.transaction() as tx:
        listed = await retailcrm.list_connections(tx)
        known = next((one for one in listed if one.id == _ID), None)
        wanted = known or retailcrm.Connection(
            id=_ID,
            name="RetailCRM",
            address=address,
            sealed_key=b"",
            is_active=True,
            sites=_SITES,
            options=retailcrm.Options(
                since=now,
                statuses_out=_STATUSES,
                statuses_in={code: state for state, code in _STATUSES.items()},
                payment_types={"card": "bank-card", "on_receipt": "cash"},
                delivery_types={"courier": "courier", "pickup": "self-delivery"},
                stores=stores,
            ),
        )
        await retailcrm.save_connection(
            tx,
            connection=replace(wanted, address=address),
            key=_KEY,
            secret=context.settings.secret_key.reveal().encode(),
            now=now,
        )
