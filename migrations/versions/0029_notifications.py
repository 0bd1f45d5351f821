"""Devices, messages to people, segments and campaigns."""

from hansa.runtime.database.migrate import run_sql

revision = "0029"
down_revision = "0028"

# A row of `person` is locked while it is decided what this person may get: caps hold exactly. A
# token may be long, so its digest is what is unique. `party_id` of a device is who signed in there:
# when a merge of members is undone, it tells whose the device is.
DEVICES = """
create table notifications_person (
    member_id         uuid primary key,
    party_id          uuid not null,
    created_at        timestamptz not null,
    changed_at        timestamptz not null
);

create table notifications_device (
    id                uuid primary key,
    member_id         uuid not null references notifications_person (member_id) on delete cascade,
    party_id          uuid not null,
    channel           text not null,
    address           text not null,
    address_digest    bytea not null,
    key_public        text not null default '',
    key_auth          text not null default '',
    installation      text not null default '',
    app_version       text not null default '',
    language          text not null default '',
    time_zone         text not null default '',
    created_at        timestamptz not null,
    seen_at           timestamptz not null,
    constraint uq_notifications_device_address unique (channel, address_digest),
    constraint ck_notifications_device_channel check (channel in ('webpush', 'fcm', 'edna')),
    constraint ck_notifications_device_keys check (
        channel <> 'webpush' or (key_public <> '' and key_auth <> ''))
);
create index ix_notifications_device_member on notifications_device (member_id, seen_at);
create index ix_notifications_device_seen on notifications_device (seen_at);

create table notifications_preference (
    member_id         uuid not null references notifications_person (member_id) on delete cascade,
    kind              text not null,
    channel           text not null,
    is_on             boolean not null,
    changed_at        timestamptz not null,
    constraint pk_notifications_preference primary key (member_id, kind, channel),
    constraint ck_notifications_preference_kind check (
        kind in ('transactional', 'offers', 'expiry')),
    constraint ck_notifications_preference_channel check (channel in ('webpush', 'fcm', 'edna'))
);

create table notifications_key (
    name              text primary key,
    public            text not null,
    sealed            bytea not null,
    created_at        timestamptz not null
);
"""

TEMPLATES = """
create table notifications_policy (
    id                smallint primary key default 1,
    quiet_from        time not null,
    quiet_until       time not null,
    day_max           integer not null,
    week_max          integer not null,
    time_zone         text not null,
    changed_at        timestamptz not null,
    constraint ck_notifications_policy_single check (id = 1),
    constraint ck_notifications_policy_caps check (day_max >= 0 and week_max >= 0)
);

create table notifications_template (
    code              text primary key,
    texts             jsonb not null,
    is_on             boolean not null,
    changed_at        timestamptz not null
);
"""

# Criteria are data: which filters, never a statement. `cursor_id` is the last member picked, so
# that a job which dies goes on behind it.
CAMPAIGNS = """
create table notifications_segment (
    id                uuid primary key,
    name              text not null,
    programme_id      uuid not null,
    criteria          jsonb not null,
    created_at        timestamptz not null,
    changed_at        timestamptz not null
);
create index ix_notifications_segment_name on notifications_segment (name, id);

create table notifications_campaign (
    id                uuid primary key,
    name              text not null,
    kind              text not null,
    state             text not null,
    programme_id      uuid not null,
    segment_id        uuid not null references notifications_segment (id),
    criteria          jsonb,
    control_share     integer not null default 0,
    variants          jsonb not null,
    link              text not null default '',
    starts_at         timestamptz,
    ends_at           timestamptz,
    measured_days     integer not null default 14,
    cursor_id         uuid,
    is_picked         boolean not null default false,
    picked            integer not null default 0,
    control           integer not null default 0,
    created_by        uuid not null,
    approved_by       uuid,
    started_at        timestamptz,
    ended_at          timestamptz,
    result            jsonb,
    result_at         timestamptz,
    created_at        timestamptz not null,
    changed_at        timestamptz not null,
    constraint ck_notifications_campaign_state check (
        state in ('draft', 'approved', 'running', 'paused', 'done', 'stopped')),
    constraint ck_notifications_campaign_kind check (kind in ('offers', 'expiry')),
    constraint ck_notifications_campaign_control check (control_share between 0 and 9000),
    constraint ck_notifications_campaign_days check (measured_days between 1 and 90),
    constraint ck_notifications_campaign_times check (ends_at is null or ends_at > starts_at)
);
create index ix_notifications_campaign_created on notifications_campaign (created_at, id);
create index ix_notifications_campaign_live on notifications_campaign (state)
 where state in ('approved', 'running', 'paused');

create table notifications_recipient (
    campaign_id       uuid not null references notifications_campaign (id) on delete cascade,
    member_id         uuid not null,
    variant           text not null,
    is_control        boolean not null,
    picked_at         timestamptz not null,
    constraint pk_notifications_recipient primary key (campaign_id, member_id)
);
create index ix_notifications_recipient_member on notifications_recipient (member_id);
"""

# `counted_at` is when a message was counted against the cap. A claimed message that is not written
# down in time is claimed again, under the same id.
MESSAGES = """
create table notifications_message (
    id                uuid primary key,
    number            bigint generated always as identity,
    member_id         uuid not null,
    kind              text not null,
    code              text not null,
    collapse_key      text not null,
    dedup_key         text not null,
    texts             jsonb not null,
    places            jsonb not null default '{}',
    link              text not null default '',
    campaign_id       uuid references notifications_campaign (id) on delete cascade,
    variant           text not null default '',
    state             text not null default 'waiting',
    reason            text not null default '',
    due_at            timestamptz not null,
    expires_at        timestamptz,
    attempts          integer not null default 0,
    was_quiet         boolean not null default false,
    counted_at        timestamptz,
    claimed_at        timestamptz,
    ended_at          timestamptz,
    opened_at         timestamptz,
    created_at        timestamptz not null,
    constraint uq_notifications_message_dedup unique (dedup_key),
    constraint ck_notifications_message_kind check (
        kind in ('transactional', 'offers', 'expiry')),
    constraint ck_notifications_message_state check (
        state in ('waiting', 'sending', 'sent', 'failed', 'dropped')),
    constraint ck_notifications_message_claimed check (
        state <> 'sending' or claimed_at is not null)
) with (fillfactor = 80);
create index ix_notifications_message_due on notifications_message (due_at, number)
 where state = 'waiting' and campaign_id is null;
create index ix_notifications_message_campaign_due
    on notifications_message (campaign_id, due_at, number)
 where state = 'waiting' and campaign_id is not null;
create index ix_notifications_message_claimed on notifications_message (claimed_at, number)
 where state = 'sending';
create index ix_notifications_message_collapse
    on notifications_message (member_id, collapse_key, number);
create index ix_notifications_message_member on notifications_message (member_id, number);
create index ix_notifications_message_counted on notifications_message (member_id, counted_at)
 where counted_at is not null;
create index ix_notifications_message_campaign on notifications_message (campaign_id, state)
 where campaign_id is not null;
create index ix_notifications_message_failed on notifications_message (ended_at, number)
 where state = 'failed';
create index ix_notifications_message_created on notifications_message (created_at);

create table notifications_delivery (
    id                uuid primary key,
    message_id        uuid not null references notifications_message (id) on delete cascade,
    device_id         uuid not null,
    channel           text not null,
    state             text not null,
    reason            text not null default '',
    changed_at        timestamptz not null,
    constraint uq_notifications_delivery_device unique (message_id, device_id),
    constraint ck_notifications_delivery_state check (
        state in ('sending', 'later', 'sent', 'delivered', 'read', 'gone', 'refused'))
) with (fillfactor = 80);

create table notifications_status (
    request_id        uuid not null,
    status            text not null,
    status_at         timestamptz,
    error             text not null default '',
    received_at       timestamptz not null,
    constraint pk_notifications_status primary key (request_id, status)
);
create index ix_notifications_status_received on notifications_status (received_at);
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (DEVICES, TEMPLATES, CAMPAIGNS, MESSAGES):
        run_sql(sql)
