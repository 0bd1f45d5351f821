"""Tables of erp: what comes in through /erp/v1."""

from hansa.runtime.database.migrate import run_sql

revision = "0016"
down_revision = "0015"

# Fields a connection does not own are not taken from it; none named means all of them. A warehouse
# with an owner takes stock from its owner alone.
OWNERSHIP = """
alter table erp_connection add column owned_fields text[] not null default '{}';

create table erp_owned_warehouse (
    warehouse_id uuid primary key,
    connection_id uuid not null references erp_connection (id)
);

create table erp_api_key (
    key_id uuid primary key,
    connection_id uuid not null references erp_connection (id),
    made_at timestamptz not null
);
create index erp_api_key_connection on erp_api_key (connection_id);
"""

# The last word about each thing. `parts` is the digest of the parts (warehouses, fields, price
# types) which the newest row named, `older` the sequences of those that only earlier rows named.
# Without a digest the row was taken in part and may come again. No index but the key, so that
# changes are heap-only.
RECEIVED = """
create table erp_received (
    connection_id uuid not null references erp_connection (id),
    kind text not null,
    key text not null,
    sequence bigint not null,
    digest bytea,
    parts bytea not null,
    older jsonb not null default '{}',
    as_of timestamptz not null,
    received_at timestamptz not null,
    primary key (connection_id, kind, key)
) with (fillfactor = 75);

create table erp_part_set (
    digest bytea primary key,
    parts text[] not null
);

-- Rows about things that are not known yet; taken when these come.
create table erp_waiting (
    connection_id uuid not null references erp_connection (id),
    kind text not null,
    key text not null,
    sequence bigint not null,
    waits_for text not null,
    takes text[] not null,
    as_of timestamptz not null,
    row jsonb not null,
    batch_id uuid not null,
    received_at timestamptz not null,
    primary key (connection_id, kind, key, sequence)
);
create index erp_waiting_for on erp_waiting (connection_id, waits_for);
"""

BATCHES = """
create table erp_batch (
    id uuid primary key,
    connection_id uuid not null references erp_connection (id),
    kind text not null,
    key_id uuid,
    idempotency_key text,
    digest bytea,
    address text not null default '',
    is_dry_run boolean not null default false,
    state text not null constraint erp_batch_state_check check (state in ('running', 'done')),
    size_bytes bigint not null,
    counts jsonb not null default '{}',
    received_at timestamptz not null,
    finished_at timestamptz,
    answer bytea
);
create index erp_batch_recent on erp_batch (connection_id, received_at desc, id desc);
create index erp_batch_at on erp_batch using brin (received_at);
create unique index erp_batch_key on erp_batch (connection_id, idempotency_key)
    where idempotency_key is not null;
"""

STATEMENTS: tuple[str, ...] = (OWNERSHIP, RECEIVED, BATCHES)


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
