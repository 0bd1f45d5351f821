"""Lots of points, receipts and holds of loyalty programmes."""

from hansa.runtime.database.migrate import run_sql

revision = "0025"
down_revision = "0024"

# A lot is what was earned at once: whose points they are, until when they live, how many are left.
# `remaining` is the sum of the ledger's transfers with the lot as their tag; taken back after they
# were spent it is below zero: that is the member's debt. `price_micro` is what the issuer pays for
# a point, in millionths of minor units, as agreed when it was earned.
LOTS = """
create table loyalty_lot (
    bucket       smallint not null,
    id           uuid not null,
    account_id   bigint not null,
    ledger       integer not null,
    issuer       integer not null,
    campaign_id  uuid,
    remaining    bigint not null,
    held         bigint not null default 0,
    price_micro  bigint not null default 0,
    earned_at    timestamptz not null,
    active_at    timestamptz not null,
    expires_at   timestamptz,
    constraint pk_loyalty_lot primary key (bucket, id),
    constraint ck_loyalty_lot_held check (held >= 0)
) with (fillfactor = 80);
create index ix_loyalty_lot_open on loyalty_lot (bucket, account_id, expires_at, id)
    where remaining <> 0 or held <> 0;
create index ix_loyalty_lot_due on loyalty_lot (expires_at) where remaining > 0;

-- Receipts by the partner's own number: also where a return finds its member. A row without a
-- member is a return that came before its purchase.
create table loyalty_receipt (
    partner_id   uuid not null,
    receipt      text not null,
    programme_id uuid not null,
    bucket       smallint,
    member_id    uuid,
    account_id   bigint,
    happened_at  timestamptz,
    version      integer not null default 1,
    content      bytea not null,
    changed_at   timestamptz not null,
    constraint pk_loyalty_receipt primary key (partner_id, receipt),
    constraint ck_loyalty_receipt_member check (
        num_nulls(bucket, member_id, account_id, happened_at) in (0, 4))
) with (fillfactor = 80);
create index ix_loyalty_receipt_member on loyalty_receipt (bucket, member_id, happened_at)
    where member_id is not null;
create index ix_loyalty_receipt_waiting on loyalty_receipt (changed_at) where member_id is null;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(LOTS)
