"""Adapters for partners who cannot adopt the API: feeds, runs, records, orders, calls, clearing."""

from hansa.runtime.database.migrate import run_sql

revision = "0030"
down_revision = "0029"

# `sealed` holds the partner's secrets. A mapping is never changed, only followed by a version.
FEEDS = """
create table loyalty_feed (
    id                 uuid primary key,
    code               text not null,
    name               text not null,
    partner_id         uuid not null references loyalty_partner (id),
    programme_id       uuid not null references loyalty_programme (id),
    kind               text not null,
    settings           jsonb not null default '{}',
    sealed             bytea not null default '',
    cron               text not null default '',
    is_active          boolean not null default false,
    mapping_version    integer not null default 0,
    cursor             text not null default '',
    next_at            timestamptz,
    ran_at             timestamptz,
    failure            text not null default '',
    failure_facts      jsonb not null default '{}',
    failed_at          timestamptz,
    changed_at         timestamptz not null,
    constraint uq_loyalty_feed_code unique (code),
    constraint ck_loyalty_feed_kind check (
        kind in ('pull_file', 'poll', 'webhook', 'call_out'))
);
create index ix_loyalty_feed_due on loyalty_feed (next_at) where is_active;

create table loyalty_feed_mapping (
    feed_id            uuid not null references loyalty_feed (id),
    version            integer not null,
    written            text not null,
    created_by         uuid,
    created_at         timestamptz not null,
    constraint pk_loyalty_feed_mapping primary key (feed_id, version)
);
"""

# A source (a file by its content, a page by its cursor, an event by its number) has one run. `body`
# is what was told to us, sealed, until the run is done.
RUNS = """
create table loyalty_feed_run (
    id                 uuid primary key,
    feed_id            uuid not null references loyalty_feed (id),
    source             text not null,
    file               text not null default '',
    body               bytea,
    state              text not null default 'running',
    mapping_version    integer not null,
    position           bigint not null default 0,
    read               bigint not null default 0,
    taken              bigint not null default 0,
    refused            bigint not null default 0,
    waiting            bigint not null default 0,
    repeated           bigint not null default 0,
    skipped            bigint not null default 0,
    warnings           jsonb not null default '[]',
    failure            text not null default '',
    failure_facts      jsonb not null default '{}',
    started_at         timestamptz not null,
    finished_at        timestamptz,
    constraint uq_loyalty_feed_run_source unique (feed_id, source),
    constraint ck_loyalty_feed_run_state check (state in ('running', 'done', 'broken'))
);
create index ix_loyalty_feed_run_latest on loyalty_feed_run (feed_id, started_at desc, id desc);
create index ix_loyalty_feed_run_open on loyalty_feed_run (feed_id, started_at)
    where state = 'running';
"""

# `id` is a digest of the commands a record became, or of the record where it became none: what
# comes again is the same row. `sealed` is the record itself while it may have to be tried again;
# `shown` is the record without what tells of persons.
ITEMS = """
create table loyalty_feed_item (
    feed_id            uuid not null references loyalty_feed (id),
    id                 uuid not null,
    run_id             uuid not null,
    row_number         bigint not null,
    key                text not null,
    rule               text not null,
    state              text not null,
    code               text not null default '',
    message            text not null default '',
    facts              jsonb not null default '{}',
    points             bigint not null default 0,
    shown              jsonb,
    sealed             bytea,
    attempt            integer not null default 0,
    times              integer not null default 1,
    try_at             timestamptz,
    first_at           timestamptz not null,
    last_at            timestamptz not null,
    constraint pk_loyalty_feed_item primary key (feed_id, id),
    constraint ck_loyalty_feed_item_state check (state in ('taken', 'refused', 'waiting'))
);
create index ix_loyalty_feed_item_refused on loyalty_feed_item (feed_id, last_at desc, id)
    where state = 'refused';
create index ix_loyalty_feed_item_run on loyalty_feed_item (run_id, row_number);
create index ix_loyalty_feed_item_try on loyalty_feed_item (try_at) where state = 'waiting';
create index ix_loyalty_feed_item_old on loyalty_feed_item (feed_id, last_at)
    where shown is not null or state = 'taken';
"""

# The state of an order and what of it was posted: sealed, for it names a member. `intent` is the
# command under way, written before it is sent. An open order has something to be done at `due_at`.
ORDERS = """
create table loyalty_feed_order (
    partner_id         uuid not null references loyalty_partner (id),
    receipt            text not null,
    feed_id            uuid not null references loyalty_feed (id),
    version            text not null default '',
    state              bytea not null,
    intent             bytea,
    due_at             timestamptz,
    is_open            boolean not null default false,
    failure            text not null default '',
    failure_facts      jsonb not null default '{}',
    changed_at         timestamptz not null,
    constraint pk_loyalty_feed_order primary key (partner_id, receipt)
);
create index ix_loyalty_feed_order_due on loyalty_feed_order (due_at, partner_id, receipt)
    where is_open;
create index ix_loyalty_feed_order_feed on loyalty_feed_order (feed_id, due_at) where is_open;
"""

CALLS = """
create table loyalty_feed_call (
    id                 uuid primary key,
    feed_id            uuid not null references loyalty_feed (id),
    item_id            uuid not null,
    ordinal            integer not null,
    path               text not null,
    body               jsonb not null,
    state              text not null default 'waiting',
    attempts           integer not null default 0,
    status             integer,
    try_at             timestamptz not null,
    created_at         timestamptz not null,
    done_at            timestamptz,
    constraint uq_loyalty_feed_call_item unique (feed_id, item_id, ordinal),
    constraint ck_loyalty_feed_call_state check (state in ('waiting', 'done', 'failed'))
);
create index ix_loyalty_feed_call_waiting on loyalty_feed_call (feed_id, created_at, id)
    where state = 'waiting';

create table loyalty_feed_clearing (
    feed_id            uuid not null references loyalty_feed (id),
    item_id            uuid not null,
    ordinal            integer not null,
    partner_id         uuid not null references loyalty_partner (id),
    programme_id       uuid not null references loyalty_programme (id),
    matter             text not null,
    key                text not null,
    amount_minor       bigint not null,
    currency           char(3) not null,
    points             bigint not null,
    happened_at        timestamptz not null,
    constraint pk_loyalty_feed_clearing primary key (feed_id, item_id, ordinal)
);
create index ix_loyalty_feed_clearing_partner
    on loyalty_feed_clearing (partner_id, happened_at, item_id, ordinal);
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (FEEDS, RUNS, ITEMS, ORDERS, CALLS):
        run_sql(sql)
