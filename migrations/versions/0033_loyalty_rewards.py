"""Rewards that members take for points, their orders, and the sessions of the members' app."""

from hansa.runtime.database.migrate import run_sql

revision = "0033"
down_revision = "0032"

TABLES = """
-- What can be had for points. `stock` is what is left (null: without limit), `points` the price;
-- a donation has `amounts` to choose from instead.
create table loyalty_reward (
    id                 uuid primary key,
    programme_id       uuid not null,
    partner_id         uuid not null,
    code               text not null,
    kind               text not null,
    name               jsonb not null,
    about              jsonb not null default '{}',
    terms              jsonb not null default '{}',
    picture            text,
    points             bigint not null default 0,
    amounts            bigint[] not null default '{}',
    stock              integer,
    per_member         integer,
    starts_at          timestamptz,
    ends_at            timestamptz,
    is_active          boolean not null default true,
    position           integer not null default 0,
    points_given       bigint not null default 0,
    orders             integer not null default 0,
    changed_at         timestamptz not null,
    constraint uq_loyalty_reward_code unique (programme_id, code),
    constraint ck_loyalty_reward_kind check (kind in ('goods', 'certificate', 'donation')),
    constraint ck_loyalty_reward_price check (
        case when kind = 'donation' then points = 0 and cardinality(amounts) > 0
             else points > 0 and cardinality(amounts) = 0 end),
    constraint ck_loyalty_reward_stock check (stock is null or stock >= 0),
    constraint ck_loyalty_reward_per_member check (per_member is null or per_member > 0)
);
create index ix_loyalty_reward_list on loyalty_reward (programme_id, position, id)
    where is_active;

-- Codes of certificates, sealed with our key; a code belongs to one order.
create table loyalty_reward_code (
    id                 uuid primary key,
    reward_id          uuid not null,
    digest             bytea not null,
    sealed             bytea not null,
    order_id           uuid,
    added_at           timestamptz not null,
    constraint uq_loyalty_reward_code_digest unique (reward_id, digest),
    constraint uq_loyalty_reward_code_order unique (order_id),
    constraint fk_loyalty_reward_code_reward foreign key (reward_id) references loyalty_reward (id)
);
create index ix_loyalty_reward_code_free on loyalty_reward_code (reward_id, id)
    where order_id is null;

create table loyalty_reward_order (
    bucket             smallint not null,
    id                 uuid not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    reward_id          uuid not null,
    partner_id         uuid not null,
    points             bigint not null,
    state              text not null,
    ordered_at         timestamptz not null,
    done_at            timestamptz,
    shown_at           timestamptz,
    cancelled_at       timestamptz,
    changed_at         timestamptz not null,
    constraint pk_loyalty_reward_order primary key (bucket, id),
    constraint fk_loyalty_reward_order_reward foreign key (reward_id)
        references loyalty_reward (id),
    constraint ck_loyalty_reward_order_points check (points > 0),
    constraint ck_loyalty_reward_order_state check (
        state in ('taken', 'held', 'done', 'cancelling', 'cancelled', 'refused')),
    constraint ck_loyalty_reward_order_done check (
        (done_at is not null) = (state in ('done', 'cancelling', 'cancelled')))
);
create index ix_loyalty_reward_order_member
    on loyalty_reward_order (bucket, member_id, ordered_at desc, id);
create index ix_loyalty_reward_order_open on loyalty_reward_order (changed_at, bucket, id)
    where state in ('taken', 'held', 'cancelling');

-- Where a member is signed in to the app: a browser by its cookie, a native shell by its key. Only
-- digests of both are kept. A browser inside a shell hangs on the shell's session.
create table loyalty_app_session (
    id                 uuid primary key,
    token_hash         bytea not null,
    kind               text not null,
    bucket             smallint not null,
    member_id          uuid not null,
    parent_id          uuid,
    agent              text not null default '',
    started_at         timestamptz not null,
    seen_at            timestamptz not null,
    expires_at         timestamptz not null,
    ended_at           timestamptz,
    constraint uq_loyalty_app_session_token unique (token_hash),
    constraint fk_loyalty_app_session_parent foreign key (parent_id)
        references loyalty_app_session (id) on delete cascade,
    constraint ck_loyalty_app_session_kind check (kind in ('browser', 'shell'))
);
create index ix_loyalty_app_session_member on loyalty_app_session (bucket, member_id, seen_at)
    where ended_at is null;
create index ix_loyalty_app_session_parent on loyalty_app_session (parent_id)
    where parent_id is not null;
create index ix_loyalty_app_session_over on loyalty_app_session (expires_at);

-- A token that a shell hands to its web view: good once, for a minute.
create table loyalty_app_handover (
    token_hash         bytea primary key,
    session_id         uuid not null,
    made_at            timestamptz not null,
    expires_at         timestamptz not null,
    used_at            timestamptz,
    constraint fk_loyalty_app_handover_session foreign key (session_id)
        references loyalty_app_session (id) on delete cascade
);
create index ix_loyalty_app_handover_over on loyalty_app_handover (expires_at);
create index ix_loyalty_app_handover_session on loyalty_app_handover (session_id);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
