"""The ledger: accounts, postings, transfers, entries, holds, batches."""

from hansa.runtime.database.migrate import run_sql

revision = "0021"
down_revision = "0020"

# Only accounts with a floor have a row that postings lock; `owed` is the debt a posting was allowed
# to make. Balances change in place (fillfactor), and no index covers them, so updates stay in the
# page. `bucket` leads every key: a posting touches one bucket, whatever database it lives in.
ACCOUNTS = """
create table ledger_account (
    bucket      smallint not null,
    id          bigint not null,
    ledger      integer not null,
    floor       bigint not null default 0,
    posted      bigint not null default 0,
    held        bigint not null default 0,
    owed        bigint not null default 0,
    version     bigint not null default 0,
    opened_at   timestamptz not null,
    constraint pk_ledger_account primary key (bucket, id),
    constraint ck_ledger_account_held check (held >= 0 and owed >= 0),
    constraint ck_ledger_account_floor check (posted + owed - held >= floor)
) with (fillfactor = 60);

-- Accounts without a floor: no posting touches this row, the roller adds whole batches to it.
create table ledger_rolled (
    ledger      integer not null,
    account     bigint not null,
    balance     bigint not null default 0,
    constraint pk_ledger_rolled primary key (ledger, account)
) with (fillfactor = 60);
"""

# A posting is one outcome of one key, refused or not; its transfers balance by their shape: each
# takes from one account and gives to another. `tag` is what the points are made of (a lot),
# `issuer` whose they are; both are numbers the ledger only keeps apart.
POSTINGS = """
create table ledger_posting (
    bucket       smallint not null,
    id           uuid not null,
    owner        uuid not null,
    key          text not null,
    fingerprint  bytea not null,
    ledger       integer not null,
    kind         text not null,
    reference    text not null default '',
    reverses     uuid,
    refusal      text,
    answer       bytea not null,
    effective_at timestamptz not null,
    recorded_at  timestamptz not null,
    batch_id     uuid not null,
    constraint pk_ledger_posting primary key (bucket, id),
    constraint uq_ledger_posting_key unique (owner, key)
);
create index ix_ledger_posting_reverses on ledger_posting (bucket, reverses)
    where reverses is not null;
create index ix_ledger_posting_recorded on ledger_posting using brin (recorded_at);

create table ledger_transfer (
    bucket      smallint not null,
    posting_id  uuid not null,
    line        smallint not null,
    ledger      integer not null,
    debit       bigint not null,
    credit      bigint not null,
    amount      bigint not null,
    issuer      integer not null default 0,
    tag         uuid,
    recorded_at timestamptz not null,
    constraint pk_ledger_transfer primary key (bucket, posting_id, line),
    constraint ck_ledger_transfer_amount check (amount > 0 and debit <> credit)
);
create index ix_ledger_transfer_recorded on ledger_transfer using brin (recorded_at);

create table ledger_entry (
    bucket      smallint not null,
    account_id  bigint not null,
    version     bigint not null,
    posting_id  uuid not null,
    amount      bigint not null,
    balance     bigint not null,
    recorded_at timestamptz not null,
    constraint pk_ledger_entry primary key (bucket, account_id, version)
);
create index ix_ledger_entry_recorded on ledger_entry using brin (recorded_at);

create table ledger_hold (
    bucket      smallint not null,
    id          uuid not null,
    account_id  bigint not null,
    ledger      integer not null,
    owner       uuid not null,
    key         text not null,
    amount      bigint not null,
    taken       bigint not null default 0,
    state       text not null default 'open',
    tags        uuid[] not null,
    tag_amounts bigint[] not null,
    reference   text not null default '',
    expires_at  timestamptz not null,
    held_at     timestamptz not null,
    ended_at    timestamptz,
    constraint pk_ledger_hold primary key (bucket, id),
    constraint uq_ledger_hold_key unique (owner, key),
    constraint ck_ledger_hold_state check (state in ('open', 'posted', 'voided', 'expired')),
    constraint ck_ledger_hold_amounts check (amount > 0 and taken between 0 and amount),
    constraint ck_ledger_hold_end check (
        (state = 'open') = (ended_at is null) and (state = 'posted' or taken = 0))
) with (fillfactor = 80);
create index ix_ledger_hold_due on ledger_hold (expires_at) where state = 'open';
create index ix_ledger_hold_account on ledger_hold (bucket, account_id, held_at);
"""

# What a batch wrote, in short: a digest of its postings, and by how much it changed accounts
# without a floor. The roller numbers batches as they become visible, chains their digests and adds
# them up; `number` has no gap.
BATCHES = """
create table ledger_batch (
    serial      bigint generated always as identity,
    id          uuid not null,
    postings    integer not null,
    digest      bytea not null,
    ledgers     integer[] not null,
    accounts    bigint[] not null,
    amounts     bigint[] not null,
    recorded_at timestamptz not null,
    number      bigint,
    chain       bytea,
    constraint pk_ledger_batch primary key (id),
    constraint uq_ledger_batch_number unique (number)
);
create index ix_ledger_batch_unnumbered on ledger_batch (serial) where number is null;

create table ledger_chain (
    only_row    boolean not null default true
        constraint pk_ledger_chain primary key
        constraint ck_ledger_chain_only_row check (only_row),
    number      bigint not null,
    chain       bytea not null
);
insert into ledger_chain (number, chain) values (0, '');

-- A closed period of a ledger: everything recorded in it, proven by the chain up to its end.
create table ledger_period (
    ledger      integer not null,
    begins_at   timestamptz not null,
    ends_at     timestamptz not null,
    number      bigint not null,
    chain       bytea not null,
    digest      bytea not null,
    postings    bigint not null,
    sealed_at   timestamptz not null,
    constraint pk_ledger_period primary key (ledger, begins_at),
    constraint ck_ledger_period_order check (begins_at < ends_at)
);
"""

# What is written stays: a correction is another posting.
APPEND_ONLY = """
create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation';
end;
$$;
create trigger ledger_posting_append_only before update or delete or truncate on ledger_posting
    for each statement execute function ledger_refuse_change();
create trigger ledger_transfer_append_only before update or delete or truncate on ledger_transfer
    for each statement execute function ledger_refuse_change();
create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry
    for each statement execute function ledger_refuse_change();
create trigger ledger_period_append_only before update or delete or truncate on ledger_period
    for each statement execute function ledger_refuse_change();
"""

STATEMENTS = (ACCOUNTS, POSTINGS, BATCHES, APPEND_ONLY)


def upgrade() -> None:
    """Create the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
