"""The list of everything Hansa is made of. The order is that of starting: lower modules first."""

from collections.abc import Iterable

from hansa.modules.accounts import manifest as accounts
from hansa.modules.catalog import manifest as catalog
from hansa.modules.checkout import manifest as checkout
from hansa.modules.drops import manifest as drops
from hansa.modules.erp import manifest as erp
from hansa.modules.fulfilment import manifest as fulfilment
from hansa.modules.ledger import manifest as ledger
from hansa.modules.loyalty import manifest as loyalty
from hansa.modules.markets import manifest as markets
from hansa.modules.notifications import manifest as notifications
from hansa.modules.orders import manifest as orders
from hansa.modules.parties import manifest as parties
from hansa.modules.payments import manifest as payments
from hansa.modules.pricing import manifest as pricing
from hansa.modules.promotions import manifest as promotions
from hansa.modules.receipts import manifest as receipts
from hansa.modules.retailcrm import manifest as retailcrm
from hansa.modules.rollout import manifest as rollout
from hansa.modules.search import manifest as search
from hansa.modules.stock import manifest as stock
from hansa.modules.webhooks import manifest as webhooks
from hansa.runtime.module import Feature, Module, Permission, Service
from hansa.surfaces.backoffice import manifest as backoffice
from hansa.surfaces.loyalty_app import manifest as loyalty_app
from hansa.surfaces.partner_cabinet import manifest as partner_cabinet
from hansa.surfaces.storefront import manifest as storefront

MODULES = (
    markets.MODULE,
    accounts.MODULE,
    parties.MODULE,
    rollout.MODULE,
    webhooks.MODULE,
    ledger.MODULE,
    catalog.MODULE,
    pricing.MODULE,
    stock.MODULE,
    search.MODULE,
    promotions.MODULE,
    drops.MODULE,
    loyalty.MODULE,
    payments.MODULE,
    receipts.MODULE,
    orders.MODULE,
    fulfilment.MODULE,
    checkout.MODULE,
    retailcrm.MODULE,
    erp.MODULE,
    notifications.MODULE,
)
SURFACES = (storefront.SURFACE, loyalty_app.SURFACE, backoffice.SURFACE, partner_cabinet.SURFACE)


def all_modules() -> list[Module]:
    """Give the manifests of all modules and surfaces."""
    return [*MODULES, *SURFACES]


def services_of(modules: Iterable[Module]) -> list[type[Service]]:
    """Give the service classes in the order they start."""
    return [service for module in modules for service in module.services]


def permissions_of(modules: Iterable[Module]) -> list[Permission]:
    """Give every permission a role may hold."""
    return [permission for module in modules for permission in module.permissions]


def features_of(modules: Iterable[Module]) -> list[Feature]:
    """Give every feature that can be on for some."""
    return [feature for module in modules for feature in module.features]
