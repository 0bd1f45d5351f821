"""Exchange with 1C: connections, sessions, files, outside ids, log, removals, orders sent."""

from hansa.runtime.database.migrate import run_sql

revision = "0012"
down_revision = "0011"

CONNECTIONS = """
create table erp_connection (
    id uuid primary key,
    code text not null constraint erp_connection_code_key unique,
    name text not null,
    market text not null,
    channel text not null,
    currency char(3) not null,
    language text not null,
    time_zone text not null,
    stock_policy text not null,
    schema_version text not null,
    encoding text not null,
    use_zip boolean not null,
    file_limit_bytes bigint not null
        constraint erp_connection_file_limit_check
            check (file_limit_bytes between 1024 and 1073741824),
    default_warehouse_id uuid,
    base_price_type text,
    publishes_products boolean not null,
    activates_warehouses boolean not null,
    products_from_offers boolean not null,
    removal_limit_percent integer not null
        constraint erp_connection_removal_check check (removal_limit_percent between 0 and 100),
    orders_per_answer integer not null
        constraint erp_connection_orders_check check (orders_per_answer between 1 and 5000),
    orders_since timestamptz,
    is_active boolean not null default true,
    created_at timestamptz not null
);

-- One session of the protocol, from checkauth on. The cookie is kept as its digest.
create table erp_exchange (
    id uuid primary key,
    connection_id uuid not null references erp_connection (id),
    kind text not null constraint erp_exchange_kind_check
        check (kind in ('catalog', 'sale', 'folder')),
    token_digest bytea constraint erp_exchange_token_key unique,
    version text not null default '',
    address text not null default '',
    state text not null constraint erp_exchange_state_check check (state in ('open', 'complete')),
    started_at timestamptz not null,
    last_at timestamptz not null
);
create index erp_exchange_recent on erp_exchange (connection_id, started_at desc, id desc);
create index erp_exchange_open on erp_exchange (last_at) where state = 'open';
"""

FILES = """
create table erp_file (
    id uuid primary key,
    connection_id uuid not null references erp_connection (id),
    exchange_id uuid not null references erp_exchange (id),
    repeats_id uuid references erp_file (id),
    archive_id uuid references erp_file (id),
    name text not null,
    kind text not null constraint erp_file_kind_check check (kind in ('catalog', 'sale')),
    state text not null constraint erp_file_state_check
        check (state in ('receiving', 'waiting', 'importing', 'done', 'failed', 'abandoned')),
    size_bytes bigint not null default 0,
    began_at timestamptz not null,
    touched_at timestamptz not null,
    finished_at timestamptz,
    position bigint not null default 0,
    reading text,
    formed_at timestamptz,
    is_full boolean,
    counts jsonb not null default '{}',
    facts jsonb not null default '{}',
    error_code text,
    error text
);
create index erp_file_exchange on erp_file (exchange_id, name, began_at desc);
create index erp_file_recent on erp_file (connection_id, began_at desc, id desc);
create index erp_file_working on erp_file (touched_at) where state in ('waiting', 'importing');

-- Each request's body is a file of its own in the storage, whole or not there at all.
create table erp_chunk (
    file_id uuid not null references erp_file (id) on delete cascade,
    number integer not null,
    size_bytes bigint not null,
    sha256 text not null,
    storage_key text not null,
    received_at timestamptz not null,
    primary key (file_id, number)
);
"""

# `digest` is of the content last applied: the same again is skipped. `scope` is the catalogue or
# package the thing came in, `seen_in` the last full exchange that named it.
REFERENCES = """
create table erp_reference (
    connection_id uuid not null references erp_connection (id),
    kind text not null constraint erp_reference_kind_check check (kind in
        ('group', 'property', 'choice', 'characteristic', 'product', 'variant', 'price_type',
            'warehouse')),
    external_id text not null,
    internal_id uuid not null,
    digest bytea,
    scope text not null default '',
    details jsonb not null default '{}',
    is_gone boolean not null default false,
    seen_in uuid,
    primary key (connection_id, kind, external_id)
) with (fillfactor = 85);
create index erp_reference_internal on erp_reference (internal_id);

-- Offers that came before their goods; tried again when these arrive.
create table erp_deferred (
    connection_id uuid not null references erp_connection (id),
    waits_for text not null,
    external_id text not null,
    aspects text not null,
    file_id uuid not null,
    as_of timestamptz not null,
    payload jsonb not null,
    primary key (connection_id, waits_for, external_id, aspects)
);
"""

LOG = """
create sequence erp_log_number as bigint;
create table erp_log (
    number bigint primary key default nextval('erp_log_number'),
    connection_id uuid not null,
    exchange_id uuid,
    file_id uuid,
    ordinal bigint not null default 0,
    line integer not null default 0,
    kind text not null,
    external_id text not null default '',
    internal_id uuid,
    title text not null default '',
    action text not null constraint erp_log_action_check check (action in
        ('created', 'changed', 'archived', 'refused', 'deferred', 'held', 'noted')),
    code text not null default '',
    reason text not null default '',
    details jsonb not null default '{}',
    at timestamptz not null
);
alter sequence erp_log_number owned by erp_log.number;
create index erp_log_file on erp_log (file_id, number);
create index erp_log_recent on erp_log (connection_id, number desc);
create index erp_log_at on erp_log using brin (at);

-- What a full exchange did not name: taken away at its end, or held for a person when it is too
-- much.
create table erp_removal (
    id uuid primary key,
    connection_id uuid not null references erp_connection (id),
    exchange_id uuid not null references erp_exchange (id),
    kind text not null constraint erp_removal_kind_check
        check (kind in ('products', 'variants', 'stock')),
    scope text not null,
    warehouse_ids uuid[] not null default '{}',
    as_of timestamptz not null,
    total integer not null,
    absent integer not null,
    state text not null constraint erp_removal_state_check
        check (state in ('applied', 'held', 'dismissed')),
    made_at timestamptz not null,
    decided_by uuid,
    decided_at timestamptz
);
create index erp_removal_recent on erp_removal (connection_id, made_at desc);
"""

ORDERS = """
create table erp_order_delivery (
    connection_id uuid not null references erp_connection (id),
    order_id uuid not null,
    change_number bigint not null,
    exchange_id uuid not null references erp_exchange (id),
    sent_at timestamptz not null,
    confirmed_at timestamptz,
    primary key (connection_id, order_id)
);
create index erp_order_delivery_exchange on erp_order_delivery (exchange_id)
    where confirmed_at is null;
"""


def upgrade() -> None:
    """Create the tables of erp."""
    for sql in (CONNECTIONS, FILES, REFERENCES, LOG, ORDERS):
        run_sql(sql)
