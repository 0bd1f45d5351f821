"""Checkout: baskets and the ways of delivery."""

from hansa.runtime.database.migrate import run_sql

revision = "0011"
down_revision = "0010"

# A basket belongs to a session (guest) or to a party (signed in), one per market. `version` grows
# with every change, so that placing notices a change made meanwhile.
CHECKOUT = """
create table checkout_basket (
    id                uuid primary key,
    market            text not null,
    session_id        text,
    party_id          uuid,
    version           bigint not null default 1,
    details           jsonb not null default '{}',
    created_at        timestamptz not null,
    changed_at        timestamptz not null,
    constraint uq_checkout_basket_session unique (session_id, market),
    constraint uq_checkout_basket_party unique (party_id, market),
    constraint ck_checkout_basket_owner check ((session_id is null) <> (party_id is null))
) with (fillfactor = 80);
create index ix_checkout_basket_changed on checkout_basket (changed_at);

create table checkout_line (
    basket_id         uuid not null references checkout_basket (id) on delete cascade,
    variant_id        uuid not null,
    quantity          numeric(14,3) not null,
    shown_price       numeric(20,6),
    added_at          timestamptz not null,
    constraint pk_checkout_line primary key (basket_id, variant_id),
    constraint ck_checkout_line_quantity check (quantity > 0)
);

create table checkout_delivery_method (
    market            text not null,
    code              text not null,
    kind              text not null,
    name              jsonb not null,
    hint              jsonb not null default '{}',
    price_minor       bigint not null,
    free_from_minor   bigint,
    days_min          integer not null default 0,
    days_max          integer not null default 0,
    position          integer not null,
    is_active         boolean not null default true,
    constraint pk_checkout_delivery_method primary key (market, code),
    constraint ck_checkout_delivery_method_kind check (kind in ('courier', 'pickup')),
    constraint ck_checkout_delivery_method_price check (
        price_minor >= 0 and (free_from_minor is null or free_from_minor >= 0)
        and days_min >= 0 and days_max >= days_min)
);
"""


def upgrade() -> None:
    """Create the tables of the module `checkout`."""
    run_sql(CHECKOUT)
