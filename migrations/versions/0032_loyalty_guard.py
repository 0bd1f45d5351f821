"""What watches for fraud with points."""

from hansa.runtime.database.migrate import run_sql

revision = "0032"
down_revision = "0031"

# Counters: how many points moved in a slot of time. `key` is a digest of whose they are (member,
# device, partner) and what they count; a device is never written in the clear. Updated in place, so
# there is room on each page; nothing but the job that forgets looks for `gone_at`.
TABLES = """
create table loyalty_guard_rules (
    programme_id       uuid primary key,
    rules              jsonb not null,
    changed_at         timestamptz not null
);

create table loyalty_guard_count (
    bucket             smallint not null,
    key                uuid not null,
    slot_seconds       integer not null,
    slot               bigint not null,
    number             integer not null,
    points             bigint not null,
    gone_at            timestamptz not null,
    constraint pk_loyalty_guard_count primary key (bucket, key, slot_seconds, slot),
    constraint ck_loyalty_guard_count_numbers check (number > 0 and points >= 0)
) with (fillfactor = 70);
create index ix_loyalty_guard_count_gone on loyalty_guard_count using brin (gone_at);

-- The day a member last moved points, and whether spending is blocked.
create table loyalty_guard_member (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    moved_at           timestamptz,
    blocked_by         uuid,
    constraint pk_loyalty_guard_member primary key (bucket, member_id, programme_id)
) with (fillfactor = 80);
create index ix_loyalty_guard_member_blocked
    on loyalty_guard_member (blocked_by) where blocked_by is not null;

create table loyalty_guard_device (
    bucket             smallint not null,
    member_id          uuid not null,
    device             uuid not null,
    first_seen_at      timestamptz not null,
    seen_at            timestamptz not null,
    trusted_at         timestamptz,
    constraint pk_loyalty_guard_device primary key (bucket, member_id, device)
);

-- `code` and `token` are digests; the code itself is sent and forgotten.
create table loyalty_guard_challenge (
    id                 uuid primary key,
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    device             uuid,
    code               bytea not null,
    tries              smallint not null default 0,
    token              bytea,
    started_at         timestamptz not null,
    expires_at         timestamptz not null,
    passed_at          timestamptz,
    used_at            timestamptz,
    constraint uq_loyalty_guard_challenge_token unique (token),
    constraint ck_loyalty_guard_challenge_tries check (tries between 0 and 5),
    constraint ck_loyalty_guard_challenge_passed check ((token is null) = (passed_at is null)),
    constraint ck_loyalty_guard_challenge_used check (used_at is null or passed_at is not null)
);
create index ix_loyalty_guard_challenge_member
    on loyalty_guard_challenge (bucket, member_id, started_at);
create index ix_loyalty_guard_challenge_expires on loyalty_guard_challenge (expires_at);

create table loyalty_guard_alert (
    id                 uuid primary key,
    programme_id       uuid not null,
    member_id          uuid not null,
    partner_id         uuid,
    kind               text not null,
    state              text not null default 'new',
    facts              jsonb not null,
    number             integer not null default 1,
    opened_at          timestamptz not null,
    last_at            timestamptz not null,
    handled_at         timestamptz,
    handled_by         uuid,
    note               text not null default '',
    constraint ck_loyalty_guard_alert_state
        check (state in ('new', 'looked_at', 'dismissed', 'blocked')),
    constraint ck_loyalty_guard_alert_number check (number > 0)
);
-- One open alert of a kind for a member: what happens again is counted in it.
create unique index uq_loyalty_guard_alert_open
    on loyalty_guard_alert (programme_id, member_id, kind) where state in ('new', 'looked_at');
create index ix_loyalty_guard_alert_opened on loyalty_guard_alert (opened_at, id);
create index ix_loyalty_guard_alert_state on loyalty_guard_alert (state, opened_at, id);
create index ix_loyalty_guard_alert_member on loyalty_guard_alert (member_id, opened_at, id);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
