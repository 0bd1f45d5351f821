"""Tables of erp: messages on their way to the ERP."""

from hansa.runtime.database.migrate import run_sql

revision = "0017"
down_revision = "0016"

# How messages of a connection leave. `last_number` is the counter of their numbers; its row is
# locked until the commit, so numbers become visible in their order.
SETTINGS = """
create table erp_outgoing (
    connection_id uuid not null constraint erp_outgoing_pkey primary key
        references erp_connection (id),
    transport text not null constraint erp_outgoing_transport_check
        check (transport in ('http', 'kafka')),
    address text not null default '',
    sign_in text not null constraint erp_outgoing_sign_in_check
        check (sign_in in ('none', 'basic', 'bearer')),
    user_name text not null default '',
    secret bytea,
    kinds text[] not null,
    starts_at timestamptz not null,
    batch_size integer not null constraint erp_outgoing_batch_check
        check (batch_size between 1 and 500),
    concurrency integer not null constraint erp_outgoing_concurrency_check
        check (concurrency between 1 and 32),
    answer_seconds integer not null constraint erp_outgoing_answer_check
        check (answer_seconds between 1 and 300),
    refusals_max integer not null constraint erp_outgoing_refusals_check
        check (refusals_max between 1 and 100),
    pause_seconds double precision not null constraint erp_outgoing_pause_check
        check (pause_seconds > 0),
    pause_seconds_max double precision not null,
    is_active boolean not null,
    last_number bigint not null default 0,
    constraint erp_outgoing_pauses_check check (pause_seconds_max >= pause_seconds)
);

-- What the sender last saw, for people; apart from the counter, which many transactions change.
create table erp_outgoing_health (
    connection_id uuid not null constraint erp_outgoing_health_pkey primary key
        references erp_outgoing (connection_id) on delete cascade,
    breaker text not null constraint erp_outgoing_health_breaker_check
        check (breaker in ('closed', 'open', 'probing')),
    failing_since timestamptz,
    failure text not null default '',
    failure_at timestamptz,
    answer_at timestamptz
);

-- The contract versions a connection takes, each in a period: two at once during a change.
create table erp_outgoing_contract (
    connection_id uuid not null references erp_outgoing (connection_id) on delete cascade,
    version smallint not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    constraint erp_outgoing_contract_pkey primary key (connection_id, version),
    constraint erp_outgoing_contract_period_check check (ends_at is null or ends_at > starts_at)
);
"""

# `lane` is what must stay in order: a subject in a contract version. `payload` is frozen from the
# first attempt on; before that a newer state of the subject takes its place (the unique index).
MESSAGES = """
create table erp_message (
    id uuid not null constraint erp_message_pkey primary key,
    connection_id uuid not null references erp_connection (id),
    number bigint not null,
    kind text not null constraint erp_message_kind_check
        check (kind in ('customer', 'order', 'correction')),
    subject_id uuid not null,
    subject_number text not null default '',
    version smallint not null,
    lane text not null,
    change_number bigint not null,
    digest bytea not null,
    payload bytea not null,
    state text not null constraint erp_message_state_check check (state in
        ('waiting', 'sent', 'acknowledged', 'refused', 'dead', 'replaced', 'discarded')),
    attempts integer not null default 0,
    refusals integer not null default 0,
    failures integer not null default 0,
    created_at timestamptz not null,
    next_at timestamptz not null,
    failed_at timestamptz,
    sent_at timestamptz,
    ended_at timestamptz,
    received_at timestamptz,
    error_code text not null default '',
    error text not null default '',
    note text not null default '',
    constraint erp_message_number_key unique (connection_id, number)
) with (fillfactor = 80);
create unique index erp_message_unsent on erp_message (connection_id, lane)
    where state = 'waiting' and attempts = 0;
create index erp_message_unsent_version on erp_message (connection_id, version, number)
    where state = 'waiting' and attempts = 0;
create index erp_message_to_send on erp_message (connection_id, number)
    where state in ('waiting', 'refused');
create index erp_message_open on erp_message (connection_id, lane, number)
    where state in ('waiting', 'refused', 'dead');
create index erp_message_lane on erp_message (connection_id, lane, number desc);
create index erp_message_subject on erp_message (subject_id, number desc);
create index erp_message_subject_number on erp_message (subject_number)
    where subject_number <> '';
create index erp_message_dead on erp_message (connection_id, number) where state = 'dead';
create index erp_message_ended on erp_message (ended_at) where ended_at is not null;
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (SETTINGS, MESSAGES):
        run_sql(sql)
