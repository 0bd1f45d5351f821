"""`POST /erp/v1/acknowledgements`: the ERP says what it took from a broker."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from hansa.modules import accounts, erp
from hansa.modules.erp import outgoing
from tests.support.erp_queue import KEY
from tests.support.http import application
from tests.support.shop import a_shop

PATH = "/erp/v1/acknowledgements"


async def test_only_a_key_of_a_connection_acknowledges(committing, settings, clock) -> None:
    now = clock.now()
    async with committing.transaction() as tx:
        await a_shop(tx, now=now)
        connection = await erp.ensure_connection(tx, market="ru", now=now)
        await outgoing.save_outgoing(
            tx,
            outgoing=outgoing.Outgoing(
                connection_id=connection.id,
                transport=outgoing.Transport.KAFKA,
                starts_at=now - timedelta(days=1),
            ),
            key=KEY,
        )
        _, secret = await erp.make_key(tx, connection_id=connection.id, name="1C", by=None, now=now)
        _, stranger = await accounts.create_api_key(
            tx, name="other", scopes=("erp.rest",), by=None, now=now
        )
    body = {"answers": [{"id": str(uuid4()), "outcome": "accepted"}]}
    async with application(settings, committing, clock=clock) as site, site.client() as client:
        nobody = await client.post(PATH, json=body)
        other = await client.post(PATH, json=body, headers=_bearer(stranger))
        taken = await client.post(PATH, json=body, headers=_bearer(secret))
        nonsense = await client.post(
            PATH, json={"answers": [{"id": "7", "outcome": "eaten"}]}, headers=_bearer(secret)
        )

    assert nobody.status_code == 401
    assert other.status_code == 403
    assert (taken.status_code, taken.json()) == (200, {"answers": 1})
    assert nonsense.status_code == 400


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
