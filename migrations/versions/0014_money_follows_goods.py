"""Tables of orders, payments and checkout: parts given up, deferred payments, holds that expire."""

from hansa.runtime.database.migrate import run_sql

revision = "0014"
down_revision = "0013"

# `amount_minor` and `tax_minor` of a line are of what is left of it, so that lines keep summing to
# the order; what was given up stands beside them, and the two together are what was sold. A line
# remembers what was sold, never a running remainder: however many steps led there, the same pieces
# given up leave the same money.
GIVEN_UP = """
alter table orders_line
    add column given_up numeric(14,3) not null default 0,
    add column given_up_minor bigint not null default 0,
    add column given_up_tax_minor bigint not null default 0,
    add column is_gift boolean not null default false,
    add constraint ck_orders_line_given_up check (
        given_up >= 0 and given_up <= quantity and given_up_minor >= 0
        and given_up_tax_minor >= 0);

alter table orders_order
    drop constraint ck_orders_order_payment_state,
    add constraint ck_orders_order_payment_state check (payment_state in
        ('deferred', 'due', 'awaiting', 'authorised', 'paid', 'failed', 'refunded', 'voided'));

alter table orders_history
    drop constraint ck_orders_history_kind,
    add constraint ck_orders_history_kind check (kind in
        ('placed', 'state', 'payment', 'note', 'shipment', 'export', 'refused', 'given_up'));
"""

# `due_minor` is what is to be kept of a payment in the end: the whole while it is null. It only
# falls. What is held is captured up to it, what was taken above it goes back.
LOWERED = """
alter table payments_payment
    add column due_minor bigint,
    add column hold_expires_at timestamptz,
    add constraint ck_payments_payment_due check (
        due_minor is null or due_minor between 0 and amount_minor),
    drop constraint ck_payments_payment_state,
    add constraint ck_payments_payment_state check (state in
        ('deferred', 'created', 'pending', 'due', 'authorised', 'captured', 'refunded', 'voided',
         'failed'));
"""

STATEMENTS: tuple[str, ...] = (GIVEN_UP, LOWERED)


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
