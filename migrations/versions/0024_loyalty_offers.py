"""Offers, percents and earning rules of loyalty programmes."""

from hansa.runtime.database.migrate import run_sql

revision = "0024"
down_revision = "0023"

# What is said once per rule or offer is a column, what is only read as a whole is JSON.
DIRECTORY = """
-- Grows with every change of rules and offers, in its transaction: processes look at it alone.
create table loyalty_rulebook (
    only_one           boolean primary key default true,
    revision           bigint not null default 0,
    constraint ck_loyalty_rulebook_only_one check (only_one)
);
insert into loyalty_rulebook default values;

-- Each change is a new version; the versions of a rule follow one another without overlap.
create table loyalty_rule (
    id                 uuid not null,
    version            integer not null,
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid references loyalty_partner (id),
    code               text not null,
    content            jsonb not null,
    in_force_from      timestamptz not null,
    in_force_until     timestamptz,
    written_by         uuid,
    written_at         timestamptz not null,
    constraint pk_loyalty_rule primary key (id, version),
    constraint ck_loyalty_rule_version check (version > 0),
    constraint ex_loyalty_rule_in_force exclude using gist (
        id with =, tstzrange(in_force_from, in_force_until) with &&)
);
create unique index uq_loyalty_rule_code on loyalty_rule (programme_id, code)
 where in_force_until is null;

-- `content` is what the partner has written last; what is in force is in the versions.
create table loyalty_offer (
    id                 uuid primary key,
    programme_id       uuid not null references loyalty_programme (id),
    partner_id         uuid not null references loyalty_partner (id),
    code               text not null,
    state              text not null default 'draft',
    content            jsonb not null,
    refusal            text not null default '',
    is_live            boolean not null default false,
    revision           integer not null default 1,
    written_by         uuid,
    submitted_at       timestamptz,
    decided_by         uuid,
    decided_at         timestamptz,
    created_at         timestamptz not null,
    changed_at         timestamptz not null,
    constraint uq_loyalty_offer_code unique (partner_id, code),
    constraint ck_loyalty_offer_state check (
        state in ('draft', 'in_review', 'approved', 'refused', 'running', 'paused', 'ended')),
    constraint ck_loyalty_offer_refusal check (state <> 'refused' or refusal <> ''),
    constraint ck_loyalty_offer_ended check (state not in ('paused', 'ended') or not is_live)
);
create index ix_loyalty_offer_partner on loyalty_offer (partner_id, created_at desc, id desc);
create index ix_loyalty_offer_review on loyalty_offer (submitted_at, id)
 where state = 'in_review';
create index ix_loyalty_offer_created on loyalty_offer (created_at desc, id desc);
create index ix_loyalty_offer_live on loyalty_offer (state) where is_live;

create table loyalty_offer_version (
    offer_id           uuid not null references loyalty_offer (id),
    version            integer not null,
    content            jsonb not null,
    in_force_from      timestamptz not null,
    in_force_until     timestamptz,
    approved_by        uuid,
    approved_at        timestamptz not null,
    constraint pk_loyalty_offer_version primary key (offer_id, version),
    constraint ex_loyalty_offer_version_in_force exclude using gist (
        offer_id with =, tstzrange(in_force_from, in_force_until) with &&)
);
"""

# All of a member is found by (bucket, programme, member): one range of each primary key. No foreign
# keys here, so that buckets can live in databases of their own.
STANDINGS = """
-- Locked by whoever changes what a member has.
create table loyalty_standing (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    version            bigint not null default 1,
    constraint pk_loyalty_standing primary key (bucket, programme_id, member_id)
);

create table loyalty_switch (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    offer_id           uuid not null,
    at                 timestamptz not null,
    is_on              boolean not null,
    constraint pk_loyalty_switch primary key (bucket, programme_id, member_id, offer_id, at)
);

-- What members did that offers ask for, in whatever order it became known.
create table loyalty_deed (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    offer_id           uuid not null,
    key                text not null,
    at                 timestamptz not null,
    amount_minor       bigint not null default 0,
    is_refused         boolean not null default false,
    constraint pk_loyalty_deed primary key (bucket, programme_id, member_id, offer_id, key)
);

-- What follows from the deeds: a task done, with the raise it gives. Not standing: taken back.
create table loyalty_completion (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    offer_id           uuid not null,
    key                text not null,
    at                 timestamptz not null,
    code               text not null,
    category           text not null default '',
    percent            integer not null default 0,
    starts_at          timestamptz not null,
    ends_at            timestamptz not null,
    issuer_id          uuid,
    stack              text not null default '',
    points             bigint not null default 0,
    version            integer not null default 1,
    is_standing        boolean not null default true,
    constraint pk_loyalty_completion primary key (bucket, programme_id, member_id, offer_id, key),
    constraint ck_loyalty_completion_reward check (
        points >= 0 and ends_at >= starts_at and percent between 0 and 10000)
);

-- Receipts that earned by an offer which a member may use so many times.
create table loyalty_use (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    offer_id           uuid not null,
    key                text not null,
    at                 timestamptz not null,
    constraint pk_loyalty_use primary key (bucket, programme_id, member_id, offer_id, key)
);

-- What partners report; answered once per key of theirs.
create table loyalty_action (
    owner_id           uuid not null,
    key                text not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    code               text not null,
    amount_minor       bigint not null default 0,
    happened_at        timestamptz not null,
    offer_ids          uuid[] not null default '{}',
    recorded_at        timestamptz not null,
    constraint pk_loyalty_action primary key (owner_id, key)
);
create index ix_loyalty_action_recorded on loyalty_action using brin (recorded_at);
"""

# Counters are split by slot of the process, so that processes do not wait for each other.
BUDGETS = """
create table loyalty_budget (
    campaign_id        uuid primary key,
    programme_id       uuid not null references loyalty_programme (id),
    total              bigint not null,
    leased             bigint not null default 0,
    changed_at         timestamptz not null,
    constraint ck_loyalty_budget_leased check (leased between 0 and total)
);

-- Spent of a slot may be below zero: one slot may take back what another gave. Their sum is not.
create table loyalty_budget_lease (
    slot               smallint not null,
    campaign_id        uuid not null references loyalty_budget (campaign_id),
    leased             bigint not null default 0,
    spent              bigint not null default 0,
    used_at            timestamptz not null,
    constraint pk_loyalty_budget_lease primary key (slot, campaign_id),
    constraint ck_loyalty_budget_lease_slot check (slot between 0 and 63),
    constraint ck_loyalty_budget_lease_spent check (spent <= leased)
);
create index ix_loyalty_budget_lease_campaign on loyalty_budget_lease (campaign_id);

-- Places taken of an offer for so many, in all (under the day 0001-01-01) and by day.
create table loyalty_offer_taken (
    offer_id           uuid not null,
    day                date not null,
    taken              bigint not null default 0,
    constraint pk_loyalty_offer_taken primary key (offer_id, day),
    constraint ck_loyalty_offer_taken check (taken >= 0)
);

create table loyalty_offer_day (
    offer_id           uuid not null,
    day                date not null,
    slot               smallint not null,
    shown              bigint not null default 0,
    switched_on        bigint not null default 0,
    completed          bigint not null default 0,
    uses               bigint not null default 0,
    points             bigint not null default 0,
    amount_minor       bigint not null default 0,
    constraint pk_loyalty_offer_day primary key (offer_id, day, slot)
);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(DIRECTORY)
    run_sql(STANDINGS)
    run_sql(BUDGETS)
