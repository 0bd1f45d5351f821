"""The staff side of loyalty: corrections, disputes, daily sums."""

from hansa.runtime.database.migrate import run_sql

revision = "0035"
down_revision = "0034"

# Nobody decides about what they have proposed: the database refuses it too.
CORRECTIONS = """
create table loyalty_correction (
    id                 uuid primary key,
    programme_id       uuid not null,
    member_id          uuid not null,
    points             bigint not null,
    reason             text not null,
    attachment         text not null default '',
    dispute_id         uuid,
    state              text not null default 'proposed',
    proposed_by        uuid not null,
    proposed_at        timestamptz not null,
    decided_by         uuid,
    decided_at         timestamptz,
    note               text not null default '',
    posting_id         uuid,
    ended_at           timestamptz,
    failure            text not null default '',
    constraint ck_loyalty_correction_points check (points <> 0),
    constraint ck_loyalty_correction_state
        check (state in ('proposed', 'approved', 'refused', 'posted', 'failed')),
    constraint ck_loyalty_correction_second_person check (decided_by <> proposed_by),
    constraint ck_loyalty_correction_decided
        check ((state = 'proposed') = (decided_by is null)
               and (decided_by is null) = (decided_at is null)),
    constraint ck_loyalty_correction_posted check ((state = 'posted') = (posting_id is not null))
);
create index ix_loyalty_correction_state on loyalty_correction (state, proposed_at, id);
create index ix_loyalty_correction_proposed on loyalty_correction (proposed_at, id);
create index ix_loyalty_correction_member on loyalty_correction (member_id, proposed_at, id);
create index ix_loyalty_correction_approved
    on loyalty_correction (decided_at, id) where state = 'approved';
"""

# A posting or a receipt is disputed once at a time: opening again gives what is open.
DISPUTES = """
create table loyalty_dispute (
    id                 uuid primary key,
    programme_id       uuid not null,
    member_id          uuid not null,
    partner_id         uuid,
    kind               text not null,
    posting_id         uuid,
    receipt            text not null default '',
    points             bigint,
    said               text not null,
    opened_by          text not null,
    opener_id          uuid,
    state              text not null default 'open',
    opened_at          timestamptz not null,
    due_at             timestamptz not null,
    correction_id      uuid,
    ended_at           timestamptz,
    ended_by           uuid,
    answer             text not null default '',
    constraint ck_loyalty_dispute_kind
        check (kind in ('missing', 'not_mine', 'wrong_percent', 'other')),
    constraint ck_loyalty_dispute_opened_by check (opened_by in ('member', 'partner', 'staff')),
    constraint ck_loyalty_dispute_state
        check (state in ('open', 'asked_partner', 'given', 'refused')),
    constraint ck_loyalty_dispute_ended
        check ((state in ('given', 'refused')) = (ended_at is not null)),
    constraint ck_loyalty_dispute_given check (state <> 'given' or correction_id is not null)
);
create unique index uq_loyalty_dispute_open
    on loyalty_dispute (member_id, programme_id, kind, partner_id, posting_id, receipt)
    nulls not distinct where state in ('open', 'asked_partner');
create index ix_loyalty_dispute_open
    on loyalty_dispute (due_at, id) where state in ('open', 'asked_partner');
create index ix_loyalty_dispute_due on loyalty_dispute (due_at, id);
create index ix_loyalty_dispute_state on loyalty_dispute (state, due_at, id);
create index ix_loyalty_dispute_member on loyalty_dispute (member_id, due_at, id);
create index ix_loyalty_dispute_partner on loyalty_dispute (partner_id, due_at, id);
create index ix_loyalty_dispute_correction
    on loyalty_dispute (correction_id) where correction_id is not null;

create table loyalty_dispute_comment (
    id                 uuid primary key,
    dispute_id         uuid not null references loyalty_dispute (id) on delete cascade,
    author             text not null,
    author_id          uuid,
    is_internal        boolean not null default false,
    said               text not null,
    at                 timestamptz not null,
    constraint ck_loyalty_dispute_comment_author check (author in ('member', 'partner', 'staff')),
    constraint ck_loyalty_dispute_comment_internal check (not is_internal or author = 'staff')
);
create index ix_loyalty_dispute_comment_dispute on loyalty_dispute_comment (dispute_id, at, id);
"""

# Sums of postings by day, for charts: a few rows a day, however many postings. A day is one of the
# programme's own time zone; the partner of our own postings is zero. Who did something in which
# month is kept once a month, and counted as it is written: by the first month they did something.
DAILY = """
create table loyalty_daily (
    programme_id       uuid not null,
    day                date not null,
    partner_id         uuid not null,
    kind               text not null,
    given              bigint not null,
    taken              bigint not null,
    postings           bigint not null,
    constraint pk_loyalty_daily primary key (programme_id, day, partner_id, kind),
    constraint ck_loyalty_daily_numbers check (given >= 0 and taken >= 0 and postings > 0)
) with (fillfactor = 70);

create table loyalty_active (
    bucket             smallint not null,
    programme_id       uuid not null,
    member_id          uuid not null,
    month              date not null,
    constraint pk_loyalty_active primary key (bucket, programme_id, member_id, month)
);

create table loyalty_cohort (
    programme_id       uuid not null,
    cohort             date not null,
    month              date not null,
    members            integer not null,
    constraint pk_loyalty_cohort primary key (programme_id, cohort, month),
    constraint ck_loyalty_cohort_order check (month >= cohort and members > 0)
) with (fillfactor = 70);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(CORRECTIONS)
    run_sql(DISPUTES)
    run_sql(DAILY)
