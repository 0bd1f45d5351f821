"""Points that change accounts, and receipts of people nobody knows yet."""

from hansa.runtime.database.migrate import run_sql

revision = "0034"
down_revision = "0033"

# Where the points of a merged member's account go, whatever comes to it later. A move has left one
# account and arrives in another; `lots` holds what its lots were, so that it can be undone exactly.
TABLES = """
create table loyalty_route (
    account_id       bigint primary key,
    bucket           smallint not null,
    to_account_id    bigint not null,
    to_bucket        smallint not null,
    programme_id     uuid not null
);

create table loyalty_move (
    id               uuid primary key,
    programme_id     uuid not null,
    ledger           integer not null,
    from_bucket      smallint not null,
    from_account_id  bigint not null,
    to_bucket        smallint not null,
    to_account_id    bigint not null,
    is_back          boolean not null,
    points           bigint not null,
    lots             bytea not null,
    left_at          timestamptz not null,
    arrived_at       timestamptz
);
create index ix_loyalty_move_open on loyalty_move (left_at) where arrived_at is null;
create index ix_loyalty_move_from on loyalty_move (from_account_id, to_account_id);

-- A receipt that names its buyer by a partner's own id which is not known yet. `ref` is the keyed
-- hash of that id, as in loyalty_reference; forgotten after 90 days.
create table loyalty_unclaimed (
    partner_id       uuid not null,
    receipt          text not null,
    programme_id     uuid not null,
    ref              bytea not null,
    happened_at      timestamptz not null,
    content          bytea not null,
    kept_at          timestamptz not null,
    constraint pk_loyalty_unclaimed primary key (partner_id, receipt)
);
create index ix_loyalty_unclaimed_ref on loyalty_unclaimed (ref);
create index ix_loyalty_unclaimed_kept on loyalty_unclaimed (kept_at);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
