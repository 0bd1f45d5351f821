"""RetailCRM: connections, what stands for what, what is to be sent, stock sent, refusals."""

from hansa.runtime.database.migrate import run_sql

revision = "0018"
down_revision = "0017"

# The key is sealed. `sites` names the CRM's site of each market; a market belongs to one connection
# at most (`retailcrm_market`). The bucket holds the requests that may still be made this moment.
CONNECTIONS = """
create table retailcrm_connection (
    id uuid primary key,
    name text not null,
    address text not null,
    sealed_key bytea not null,
    is_active boolean not null default false,
    options jsonb not null default '{}',
    lists jsonb not null default '{}',
    lists_at timestamptz,
    load jsonb not null default '{}',
    order_history_id bigint not null default 0,
    customer_history_id bigint not null default 0,
    pulled_at timestamptz,
    sent_at timestamptz,
    failures integer not null default 0,
    paused_until timestamptz,
    error text,
    error_at timestamptz,
    tokens double precision not null default 0,
    tokens_at timestamptz not null default now(),
    created_at timestamptz not null
);
create table retailcrm_market (
    market text primary key,
    connection_id uuid not null references retailcrm_connection (id),
    site text not null
);
create index retailcrm_market_connection on retailcrm_market (connection_id);
"""

# `agreed` is what both sides last had in common, field by field: who differs from it has changed
# the field. What tells of persons is a keyed fingerprint there. `owner_id`: a payment's order.
LINKS = """
create table retailcrm_link (
    connection_id uuid not null references retailcrm_connection (id),
    kind text not null constraint retailcrm_link_kind_check
        check (kind in ('order', 'customer', 'payment')),
    internal_id uuid not null,
    crm_id bigint not null,
    owner_id uuid,
    agreed jsonb not null default '{}',
    linked_at timestamptz not null,
    primary key (connection_id, kind, internal_id)
);
create unique index retailcrm_link_crm on retailcrm_link (connection_id, kind, crm_id);
create index retailcrm_link_owner on retailcrm_link (owner_id) where owner_id is not null;
"""

# One row per subject: what changes again before it was sent is the same row with a higher
# `version`. `intent` is what a call under way says, written before the call and kept until its
# outcome is known.
OUTGOING = """
create sequence retailcrm_outgoing_number as bigint;
create table retailcrm_outgoing (
    number bigint not null default nextval('retailcrm_outgoing_number'),
    connection_id uuid not null references retailcrm_connection (id),
    kind text not null constraint retailcrm_outgoing_kind_check
        check (kind in ('order', 'customer', 'merge')),
    subject_id uuid not null,
    other_id uuid,
    state text not null default 'waiting' constraint retailcrm_outgoing_state_check
        check (state in ('waiting', 'refused')),
    version bigint not null default 1,
    intent jsonb,
    attempts integer not null default 0,
    not_before timestamptz,
    error text,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (connection_id, kind, subject_id)
);
alter sequence retailcrm_outgoing_number owned by retailcrm_outgoing.number;
create index retailcrm_outgoing_waiting on retailcrm_outgoing (connection_id, kind, number)
    where state = 'waiting';
"""

# What happened in the CRM and has no counterpart here yet, or concerns two: taken in with the last
# number of its history, in one transaction, and looked at afterwards.
ARRIVALS = """
create sequence retailcrm_arrival_number as bigint;
create table retailcrm_arrival (
    number bigint not null default nextval('retailcrm_arrival_number'),
    connection_id uuid not null references retailcrm_connection (id),
    kind text not null constraint retailcrm_arrival_kind_check
        check (kind in ('order', 'customer', 'merge')),
    crm_id bigint not null,
    other_crm_id bigint,
    attempts integer not null default 0,
    not_before timestamptz,
    arrived_at timestamptz not null,
    primary key (connection_id, kind, crm_id)
);
alter sequence retailcrm_arrival_number owned by retailcrm_arrival.number;
create index retailcrm_arrival_next on retailcrm_arrival (connection_id, kind, number);
"""

STOCK = """
create table retailcrm_stock (
    connection_id uuid not null references retailcrm_connection (id),
    variant_id uuid not null,
    sent jsonb not null default '{}',
    version bigint not null default 1,
    sent_version bigint not null default 0,
    is_unknown boolean not null default false,
    primary key (connection_id, variant_id)
);
create index retailcrm_stock_waiting on retailcrm_stock (connection_id, variant_id)
    where version > sent_version;
"""

# What of the CRM could not be taken over, one row per thing and reason, until it is done.
REFUSALS = """
create table retailcrm_refusal (
    id uuid primary key,
    connection_id uuid not null references retailcrm_connection (id),
    kind text not null,
    crm_id bigint not null,
    internal_id uuid,
    code text not null,
    message text not null,
    facts jsonb not null default '{}',
    times integer not null default 1,
    attempt integer not null default 1,
    first_at timestamptz not null,
    last_at timestamptz not null,
    done_at timestamptz,
    constraint retailcrm_refusal_key unique (connection_id, kind, crm_id, code)
);
create index retailcrm_refusal_open on retailcrm_refusal (connection_id, last_at desc, id)
    where done_at is null;
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (CONNECTIONS, LINKS, OUTGOING, ARRIVALS, STOCK, REFUSALS):
        run_sql(sql)
