"""Connections with RetailCRM as values, and who wins when both sides changed something."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, NotFound, Rejected

Fields = Mapping[str, str]
"""What one side says of a thing, field by field, in a spelling both sides share."""

PHONES = "phones"
"""The one field that is a set: both sides' additions count, and both sides' removals."""

PLAIN = frozenset({"status", "items", "delivery_cost"})
"""Fields that name nobody: kept as they are, all others as fingerprints."""

UPLOAD_MAX = 50
"""Customers or orders in one call."""
STOCK_MAX = 250
"""Offers in one call of stock."""
PAGE_MAX = 100
"""Rows in one answer."""


class Owner(StrEnum):
    """Whose word counts when both sides changed a field since they last agreed."""

    SHOP = "shop"
    CRM = "crm"


class Kind(StrEnum):
    """What is exchanged."""

    ORDER = "order"
    CUSTOMER = "customer"
    PAYMENT = "payment"
    MERGE = "merge"
    STOCK = "stock"


# Fields of an order, and who owns each unless a connection says otherwise. Those of `SHOP_ONLY` are
# what was sold and at what price: the CRM shows them, but does not change them.
ORDER_OWNERS: Mapping[str, Owner] = {
    "status": Owner.CRM,
    "name": Owner.CRM,
    "phone": Owner.CRM,
    "email": Owner.CRM,
    "region": Owner.CRM,
    "city": Owner.CRM,
    "street": Owner.CRM,
    "house": Owner.CRM,
    "flat": Owner.CRM,
    "postcode": Owner.CRM,
    "items": Owner.SHOP,
    "delivery_cost": Owner.SHOP,
}
SHOP_ONLY = frozenset({"items", "delivery_cost"})
CUSTOMER_OWNERS: Mapping[str, Owner] = {
    "first_name": Owner.CRM,
    "last_name": Owner.CRM,
    "middle_name": Owner.CRM,
    "email": Owner.SHOP,
    "birthday": Owner.SHOP,
    PHONES: Owner.SHOP,
}
ADDRESS_FIELDS = ("region", "city", "street", "house", "flat", "postcode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a connection translates: codes of the CRM by ours. Warehouses by their id as text.

    `statuses_in` leads from the CRM's statuses to our states; a status it does not name means
    nothing to us and is left as the manager set it. `owners` overrides the tables above.
    """

    time_zone: str = "Europe/Moscow"
    requests_per_second: int = 10
    since: datetime | None = None
    takes_orders: bool = True
    sends_stock: bool = True
    statuses_out: Mapping[str, str] = field(default_factory=dict)
    statuses_in: Mapping[str, str] = field(default_factory=dict)
    payment_types: Mapping[str, str] = field(default_factory=dict)
    payment_statuses: Mapping[str, str] = field(default_factory=dict)
    delivery_types: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, str] = field(default_factory=dict)
    out_of_stock_status: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)

    def owner(self, kind: Kind, name: str) -> Owner:
        """Say whose word counts."""
        if name in SHOP_ONLY:
            return Owner.SHOP
        table = ORDER_OWNERS if kind is Kind.ORDER else CUSTOMER_OWNERS
        told = self.owners.get(f"{kind}.{name}")
        return table[name] if told is None else Owner(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The first load: what there was to send when it began, in which step it is."""

    state: str = ""
    page: int = 1
    matched: int = 0
    total: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection with an account of RetailCRM. `sites` are the CRM's by our market.

    `error` is what the CRM said the last time it did not work; empty if it did not answer at all.
    """

    id: UUID
    name: str
    address: str
    sealed_key: bytes = field(repr=False)
    is_active: bool = False
    sites: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lists_at: datetime | None = None
    load: Load = field(default_factory=Load)
    order_history_id: int = 0
    customer_history_id: int = 0
    pulled_at: datetime | None = None
    sent_at: datetime | None = None
    failures: int = 0
    paused_until: datetime | None = None
    error: str | None = None
    error_at: datetime | None = None
    created_at: datetime | None = None

    def market_of(self, site: str) -> str | None:
        """Give the market that sells under a site of the CRM."""
        return next((market for market, one in self.sites.items() if one == site), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What stands for what; `agreed` is what both sides last had in common, as `fingerprints`."""

    kind: Kind
    internal_id: UUID
    crm_id: int
    owner_id: UUID | None = None
    agreed: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Something of ours that changed and has to reach the CRM."""

    number: int
    kind: Kind
    subject_id: UUID
    other_id: UUID | None
    version: int
    intent: Mapping[str, object] | None
    attempts: int
    error: str | None = None
    state: str = "waiting"
    created_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something of the CRM that has to be looked at."""

    number: int
    kind: Kind
    crm_id: int
    other_crm_id: int | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something of the CRM that was not taken over; `message` is a msgid, `facts` fill it."""

    id: UUID
    kind: str
    crm_id: int
    internal_id: UUID | None
    code: str
    message: str
    facts: Mapping[str, str]
    times: int
    attempt: int
    first_at: datetime
    last_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What follows from comparing both sides: what each has to take over from the other."""

    send: Fields
    take: Fields
    agreed: Fields


@dataclass(eq=False)
class NoConnection(NotFound):
    """There is no such connection."""

    code: ClassVar[str] = "retailcrm.no_connection"
    message: ClassVar[str] = "There is no such connection with RetailCRM."


@dataclass(eq=False)
class RefusalNotFound(NotFound):
    """It was dealt with meanwhile."""

    code: ClassVar[str] = "retailcrm.refusal_not_found"
    message: ClassVar[str] = "There is no such entry; perhaps somebody dealt with it."


@dataclass(eq=False)
class MarketTaken(Conflict):
    """Another connection has this market."""

    code: ClassVar[str] = "retailcrm.market_taken"
    message: ClassVar[str] = "Another connection serves the market {market}."

    market: str


@dataclass(eq=False)
class NotReady(Rejected):
    """The connection lacks something it needs to work."""

    code: ClassVar[str] = "retailcrm.not_ready"
    message: ClassVar[str] = "Choose at least one site, and a status of the CRM for each state."


def fingerprints(fields: Fields, *, secret: bytes) -> dict[str, str]:
    """Give what is kept of fields: enough to see whether they changed, nothing of a person."""
    return {name: fingerprint(name, text, secret=secret) for name, text in fields.items()}


def fingerprint(name: str, text: str, *, secret: bytes) -> str:
    """Give what is kept of a field; of telephones one by one."""
    if name in PLAIN or not text:
        return text
    parts = text.split() if name == PHONES else [text]
    return " ".join(sorted(_digest(name, part, secret) for part in parts))


def _digest(name: str, text: str, secret: bytes) -> str:
    key = hashlib.blake2b(secret, digest_size=32).digest()
    return hashlib.blake2b(f"{name}:{text}".encode(), key=key, digest_size=12).hexdigest()


def compare(
    *,
    agreed: Fields,
    ours: Fields,
    theirs: Fields,
    owners: Mapping[str, Owner],
    refused: Collection[str] = (),
    secret: bytes,
) -> Plan:
    """Compare as `reconcile` does, but `agreed` is of fingerprints; `send` and `take` are texts."""
    plan = reconcile(
        agreed=agreed,
        ours=fingerprints(ours, secret=secret),
        theirs=fingerprints(theirs, secret=secret),
        owners=owners,
        refused=refused,
    )
    texts = {
        (name, fingerprint(name, part, secret=secret)): part
        for side in (ours, theirs)
        for name, text in side.items()
        for part in _parts(name, text)
    }
    return Plan(
        send=_restored(plan.send, texts), take=_restored(plan.take, texts), agreed=plan.agreed
    )


def _parts(name: str, text: str) -> Iterable[str]:
    return text.split() if name == PHONES else [text]


def _restored(fields: Fields, texts: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {
        name: " ".join(sorted(texts[name, part] for part in _parts(name, kept)))
        for name, kept in fields.items()
    }


def reconcile(
    *,
    agreed: Fields,
    ours: Fields,
    theirs: Fields,
    owners: Mapping[str, Owner],
    refused: Collection[str] = (),
) -> Plan:
    """Compare both sides with what they last had in common.

    Whoever differs from the common value has changed the field; if both have, its owner's word
    counts. A field missing in `theirs` means something we have no word for, and is left alone until
    we change it. Of the fields in `refused` the CRM's value could not be taken over: ours is sent.
    When nothing changes any more on either side, the next comparison finds nothing to do.
    """
    send: dict[str, str] = {}
    take: dict[str, str] = {}
    common: dict[str, str] = {}
    for name, mine in ours.items():
        if name == PHONES:
            _reconcile_sets(agreed, mine, theirs.get(name, ""), send=send, take=take, common=common)
            continue
        base = agreed.get(name)
        their = theirs.get(name)
        if their is None:
            if base is None or mine != base:
                send[name] = mine
            common[name] = mine
        elif mine == their:
            common[name] = mine
        elif name in refused or their == base or (mine != base and owners[name] is Owner.SHOP):
            send[name] = common[name] = mine
        else:
            take[name] = common[name] = their
    return Plan(send=send, take=take, agreed=common)


def _reconcile_sets(
    agreed: Fields,
    mine: str,
    their: str,
    *,
    send: dict[str, str],
    take: dict[str, str],
    common: dict[str, str],
) -> None:
    base, ours, theirs = (set(text.split()) for text in (agreed.get(PHONES, ""), mine, their))
    removed = (base - ours) | (base - theirs)
    both = " ".join(sorted((ours | theirs) - removed))
    if " ".join(sorted(theirs)) != both:
        send[PHONES] = both
    if " ".join(sorted(ours)) != both:
        take[PHONES] = both
    common[PHONES] = both
