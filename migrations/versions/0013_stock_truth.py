"""Tables of stock: bindings to shelves, corrections by shops, what each ERP knows of an order."""

from hansa.runtime.database.migrate import run_sql

revision = "0013"
down_revision = "0012"

# What an ERP's numbers contain, by its policy; and what it was told of each order, and when.
SOURCES = """
create table stock_source (
    source text primary key,
    policy text not null constraint stock_source_policy_check check (policy in
        ('on_shipment', 'on_watermark', 'erp_nets_orders', 'on_any_fresh_stock')),
    updated_at timestamptz not null
);

-- `position`: number of the message that carried the order; `received_at`: by the ERP's clock.
-- `is_complete`: the ERP knows the order with the bindings it has.
create table stock_sent (
    reservation_id uuid not null references stock_reservation (id),
    source text not null,
    position bigint,
    received_at timestamptz,
    sent_at timestamptz not null,
    is_complete boolean not null default false,
    primary key (reservation_id, source)
);
"""

# Pieces of an order's reservation claimed on a shelf. Those of one line may exceed what is open of
# it while shops are asked side by side; no single one does.
BINDINGS = """
create table stock_binding (
    reservation_id uuid not null references stock_reservation (id),
    variant_id uuid not null,
    warehouse_id uuid not null,
    quantity numeric(14,3) not null constraint stock_binding_quantity_check check (quantity > 0),
    bound_at timestamptz not null,
    primary key (reservation_id, variant_id, warehouse_id)
);
create index stock_binding_shelf on stock_binding (variant_id, warehouse_id);
"""

CORRECTIONS = """
create table stock_correction (
    id uuid primary key,
    reference text not null constraint stock_correction_reference_key unique,
    warehouse_id uuid not null,
    variant_id uuid not null,
    kind text not null constraint stock_correction_kind_check
        check (kind in ('missing', 'defective')),
    quantity numeric(14,3) not null constraint stock_correction_quantity_check check (quantity > 0),
    note text not null default '',
    on_hand_against numeric(14,3) not null,
    made_at timestamptz not null,
    made_by uuid,
    ended_at timestamptz,
    ended_why text constraint stock_correction_why_check
        check (ended_why in ('number', 'named', 'person')),
    ended_by uuid,
    constraint stock_correction_ended_check check ((ended_at is null) = (ended_why is null))
);
create index stock_correction_open on stock_correction (variant_id, warehouse_id)
    where ended_at is null;
create index stock_correction_made on stock_correction (made_at, id);
create index stock_correction_variant on stock_correction (variant_id, made_at, id);
"""

# New columns have constant defaults, and new checks are not proven of the rows there are (which all
# have the default): nothing of a table on air is read or rewritten.
COLUMNS = """
alter table stock_level
    add column withheld numeric(14,3) not null default 0,
    add column watermark bigint,
    add constraint stock_level_withheld_check check (withheld >= 0) not valid;
alter table stock_reservation add column ordered_at timestamptz;
alter table stock_movement drop constraint stock_movement_kind_check;
alter table stock_movement add constraint stock_movement_kind_check check (kind in
    ('level', 'missing', 'safety', 'held', 'ordered', 'sent', 'shipped', 'contained', 'released',
     'expired', 'bound', 'unbound', 'corrected', 'correction_ended', 'repaired')) not valid;
"""


def upgrade() -> None:
    """Create and change the tables."""
    for sql in (SOURCES, BINDINGS, CORRECTIONS, COLUMNS):
        run_sql(sql)
