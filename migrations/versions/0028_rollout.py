"""Features that are on for some."""

from hansa.runtime.database.migrate import run_sql

revision = "0028"
down_revision = "0027"

# Few rows, read every second by every process. The rules are one value: undo puts an earlier one
# back whole.
TABLES = """
create table rollout_feature (
    code               text primary key,
    version            integer not null,
    rules              jsonb not null,
    changed_at         timestamptz not null,
    constraint ck_rollout_feature_version check (version > 0)
);

create table rollout_history (
    feature_code       text not null references rollout_feature (code),
    version            integer not null,
    rules              jsonb not null,
    restored_version   integer,
    actor_id           uuid,
    actor_name         text not null default '',
    changed_at         timestamptz not null,
    constraint pk_rollout_history primary key (feature_code, version)
);

-- `revision` grows with every change of who is in it: by it processes see that theirs is old.
create table rollout_audience (
    id                 uuid primary key,
    code               text not null,
    name               text not null,
    note               text not null default '',
    revision           bigint not null default 1,
    members            integer not null default 0,
    created_at         timestamptz not null,
    changed_at         timestamptz not null,
    constraint uq_rollout_audience_code unique (code),
    constraint ck_rollout_audience_members check (members >= 0)
);

create table rollout_member (
    audience_id        uuid not null references rollout_audience (id),
    subject_id         uuid not null,
    added_at           timestamptz not null,
    constraint pk_rollout_member primary key (audience_id, subject_id)
);
create index ix_rollout_member_subject on rollout_member (subject_id);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
