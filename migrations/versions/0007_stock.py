"""Tables of the module stock."""

from hansa.runtime.database.migrate import run_sql

revision = "0007"
down_revision = "0006"

WAREHOUSES = """
create table stock_warehouse (
    id uuid primary key,
    code text not null constraint stock_warehouse_code_key unique,
    name jsonb not null,
    kind text not null constraint stock_warehouse_kind_check check (kind in ('warehouse', 'shop')),
    address text not null default '',
    city text not null default '',
    phone text not null default '',
    hours text not null default '',
    latitude double precision,
    longitude double precision,
    is_active boolean not null default true,
    channels text[] not null default '{}',
    position integer not null default 0,
    updated_at timestamptz not null
);

-- Which warehouses a channel sells from: only active ones stand here.
create table stock_channel_warehouse (
    channel text not null,
    warehouse_id uuid not null references stock_warehouse (id),
    primary key (channel, warehouse_id)
);
create index stock_channel_warehouse_warehouse on stock_channel_warehouse (warehouse_id);

-- Channels that share a warehouse, each with itself too: a reservation of one counts in all it is
-- linked with.
create table stock_channel_link (
    channel text not null,
    linked text not null,
    primary key (channel, linked)
);
"""

# `on_hand_was` is the number before the last one: an upsert that returns it tells the exact
# change without a second statement, also when two imports meet. Room is left on the pages since
# `as_of` of every row moves with every full import. No foreign key to the warehouse: it would be
# looked up once per row of an import of a million rows; the import itself refuses unknown
# warehouses, and `hansa check stock` looks.
LEVELS = """
create table stock_level (
    variant_id uuid not null,
    warehouse_id uuid not null,
    on_hand numeric(14,3) not null default 0,
    on_hand_was numeric(14,3) not null default 0,
    safety numeric(14,3) not null default 0
        constraint stock_level_safety_check check (safety >= 0),
    reserved numeric(14,3) not null default 0
        constraint stock_level_reserved_check check (reserved >= 0),
    as_of timestamptz not null,
    source text not null,
    primary key (variant_id, warehouse_id)
) with (fillfactor = 80);

-- The hot rows. No index but the key, so that every change is a heap-only update on its own page.
create table stock_counter (
    variant_id uuid not null,
    channel text not null,
    sellable numeric(14,3) not null default 0
        constraint stock_counter_sellable_check check (sellable >= 0),
    reserved numeric(14,3) not null default 0
        constraint stock_counter_reserved_check check (reserved >= 0),
    primary key (variant_id, channel)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
"""

# A refused hold is kept as well, without lines, so that its key gives the same answer again.
RESERVATIONS = """
create table stock_reservation (
    id uuid primary key,
    key text not null constraint stock_reservation_key_key unique,
    digest bytea not null,
    state text not null constraint stock_reservation_state_check
        check (state in ('refused', 'held', 'ordered', 'sent', 'contained', 'released')),
    channel text not null,
    warehouse_id uuid,
    owner text not null,
    order_id uuid,
    expires_at timestamptz not null,
    made_at timestamptz not null,
    ended_at timestamptz,
    refusal jsonb,
    constraint stock_reservation_refusal_check check ((state = 'refused') = (refusal is not null)),
    constraint stock_reservation_order_check
        check (order_id is not null or state not in ('ordered', 'sent')),
    constraint stock_reservation_ended_check
        check ((state in ('refused', 'contained', 'released')) = (ended_at is not null))
) with (fillfactor = 90);
create unique index stock_reservation_order on stock_reservation (order_id)
    where order_id is not null;
create index stock_reservation_expiry on stock_reservation (expires_at) where state = 'held';
create index stock_reservation_refused on stock_reservation (made_at) where state = 'refused';

-- Channel and warehouse never change after the hold and are repeated here for the sums. What is
-- open of a line is
-- quantity - contained - released.
create table stock_reservation_line (
    reservation_id uuid not null references stock_reservation (id),
    variant_id uuid not null,
    channel text not null,
    warehouse_id uuid,
    quantity numeric(14,3) not null,
    contained numeric(14,3) not null default 0,
    released numeric(14,3) not null default 0,
    primary key (reservation_id, variant_id),
    constraint stock_reservation_line_quantity_check check (quantity > 0),
    constraint stock_reservation_line_parts_check
        check (contained >= 0 and released >= 0 and contained + released <= quantity)
);
create index stock_reservation_line_open on stock_reservation_line (variant_id, reservation_id)
    where contained + released < quantity;

-- What the ERP said has left, until its numbers contain it.
create table stock_shipment (
    reservation_id uuid not null references stock_reservation (id),
    variant_id uuid not null,
    reference text not null,
    channel text not null,
    warehouse_id uuid,
    quantity numeric(14,3) not null constraint stock_shipment_quantity_check check (quantity > 0),
    shipped_at timestamptz not null,
    recorded_at timestamptz not null,
    contained_at timestamptz,
    primary key (reservation_id, variant_id, reference)
);
create index stock_shipment_waiting on stock_shipment (variant_id) where contained_at is null;
"""

# Explains every number: on_hand of a (variant, warehouse) is the sum of `on_hand_change`, what a
# channel has reserved of a variant is the sum of `reserved_change`. The key puts the story of one
# variant together.
JOURNAL = """
create sequence stock_movement_number as bigint;
create table stock_movement (
    variant_id uuid not null,
    number bigint not null default nextval('stock_movement_number'),
    at timestamptz not null,
    kind text not null constraint stock_movement_kind_check check (kind in
        ('level', 'missing', 'safety', 'held', 'ordered', 'sent', 'shipped', 'contained',
            'released', 'expired')),
    warehouse_id uuid,
    channel text,
    reservation_id uuid,
    on_hand_change numeric(14,3) not null default 0,
    on_hand_after numeric(14,3),
    reserved_change numeric(14,3) not null default 0,
    quantity numeric(14,3),
    as_of timestamptz,
    source text,
    note text,
    actor_id uuid,
    primary key (variant_id, number)
);
alter sequence stock_movement_number owned by stock_movement.number;

create function stock_movement_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'stock_movement is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger stock_movement_append_only before update or delete or truncate on stock_movement
    for each statement execute function stock_movement_append_only();
"""


def upgrade() -> None:
    """Create the tables of stock."""
    for sql in (WAREHOUSES, LEVELS, RESERVATIONS, JOURNAL):
        run_sql(sql)
