"""The demo's practice 1C: where it is, the program, and the queue by which orders reach it."""

import sys
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from hansa.assembly.demo.people import ERP_USER, PASSWORD
from hansa.assembly.demo.world import FOLDER
from hansa.modules import erp
from hansa.modules.erp import outgoing
from hansa.runtime.context import Context
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

_HOST = "127.0.0.1"
_ACQUIRER_PORT, _ONEC_PORT = 8790, 8780
_PICKING_PAUSE = "20s"
_SERVICE_USER = "site"
_SERVICE_PASSWORD = "practice-1c-of-the-demo-only"  # noqa: S105 - the demo's; opens nothing


def url_of(settings: Settings) -> str:
    """The practice 1C stands as far from its usual port as the bank does from its own."""
    port = urlsplit(settings.acquirer_url or "").port or _ACQUIRER_PORT
    return f"http://{_HOST}:{_ONEC_PORT + 100 + port - _ACQUIRER_PORT}"


def program(settings: Settings, environment: dict[str, str]) -> Program:
    """Give the program: orders come by its HTTP service, stock and statuses go by CommerceML."""
    return Program(
        name="1c",
        command=[
            *(sys.executable, "-m", "sandbox.onec"),
            *("--url", f"{settings.public_url}/1c_exchange", "--user", ERP_USER),
            *("--state", str(settings.data_dir / "onec")),
            *("--world", str(settings.data_dir / FOLDER), "--utc-offset-hours", "3"),
            *("serve", "--port", str(urlsplit(url_of(settings)).port)),
            *("--service-user", _SERVICE_USER, "--no-pull"),
            *("--every", "3s", "--ship-after", _PICKING_PAUSE),
        ],
        environment={
            **environment,
            "ONEC_PASSWORD": PASSWORD,
            "ONEC_SERVICE_PASSWORD": _SERVICE_PASSWORD,
        },
        stage=2,
    )


async def connect(context: Context, now: datetime) -> None:
    """Have orders leave for where the practice 1C is this time."""
    async with context.database.transaction() as tx:
        connection = await erp.find_connection(tx)
        known = await outgoing.find_outgoing(tx, connection_id=connection.id)
        wanted = known or outgoing.Outgoing(
            connection_id=connection.id,
            sign_in=outgoing.SignIn.BASIC,
            user_name=_SERVICE_USER,
            starts_at=now,
        )
        await outgoing.save_outgoing(
            tx,
            outgoing=replace(wanted, address=f"{url_of(context.settings)}/hs/hansa"),
            key=context.settings.secret_key.reveal().encode(),
            secret=_SERVICE_PASSWORD,
        )
