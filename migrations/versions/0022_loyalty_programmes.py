"""Loyalty programmes and their partners."""

from hansa.runtime.database.migrate import run_sql

revision = "0022"
down_revision = "0021"

# `number` is what the ledger knows of a programme or partner: the accounts' numbers are made of it.
PROGRAMMES = """
create table loyalty_programme (
    id                 uuid primary key,
    number             smallint not null,
    code               text not null,
    name               jsonb not null,
    unit               jsonb not null default '{}',
    currency           char(3) not null,
    point_minor        integer not null,
    percent            integer not null,
    percent_max        integer not null,
    lifetime_months    integer,
    pending_days       integer not null default 0,
    settle_at          text not null default 'issuance',
    return_policy      text not null default 'debt',
    time_zone          text not null default 'Europe/Moscow',
    market             text,
    is_open            boolean not null default true,
    changed_at         timestamptz not null,
    constraint uq_loyalty_programme_code unique (code),
    constraint uq_loyalty_programme_number unique (number),
    constraint ck_loyalty_programme_number check (number between 1 and 999),
    constraint ck_loyalty_programme_percent check (
        percent >= 0 and percent_max <= 10000 and percent <= percent_max),
    constraint ck_loyalty_programme_terms check (
        point_minor > 0 and (lifetime_months is null or lifetime_months > 0)
        and pending_days between 0 and 366),
    constraint ck_loyalty_programme_settle_at check (settle_at in ('issuance', 'redemption')),
    constraint ck_loyalty_programme_return_policy check (
        return_policy in ('debt', 'write_off', 'block'))
);

create table loyalty_partner (
    id                 uuid primary key,
    number             smallint not null,
    code               text not null,
    name               jsonb not null,
    about              jsonb not null default '{}',
    category           text not null default '',
    picture            text,
    site               text not null default '',
    is_active          boolean not null default true,
    position           integer not null default 0,
    changed_at         timestamptz not null,
    constraint uq_loyalty_partner_code unique (code),
    constraint uq_loyalty_partner_number unique (number),
    constraint ck_loyalty_partner_number check (number between 1 and 9999)
);

-- What a partner has agreed to in a programme. Prices are money per point, finer than minor units.
create table loyalty_participation (
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid not null references loyalty_partner (id),
    earns              boolean not null default true,
    spends             boolean not null default true,
    billing            text not null default 'postpaid',
    issue_price        numeric(20,6) not null,
    redeem_price       numeric(20,6) not null,
    percent            integer,
    pending_days       integer,
    return_policy      text,
    share_max          integer not null default 10000,
    alert_points       bigint,
    is_active          boolean not null default true,
    changed_at         timestamptz not null,
    constraint pk_loyalty_participation primary key (programme_id, partner_id),
    constraint ck_loyalty_participation_billing check (billing in ('prepaid', 'postpaid')),
    constraint ck_loyalty_participation_prices check (issue_price >= 0 and redeem_price >= 0),
    constraint ck_loyalty_participation_percent check (percent between 0 and 10000),
    constraint ck_loyalty_participation_share check (share_max between 0 and 10000),
    constraint ck_loyalty_participation_pending check (pending_days between 0 and 366),
    constraint ck_loyalty_participation_return_policy check (
        return_policy in ('debt', 'write_off', 'block'))
);
create index ix_loyalty_participation_partner on loyalty_participation (partner_id);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(PROGRAMMES)
