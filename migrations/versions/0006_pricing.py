"""Prices: lists per market and customer group, quantity breaks, history, profiles."""

from hansa.runtime.database.migrate import run_sql

revision = "0006"
down_revision = "0005"

GROUPS = """
create table pricing_group (
    code text primary key,
    name jsonb not null,
    changed_at timestamptz not null
);
create table pricing_member (
    party_id uuid primary key,
    group_code text not null,
    changed_at timestamptz not null,
    constraint pricing_member_group foreign key (group_code) references pricing_group (code)
);
create index ix_pricing_member_group on pricing_member (group_code);
"""

# `was_effective` remembers what the last look at the clock found, so that the job that looks each
# minute publishes a list that came into force or ran out once.
LISTS = """
create table pricing_list (
    id uuid primary key,
    code text not null,
    name jsonb not null,
    market text not null,
    currency char(3) not null,
    customer_group text,
    priority integer not null default 0,
    is_active boolean not null default true,
    valid_from timestamptz,
    valid_until timestamptz,
    was_effective boolean not null,
    changed_at timestamptz not null,
    constraint pricing_list_code_unique unique (code),
    constraint pricing_list_window_forward check (valid_from < valid_until),
    constraint pricing_list_group foreign key (customer_group) references pricing_group (code)
);
create index ix_pricing_list_market on pricing_list (market, customer_group);
"""

# A profile is what prices depend on: a market and a customer group (none: everybody). Small
# integers, since the listing has a row for each profile and product.
PROFILES = """
create table pricing_profile (
    id integer generated always as identity primary key,
    market text not null,
    customer_group text,
    constraint pricing_profile_unique unique nulls not distinct (market, customer_group)
);
"""

PRICES = """
create table pricing_price (
    variant_id uuid not null,
    price_list_id uuid not null,
    min_quantity numeric(14,3) not null default 1,
    amount numeric(20,6) not null,
    compare_at numeric(20,6),
    is_overridden boolean not null default false,
    changed_at timestamptz not null,
    primary key (variant_id, price_list_id, min_quantity),
    constraint pricing_price_list foreign key (price_list_id) references pricing_list (id),
    constraint pricing_price_amount_positive check (amount > 0),
    constraint pricing_price_compare_at_positive check (compare_at > 0),
    constraint pricing_price_min_quantity_positive check (min_quantity > 0)
);
create index ix_pricing_price_list on pricing_price (price_list_id, variant_id);
create table pricing_price_change (
    id bigint generated always as identity primary key,
    variant_id uuid not null,
    price_list_id uuid not null,
    min_quantity numeric(14,3) not null,
    amount_before numeric(20,6),
    amount_after numeric(20,6),
    compare_at_before numeric(20,6),
    compare_at_after numeric(20,6),
    changed_by uuid,
    changed_at timestamptz not null
);
create index ix_pricing_price_change_variant on pricing_price_change (variant_id, id desc);
"""


def upgrade() -> None:
    """Create the tables of prices."""
    for sql in (GROUPS, LISTS, PROFILES, PRICES):
        run_sql(sql)
