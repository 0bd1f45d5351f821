"""Payments: what is to be paid, what was asked of a provider, what it answered."""

from hansa.runtime.database.migrate import run_sql

revision = "0010"
down_revision = "0009"

# `wanted` says where the payment is to be driven (paid or void), `check_at` when the provider is
# to be asked again. A payment whose page was never reached keeps `reference` null: nobody knows yet
# whether the provider has it, and the derived key makes asking again safe.
PAYMENTS = """
create table payments_method (
    market            text not null,
    code              text not null,
    provider          text not null,
    name              jsonb not null,
    hint              jsonb not null default '{}',
    position          integer not null,
    capture_at_once   boolean not null default true,
    pay_within_minutes integer,
    is_active         boolean not null default true,
    constraint pk_payments_method primary key (market, code)
);

create table payments_payment (
    id                uuid primary key,
    subject_kind      text not null,
    subject_id        uuid not null,
    attempt           integer not null,
    market            text not null,
    method            text not null,
    provider          text not null,
    currency          char(3) not null,
    amount_minor      bigint not null,
    authorised_minor  bigint not null default 0,
    captured_minor    bigint not null default 0,
    refunded_minor    bigint not null default 0,
    state             text not null,
    wanted            text not null default 'paid',
    capture_at_once   boolean not null,
    capture_minor     bigint,
    reference         text,
    redirect_url      text,
    return_url        text not null default '',
    description       text not null,
    language          text not null,
    reason            text,
    created_at        timestamptz not null,
    changed_at        timestamptz not null,
    check_at          timestamptz,
    checks            integer not null default 0,
    constraint uq_payments_payment_subject unique (subject_kind, subject_id, attempt),
    constraint uq_payments_payment_reference unique (provider, reference),
    constraint ck_payments_payment_state check (state in
        ('created', 'pending', 'due', 'authorised', 'captured', 'refunded', 'voided', 'failed')),
    constraint ck_payments_payment_wanted check (wanted in ('paid', 'void')),
    constraint ck_payments_payment_amounts check (
        amount_minor >= 0 and authorised_minor >= 0 and captured_minor >= 0
        and refunded_minor >= 0 and refunded_minor <= captured_minor)
);
create index ix_payments_payment_check on payments_payment (check_at) where check_at is not null;
create index ix_payments_payment_created on payments_payment (created_at desc, id desc);

create table payments_attempt (
    payment_id        uuid not null references payments_payment (id),
    key               text not null,
    action            text not null,
    amount_minor      bigint not null,
    state             text not null,
    tries             integer not null,
    asked_at          timestamptz not null,
    answered_at       timestamptz,
    reason            text,
    constraint pk_payments_attempt primary key (key),
    constraint ck_payments_attempt_action check (action in
        ('start', 'capture', 'refund', 'void')),
    constraint ck_payments_attempt_state check (state in ('asked', 'done', 'unknown', 'refused'))
);
create index ix_payments_attempt_payment on payments_attempt (payment_id);

create table payments_refund (
    id                uuid primary key,
    payment_id        uuid not null references payments_payment (id),
    key               text not null,
    amount_minor      bigint not null,
    reason            text not null,
    state             text not null,
    by_id             uuid,
    requested_at      timestamptz not null,
    answered_at       timestamptz,
    answer            text,
    constraint uq_payments_refund_key unique (payment_id, key),
    constraint ck_payments_refund_amount check (amount_minor > 0),
    constraint ck_payments_refund_state check (state in ('requested', 'done', 'refused'))
);
create index ix_payments_refund_payment on payments_refund (payment_id);

create table payments_history (
    payment_id        uuid not null references payments_payment (id),
    position          bigint generated always as identity,
    happened_at       timestamptz not null,
    from_state        text,
    to_state          text not null,
    amount_minor      bigint not null,
    comment           text not null default '',
    constraint pk_payments_history primary key (payment_id, position)
);

create table payments_notice (
    provider          text not null,
    notice_id         text not null,
    reference         text not null,
    received_at       timestamptz not null,
    constraint pk_payments_notice primary key (provider, notice_id)
);
"""


def upgrade() -> None:
    """Create the tables of the module `payments`."""
    run_sql(PAYMENTS)
