"""Ground of the database: extensions, text search, outbox, inbox, idempotency keys, jobs."""

from procrastinate.schema import SchemaManager

from hansa.runtime.database.migrate import run_sql

revision = "0001"
down_revision = None

EXTENSIONS = """
create extension if not exists pg_trgm;
create extension if not exists unaccent;
create extension if not exists btree_gist;
create extension if not exists ltree;
"""

# `unaccent()` is not immutable and so cannot stand in a generated column; a text search
# configuration that runs the unaccent dictionary before the stemmer can. It keeps the letter й
# and makes е of ё.
TEXT_SEARCH = """
create text search configuration ru (copy = russian);
alter text search configuration ru
    alter mapping for hword, hword_part, word with unaccent, russian_stem;
create text search configuration en (copy = english);
alter text search configuration en
    alter mapping for hword, hword_part, word, asciihword, asciiword, hword_asciipart
    with unaccent, english_stem;
"""

# --- outbox, inbox, idempotency keys: owned by hansa.runtime.outbox and hansa.runtime.http ------
OUTBOX = """
-- Events. `serial` is the order of insertion, drawn before the commit and so full of holes;
-- `position` is given afterwards to rows that are visible, and readers follow it alone.
create table outbox_event (
    serial bigint generated always as identity constraint pk_outbox_event primary key,
    position bigint,
    id uuid not null,
    partition smallint not null,
    type text not null,
    key text not null,
    payload json not null,
    trace text,
    created_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
create index ix_outbox_event_unnumbered on outbox_event (serial) where position is null;
create unique index uq_outbox_event_position on outbox_event (partition, position)
    where position is not null;

-- The last position given; its row lock makes sequencers wait for each other.
create table outbox_sequence (
    only_row boolean not null default true
        constraint pk_outbox_sequence primary key
        constraint ck_outbox_sequence_only_row check (only_row),
    last bigint not null
);
insert into outbox_sequence (last) values (0);

-- How far each subscription has come, per partition of a stream ('outbox', or a Kafka topic).
create table outbox_cursor (
    subscription text not null,
    stream text not null,
    partition smallint not null,
    position bigint not null,
    moved_at timestamptz not null default now(),
    constraint pk_outbox_cursor primary key (subscription, stream, partition)
) with (fillfactor = 50);

-- Effects that have happened, so that they happen once.
create table outbox_inbox (
    subscription text not null,
    event_id uuid not null,
    handled_at timestamptz not null default now(),
    constraint pk_outbox_inbox primary key (subscription, event_id)
);

-- Keys whose oldest event could not be handled yet; `set_aside_at` when a person is needed.
create table outbox_stuck (
    subscription text not null,
    stream text not null,
    partition smallint not null,
    key text not null,
    attempts integer not null default 0,
    next_try_at timestamptz not null,
    error text,
    failed_at timestamptz,
    set_aside_at timestamptz,
    constraint pk_outbox_stuck primary key (subscription, key)
);
create index ix_outbox_stuck_due on outbox_stuck (subscription, next_try_at)
    where set_aside_at is null;

-- The events of those keys, whole: a broker may have forgotten them by the time they are replayed.
create table outbox_waiting (
    subscription text not null,
    key text not null,
    stream text not null,
    position bigint not null,
    partition smallint not null,
    event_id uuid not null,
    type text not null,
    payload text not null,
    trace text,
    created_at timestamptz not null,
    constraint pk_outbox_waiting primary key (subscription, key, stream, position)
);
"""

# --- jobs (schema of Procrastinate): owned by hansa.runtime.jobs --------------------------------
JOBS = """
-- Procrastinate's functions name their tables without a schema; ours are called from any
-- connection.
do $$
declare
    function_name regprocedure;
begin
    for function_name in
        select oid::regprocedure from pg_proc where pronamespace = 'jobs'::regnamespace
    loop
        execute format('alter function %s set search_path = jobs, pg_temp', function_name);
    end loop;
end;
$$;

-- A job that ends lets the next one of its lock run; without a word the workers would see that only
-- at their next poll.
create function jobs.notify_lock_free() returns trigger
    language plpgsql
    set search_path = jobs, pg_temp
as $$
begin
    perform pg_notify('procrastinate_any_queue_v1',
                      json_build_object('type', 'job_inserted', 'job_id', old.id)::text);
    return null;
end;
$$;
create trigger notify_lock_free_on_update
    after update of status on jobs.procrastinate_jobs
    for each row when (old.status = 'doing' and old.lock is not null)
    execute function jobs.notify_lock_free();
create trigger notify_lock_free_on_delete
    after delete on jobs.procrastinate_jobs
    for each row when (old.status = 'doing' and old.lock is not null)
    execute function jobs.notify_lock_free();

-- Why jobs failed, newest attempt only; Procrastinate itself writes it to the log alone.
create table jobs.job_error (
    job_id bigint not null
        constraint pk_job_error primary key
        constraint fk_job_error_job references jobs.procrastinate_jobs (id) on delete cascade,
    attempt integer not null,
    error text not null,
    traceback text not null,
    failed_at timestamptz not null
);
"""


def upgrade() -> None:
    """Create everything the runtime needs before any module's tables."""
    for sql in (EXTENSIONS, TEXT_SEARCH, OUTBOX):
        run_sql(sql)
    # The schema comes from the locked version of Procrastinate; a later version that needs a newer
    # one brings its own migration, which then becomes a step of this chain.
    run_sql("create schema jobs")
    run_sql("set local search_path = jobs")
    run_sql(SchemaManager.get_schema())
    run_sql("set local search_path to default")
    run_sql(JOBS)
