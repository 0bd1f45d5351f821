"""A coalition of two partners with programs that sign in, for tests of `/loyalty/v1`."""

from __future__ import annotations

import pytest

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE as ACCOUNTS
from hansa.modules.ledger.manifest import MODULE as LEDGER
from hansa.modules.loyalty import members
from hansa.modules.loyalty.manifest import MODULE as LOYALTY
from hansa.modules.webhooks.manifest import MODULE as WEBHOOKS
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme, phone

SCOPES = (
    "loyalty.earn",
    "loyalty.spend",
    "loyalty.read",
    "loyalty.bulk",
    "loyalty.members",
    "loyalty.webhooks",
)


class World:
    """A programme with two partners and a member, and the tokens of their programs."""

    def __init__(self, programme, shop, bank, member) -> None:
        self.programme, self.shop, self.bank, self.member = programme, shop, bank, member
        self.secrets: dict[str, tuple[str, str]] = {}

    async def token(self, site, name: str = "shop") -> dict[str, str]:
        """Sign a program in; give its header."""
        client_id, secret = self.secrets[name]
        form = {"grant_type": "client_credentials"}
        async with site.client(keyed=False) as client:
            answer = await client.post("/oauth/token", data=form, auth=(client_id, secret))
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def coalition(committing, settings, now):
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now, percent=1000, percent_max=2000)
        shop = await a_partner(tx, programme, now=now, code="shop", number=1)
        bank = await a_partner(tx, programme, now=now, code="bank", number=2)
        member = await a_member(tx, programme, now=now, phone=phone(1))
        made = World(programme, shop, bank, member)
        for name, partner, scopes, is_sandbox in (
            ("shop", shop, SCOPES, False),
            ("bank", bank, SCOPES, False),
            ("reader", shop, ("loyalty.read",), False),
            ("sandbox", shop, SCOPES, True),
        ):
            client, secret = await accounts.create_client(
                tx,
                name=name,
                scopes=scopes,
                partner_id=partner.id,
                is_sandbox=is_sandbox,
                by=None,
                now=now,
            )
            assert secret is not None
            made.secrets[name] = (client.public_id, secret)
    return made


@pytest.fixture
async def place(settings, committing, clock, coalition):
    modules = [ACCOUNTS, LEDGER, LOYALTY, WEBHOOKS]
    async with application(settings, committing, clock=clock, modules=modules) as running:
        yield running
