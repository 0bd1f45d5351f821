"""Orders: the order, its lines, its history and shipments."""

from hansa.runtime.database.migrate import run_sql

revision = "0009"
down_revision = "0008"

# One sequence for all markets: the prefix of the market makes the number; gaps are harmless.
# `change_number` grows with every change the ERP must hear of; `exported_number` is the last one
# it confirmed. An order waits for the exchange as long as the two differ.
ORDERS = """
create sequence orders_number start 100001;

create table orders_order (
    id                uuid primary key,
    number            text not null,
    market            text not null,
    channel           text not null,
    party_id          uuid,
    user_id           uuid,
    state             text not null,
    payment_state     text not null,
    currency          char(3) not null,
    goods_minor       bigint not null,
    delivery_minor    bigint not null,
    tax_minor         bigint not null,
    total_minor       bigint not null,
    tax_included      boolean not null,
    delivery          jsonb not null,
    warehouse_id      uuid,
    recipient_name    text not null,
    recipient_phone   text not null,
    recipient_email   text not null,
    comment           text not null default '',
    language          text not null,
    payment_method    text not null,
    payment_id        uuid,
    reservation_id    uuid,
    placing_key       text not null,
    erp_number        text,
    placed_at         timestamptz not null,
    changed_at        timestamptz not null,
    pay_until         timestamptz,
    shipped_at        timestamptz,
    delivered_at      timestamptz,
    cancelled_at      timestamptz,
    cancel_reason     text,
    change_number     bigint not null default 1,
    exported_number   bigint not null default 0,
    exported_at       timestamptz,
    constraint uq_orders_order_number unique (number),
    constraint uq_orders_order_placing_key unique (placing_key),
    constraint ck_orders_order_state check (state in
        ('placed', 'confirmed', 'packed', 'shipped', 'delivered', 'completed', 'cancelled')),
    constraint ck_orders_order_payment_state check (payment_state in
        ('due', 'awaiting', 'authorised', 'paid', 'failed', 'refunded', 'voided')),
    constraint ck_orders_order_amounts check (
        goods_minor >= 0 and delivery_minor >= 0 and tax_minor >= 0
        and total_minor = goods_minor + delivery_minor
            + case when tax_included then 0 else tax_minor end),
    constraint ck_orders_order_exported check (exported_number <= change_number)
);
create index ix_orders_order_placed on orders_order (placed_at desc, id desc);
create index ix_orders_order_party on orders_order (party_id, placed_at desc, id desc)
    where party_id is not null;
create index ix_orders_order_state on orders_order (state, placed_at desc, id desc);
create index ix_orders_order_to_export on orders_order (changed_at, id)
    where change_number > exported_number;
create index ix_orders_order_unpaid on orders_order (pay_until)
    where pay_until is not null and state in ('placed', 'confirmed');
create index ix_orders_order_search on orders_order using gin (
    lower(number || ' ' || coalesce(erp_number, '') || ' ' || recipient_name || ' '
          || recipient_phone || ' ' || recipient_email) gin_trgm_ops);

create table orders_line (
    order_id          uuid not null references orders_order (id),
    position          integer not null,
    variant_id        uuid not null,
    product_id        uuid not null,
    sku               text not null,
    name              jsonb not null,
    options           jsonb not null,
    image             text,
    quantity          numeric(14,3) not null,
    unit              text not null,
    unit_price        numeric(20,6) not null,
    base_price        numeric(20,6) not null,
    price_reason      text,
    amount_minor      bigint not null,
    tax_rate          numeric(7,5) not null,
    tax_minor         bigint not null,
    constraint pk_orders_line primary key (order_id, position),
    constraint ck_orders_line_quantity check (quantity > 0),
    constraint ck_orders_line_amount check (amount_minor >= 0 and tax_minor >= 0)
);
create index ix_orders_line_variant on orders_line (variant_id);

create table orders_history (
    order_id          uuid not null references orders_order (id),
    position          bigint generated always as identity,
    happened_at       timestamptz not null,
    kind              text not null,
    from_state        text,
    to_state          text,
    by_kind           text not null,
    by_id             uuid,
    comment           text not null default '',
    constraint pk_orders_history primary key (order_id, position),
    constraint ck_orders_history_kind check (kind in
        ('placed', 'state', 'payment', 'note', 'shipment', 'export', 'refused'))
);

create table orders_shipment (
    order_id          uuid not null references orders_order (id),
    number            text not null,
    shipped_at        timestamptz not null,
    lines             jsonb not null,
    recorded_at       timestamptz not null,
    constraint pk_orders_shipment primary key (order_id, number)
);
"""


def upgrade() -> None:
    """Create the tables of the module `orders`."""
    run_sql(ORDERS)
