"""Tables of receipts and promotions, and where the catalogue is to be sold beside the shop."""

from hansa.runtime.database.migrate import run_sql

revision = "0020"
down_revision = "0019"

# A receipt is a fact of the past: it is written once and only its original is found later.
# `original_key` is what the till says; `original_id` is known as soon as that receipt is here.
RECEIPTS = """
create table receipts_receipt (
    id uuid primary key,
    source text not null,
    key text not null,
    digest bytea not null,
    kind text not null constraint receipts_receipt_kind_check check (kind in ('sale', 'return')),
    number text not null default '',
    warehouse_id uuid,
    party_id uuid,
    card text,
    currency char(3) not null,
    total_minor bigint not null constraint receipts_receipt_total_check check (total_minor >= 0),
    original_key text,
    original_id uuid references receipts_receipt (id),
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    constraint receipts_receipt_key unique (source, key),
    constraint receipts_receipt_original_check
        check (kind = 'return' or (original_key is null and original_id is null))
);
create index receipts_receipt_recent on receipts_receipt (happened_at desc, id desc);
create index receipts_receipt_shop on receipts_receipt (warehouse_id, happened_at desc, id desc);
create index receipts_receipt_party on receipts_receipt (party_id, happened_at desc, id desc)
    where party_id is not null;
create index receipts_receipt_card on receipts_receipt (card, happened_at desc, id desc)
    where card is not null;
create index receipts_receipt_original on receipts_receipt (original_id)
    where original_id is not null;
create index receipts_receipt_waiting on receipts_receipt (source, original_key)
    where original_key is not null and original_id is null;

create table receipts_line (
    receipt_id uuid not null references receipts_receipt (id),
    line integer not null,
    variant_id uuid,
    item text not null default '',
    name text not null default '',
    quantity numeric(14,3) not null
        constraint receipts_line_quantity_check check (quantity > 0),
    amount_minor bigint not null constraint receipts_line_amount_check check (amount_minor >= 0),
    original_line integer,
    primary key (receipt_id, line)
);
create index receipts_line_variant on receipts_line (variant_id) where variant_id is not null;
"""

GIFTS = """
create table promotions_gift_set (
    id uuid primary key,
    code text not null constraint promotions_gift_set_code_key unique,
    market text not null,
    name jsonb not null,
    minimum_minor bigint not null
        constraint promotions_gift_set_minimum_check check (minimum_minor >= 0),
    currency char(3) not null,
    items jsonb not null,
    starts_at timestamptz,
    ends_at timestamptz,
    priority integer not null default 0,
    is_active boolean not null default true,
    source text not null default '',
    updated_at timestamptz not null,
    updated_by uuid
);
create index promotions_gift_set_offered on promotions_gift_set (market, minimum_minor)
    where is_active;
"""

# The mark "sell on marketplace X", by variant.
MARKS = """
create table catalog_marketplace_mark (
    variant_id uuid not null references catalog_variant (id) on delete cascade,
    marketplace text not null
        constraint catalog_marketplace_mark_name_check
            check (marketplace ~ '^[a-z][a-z0-9_-]{1,31}$'),
    is_on boolean not null,
    source text not null default '',
    changed_at timestamptz not null,
    primary key (variant_id, marketplace)
);
create index catalog_marketplace_mark_on on catalog_marketplace_mark (marketplace, variant_id)
    where is_on;
"""

STATEMENTS: tuple[str, ...] = (RECEIPTS, GIFTS, MARKS)


def upgrade() -> None:
    """Create the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
