"""Tables of fulfilment: rules, cases, questions, shops."""

from hansa.runtime.database.migrate import run_sql

revision = "0015"
down_revision = "0014"

# How shops of a market are asked, how a shop is reached, and the ordered rules of sourcing. What
# a rule or a policy says is data of the code's own shape, so it is one document.
RULES = """
create table fulfilment_policy (
    market            text not null,
    body              jsonb not null,
    updated_at        timestamptz not null,
    constraint pk_fulfilment_policy primary key (market)
);

create table fulfilment_rule (
    id                uuid not null,
    market            text not null,
    position          integer not null,
    name              text not null,
    is_active         boolean not null,
    body              jsonb not null,
    updated_at        timestamptz not null,
    constraint pk_fulfilment_rule primary key (id)
);
create index ix_fulfilment_rule_market on fulfilment_rule (market, position, id);

create table fulfilment_shop (
    warehouse_id      uuid not null,
    channel           text not null,
    address           text not null,
    time_zone         text not null,
    language          text not null,
    hours             jsonb not null,
    members           text[] not null,
    groups            text[] not null,
    paused_until      timestamptz,
    updated_at        timestamptz not null,
    constraint pk_fulfilment_shop primary key (warehouse_id),
    constraint ck_fulfilment_shop_channel check (channel in ('office', 'slack', 'telegram'))
);
"""

# One case per order. `look_at` is the next instant at which something has to be done by itself;
# `shop_id` is the shop in which the order is fetched; refusals before `forgiven_at` no longer keep
# a shop from being asked. Cases that have ended keep their story.
CASES = """
create table fulfilment_case (
    order_id          uuid not null,
    order_number      text not null,
    market            text not null,
    channel           text not null,
    shop_id           uuid,
    state             text not null,
    reason            text not null default '',
    opened_at         timestamptz not null,
    changed_at        timestamptz not null,
    confirmed_at      timestamptz,
    ended_at          timestamptz,
    look_at           timestamptz,
    hold_ends_at      timestamptz,
    forgiven_at       timestamptz,
    constraint pk_fulfilment_case primary key (order_id),
    constraint ck_fulfilment_case_state check (state in
        ('asking', 'operator', 'confirmed', 'ended')),
    constraint ck_fulfilment_case_ended check ((state = 'ended') = (ended_at is not null))
);
create index ix_fulfilment_case_look on fulfilment_case (look_at) where look_at is not null;
create index ix_fulfilment_case_state on fulfilment_case (state, changed_at desc, order_id desc);

create table fulfilment_question (
    id                uuid not null,
    order_id          uuid not null references fulfilment_case (order_id),
    warehouse_id      uuid not null,
    state             text not null,
    is_by_hand        boolean not null default false,
    asked_at          timestamptz not null,
    answer_by         timestamptz not null,
    answered_at       timestamptz,
    answered_by       jsonb,
    ended_because     text not null default '',
    constraint pk_fulfilment_question primary key (id),
    constraint ck_fulfilment_question_state check (state in
        ('waiting', 'open', 'answered', 'expired', 'withdrawn')),
    constraint ck_fulfilment_question_times check (answer_by >= asked_at)
);
create index ix_fulfilment_question_order on fulfilment_question (order_id, id);
create index ix_fulfilment_question_open on fulfilment_question (answer_by, id)
    where state = 'open';
create index ix_fulfilment_question_pending on fulfilment_question (warehouse_id, answer_by, id)
    where state in ('waiting', 'open');

-- Pieces of a line looked for in one warehouse. `asked` is how many were looked for, `quantity` how
-- many stand for the order from there now. `item` is how the line was sold (article, name, options,
-- picture), for people who are asked. A shop is never asked twice at a time for the same item.
create table fulfilment_part (
    id                uuid not null,
    order_id          uuid not null references fulfilment_case (order_id),
    variant_id        uuid not null,
    warehouse_id      uuid not null,
    state             text not null,
    asked             numeric(14,3) not null,
    quantity          numeric(14,3) not null,
    lane              integer not null,
    is_bound          boolean not null,
    question_id       uuid references fulfilment_question (id),
    number            integer not null default 0,
    item              jsonb not null,
    found             numeric(14,3),
    defective         numeric(14,3),
    missing           numeric(14,3),
    answered_at       timestamptz,
    answered_by       jsonb,
    made_at           timestamptz not null,
    changed_at        timestamptz not null,
    constraint pk_fulfilment_part primary key (id),
    constraint ck_fulfilment_part_state check (state in
        ('proposed', 'asked', 'confirmed', 'refused', 'expired', 'withdrawn')),
    constraint ck_fulfilment_part_quantities check (
        asked > 0 and quantity >= 0 and quantity <= asked
        and (quantity > 0) = (state in ('proposed', 'asked', 'confirmed'))),
    constraint ck_fulfilment_part_answer check (
        (found is null) = (answered_at is null)
        and (found is null or found + defective + missing = asked))
);
create unique index uq_fulfilment_part_line on fulfilment_part (question_id, number)
    where question_id is not null;
create unique index uq_fulfilment_part_pending
    on fulfilment_part (order_id, variant_id, warehouse_id) where state in ('proposed', 'asked');
create index ix_fulfilment_part_pending on fulfilment_part (variant_id)
    where state in ('proposed', 'asked');
create index ix_fulfilment_part_order on fulfilment_part (order_id, made_at, id);
create index ix_fulfilment_part_load on fulfilment_part (warehouse_id, made_at)
    where state in ('asked', 'confirmed');
"""

# `shown` is the state of the question the message shows, so that an update is repeated until it
# came through. `handle` is the channel's own name of the message.
TOLD = """
create table fulfilment_notice (
    question_id       uuid not null references fulfilment_question (id),
    channel           text not null,
    state             text not null,
    key               text not null,
    handle            jsonb,
    attempts          integer not null,
    error             text not null default '',
    shown             text not null default '',
    intended_at       timestamptz not null,
    sent_at           timestamptz,
    constraint pk_fulfilment_notice primary key (question_id),
    constraint ck_fulfilment_notice_state check (state in
        ('intended', 'sent', 'unknown', 'failed')),
    constraint ck_fulfilment_notice_sent check ((state = 'sent') = (handle is not null))
);

create table fulfilment_decision (
    order_id          uuid not null references fulfilment_case (order_id),
    number            bigint generated always as identity,
    decided_at        timestamptz not null,
    cause             text not null,
    body              jsonb not null,
    constraint pk_fulfilment_decision primary key (order_id, number)
);

create table fulfilment_event (
    order_id          uuid not null references fulfilment_case (order_id),
    number            bigint generated always as identity,
    at                timestamptz not null,
    kind              text not null,
    warehouse_id      uuid,
    question_id       uuid,
    details           jsonb not null,
    by                jsonb,
    constraint pk_fulfilment_event primary key (order_id, number)
);
"""

STATEMENTS: tuple[str, ...] = (RULES, CASES, TOLD)


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
