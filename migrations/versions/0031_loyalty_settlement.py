"""Clearing between the partners of a loyalty programme."""

from hansa.runtime.database.migrate import run_sql

revision = "0031"
down_revision = "0030"

# Prices as they were agreed, from when on: a statement of a past period is made of these for ever.
# What was agreed before this table was made holds from its last change; the first version of a
# partner counts for what came before it too.
TERMS = """
create table loyalty_terms_version (
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid not null references loyalty_partner (id),
    from_at            timestamptz not null,
    billing            text not null,
    issue_price        numeric(20,6) not null,
    redeem_price       numeric(20,6) not null,
    constraint pk_loyalty_terms_version primary key (programme_id, partner_id, from_at),
    constraint ck_loyalty_terms_version_billing check (billing in ('prepaid', 'postpaid')),
    constraint ck_loyalty_terms_version_prices check (issue_price >= 0 and redeem_price >= 0)
);
insert into loyalty_terms_version
       (programme_id, partner_id, from_at, billing, issue_price, redeem_price)
select programme_id, partner_id, changed_at, billing, issue_price, redeem_price
  from loyalty_participation;

create table loyalty_settlement_rule (
    programme_id       uuid primary key references loyalty_programme (id),
    when_exhausted     text not null default 'run_on',
    due_days           smallint not null default 10,
    vat_percent        numeric(5,2),
    changed_at         timestamptz not null,
    constraint ck_loyalty_settlement_rule_exhausted check (when_exhausted in ('stop', 'run_on')),
    constraint ck_loyalty_settlement_rule_numbers check (
        (vat_percent is null or vat_percent between 0 and 99) and due_days between 0 and 366)
);
"""

# Blocks are drawn in the order of their numbers by points issued beyond `issued_before`; one counts
# from the instant it is paid. `stopped_at`: earning was stopped by us because nothing is left.
BLOCKS = """
create table loyalty_prepayment (
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid not null references loyalty_partner (id),
    issued_before      bigint not null,
    begun_at           timestamptz not null,
    blocks             integer not null default 0,
    stopped_at         timestamptz,
    constraint pk_loyalty_prepayment primary key (programme_id, partner_id)
);

create table loyalty_point_block (
    id                 uuid primary key,
    programme_id       uuid not null,
    partner_id         uuid not null,
    number             integer not null,
    points             bigint not null,
    amount_minor       bigint not null,
    invoice            text not null,
    state              text not null default 'ordered',
    ordered_at         timestamptz not null,
    paid_at            timestamptz,
    constraint fk_loyalty_point_block_prepayment foreign key (programme_id, partner_id)
        references loyalty_prepayment (programme_id, partner_id),
    constraint uq_loyalty_point_block_number unique (programme_id, partner_id, number),
    constraint uq_loyalty_point_block_invoice unique (programme_id, partner_id, invoice),
    constraint ck_loyalty_point_block_amounts check (points > 0 and amount_minor >= 0),
    constraint ck_loyalty_point_block_state check (
        state in ('ordered', 'paid', 'cancelled') and (state = 'paid') = (paid_at is not null))
);

create table loyalty_settlement_alert (
    id                 uuid primary key,
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid not null references loyalty_partner (id),
    kind               text not null,
    points             bigint not null,
    limit_points       bigint not null,
    opened_at          timestamptz not null,
    closed_at          timestamptz,
    constraint ck_loyalty_settlement_alert_kind check (
        kind in ('block_low', 'block_empty', 'exposure_high'))
);
create unique index uq_loyalty_settlement_alert_open
    on loyalty_settlement_alert (programme_id, partner_id, kind) where closed_at is null;
"""

# A closing and its statements are written once, together, and never changed.
STATEMENTS = """
create table loyalty_closing (
    programme_id       uuid not null references loyalty_programme (id),
    begins_at          timestamptz not null,
    ends_at            timestamptz not null,
    ledger_digest      bytea not null,
    chain              bytea not null,
    postings           bigint not null,
    time_zone          text not null,
    issuers            jsonb not null,
    digest             bytea not null,
    closed_by          uuid,
    closed_at          timestamptz not null,
    constraint pk_loyalty_closing primary key (programme_id, begins_at),
    constraint ck_loyalty_closing_order check (begins_at < ends_at)
);

create table loyalty_statement (
    id                 uuid primary key,
    programme_id       uuid not null,
    partner_id         uuid not null references loyalty_partner (id),
    begins_at          timestamptz not null,
    ends_at            timestamptz not null,
    content            jsonb not null,
    due_minor          bigint not null,
    currency           char(3) not null,
    due_on             date not null,
    digest             bytea not null,
    constraint fk_loyalty_statement_closing foreign key (programme_id, begins_at)
        references loyalty_closing (programme_id, begins_at),
    constraint uq_loyalty_statement_period unique (programme_id, partner_id, begins_at)
);
create index ix_loyalty_statement_partner on loyalty_statement (partner_id, begins_at, id);

-- Positive: the partner paid; negative: it was paid to.
create table loyalty_statement_payment (
    id                 uuid primary key,
    statement_id       uuid not null references loyalty_statement (id),
    amount_minor       bigint not null,
    paid_on            date not null,
    reference          text not null,
    recorded_by        uuid,
    recorded_at        timestamptz not null,
    constraint uq_loyalty_statement_payment_reference unique (statement_id, reference),
    constraint ck_loyalty_statement_payment_amount check (amount_minor <> 0)
);

create function loyalty_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'what is closed stays: % on % is refused', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation';
end;
$$;
create trigger loyalty_closing_append_only before update or delete or truncate
    on loyalty_closing for each statement execute function loyalty_refuse_change();
create trigger loyalty_statement_append_only before update or delete or truncate
    on loyalty_statement for each statement execute function loyalty_refuse_change();
create trigger loyalty_statement_payment_append_only before update or delete or truncate
    on loyalty_statement_payment for each statement execute function loyalty_refuse_change();
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (TERMS, BLOCKS, STATEMENTS):
        run_sql(sql)
