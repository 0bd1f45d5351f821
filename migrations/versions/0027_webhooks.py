"""Signed webhooks to outside systems."""

from hansa.runtime.database.migrate import run_sql

revision = "0027"
down_revision = "0026"

# A message's `id` is a UUIDv7, so the order of ids is the order of time. A message under way has
# `calling_since`; nobody else takes it up while that stands.
TABLES = """
create table webhook_owner (
    owner_id           uuid primary key,
    endpoints          integer not null,
    constraint ck_webhook_owner_endpoints check (endpoints >= 0)
);

create table webhook_endpoint (
    id                 uuid primary key,
    owner_id           uuid not null,
    url                text not null,
    description        text not null default '',
    event_types        text[] not null,
    calls_max          smallint not null,
    state              text not null default 'active',
    reason             text not null default '',
    failing_since      timestamptz,
    delivered_at       timestamptz,
    created_at         timestamptz not null,
    changed_at         timestamptz not null,
    constraint ck_webhook_endpoint_state check (
        state in ('active', 'disabled', 'removed') and (state = 'disabled') = (reason <> '')),
    constraint ck_webhook_endpoint_reason check (
        reason in ('', 'by_hand', 'gone', 'failing')),
    constraint ck_webhook_endpoint_calls check (calls_max between 1 and 16),
    constraint ck_webhook_endpoint_types check (cardinality(event_types) between 1 and 50)
);
create index ix_webhook_endpoint_owner on webhook_endpoint (owner_id, id);

create table webhook_secret (
    id                 uuid primary key,
    endpoint_id        uuid not null references webhook_endpoint (id) on delete cascade,
    kind               text not null,
    sealed             bytea not null,
    public_key         text not null default '',
    created_at         timestamptz not null,
    ends_at            timestamptz,
    constraint ck_webhook_secret_kind check (kind in ('hmac', 'ed25519'))
);
create index ix_webhook_secret_endpoint on webhook_secret (endpoint_id, id);

create table webhook_message (
    id                 uuid primary key,
    endpoint_id        uuid not null references webhook_endpoint (id),
    owner_id           uuid not null,
    key                text,
    type               text not null,
    subject            text not null,
    body               bytea not null,
    state              text not null,
    failures           smallint not null default 0,
    created_at         timestamptz not null,
    next_at            timestamptz,
    calling_since      timestamptz,
    ended_at           timestamptz,
    code               text not null default '',
    constraint uq_webhook_message_key unique (endpoint_id, key),
    constraint ck_webhook_message_state check (
        state in ('waiting', 'delivered', 'dead', 'cancelled')),
    constraint ck_webhook_message_waiting check (
        (state = 'waiting') = (next_at is not null) and (state = 'waiting') = (ended_at is null))
);
create index ix_webhook_message_waiting on webhook_message (endpoint_id, next_at, id)
 where state = 'waiting' and calling_since is null;
create index ix_webhook_message_calling on webhook_message (endpoint_id)
 where calling_since is not null;
create index ix_webhook_message_endpoint on webhook_message (endpoint_id, id);
create index ix_webhook_message_owner on webhook_message (owner_id, id);
create index ix_webhook_message_dead on webhook_message (endpoint_id, id) where state = 'dead';
create index ix_webhook_message_ended on webhook_message (ended_at, id)
 where ended_at is not null;

create table webhook_attempt (
    id                 bigint generated always as identity primary key,
    message_id         uuid not null references webhook_message (id) on delete cascade,
    began_at           timestamptz not null,
    milliseconds       integer,
    status             smallint,
    code               text not null default '',
    answer             text not null default ''
);
create index ix_webhook_attempt_message on webhook_attempt (message_id, id);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
