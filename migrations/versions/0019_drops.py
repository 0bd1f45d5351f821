"""Drops: collections that open at a second, their waiting room, limits per person."""

from hansa.runtime.database.migrate import run_sql

revision = "0019"
down_revision = "0018"

# When a product may be sold at all, set by whoever releases it; beside its own publication.
SALE_WINDOW = """
alter table catalog_product add column sale_from timestamptz;
alter table catalog_product add column sale_until timestamptz;
"""

DROPS = """
create table drops_drop (
    id                    uuid primary key,
    code                  text not null,
    name                  jsonb not null,
    description           jsonb not null default '{}',
    picture               text,
    markets               text[] not null,
    opens_at              timestamptz not null,
    closes_at             timestamptz,
    stays_on_sale         boolean not null default false,
    is_published          boolean not null default false,
    person_limit          integer,
    item_limit            integer,
    capacity              integer,
    admissions_per_second double precision,
    idle_minutes          integer not null default 10,
    gathers_minutes       integer not null default 30,
    is_paused             boolean not null default false,
    created_at            timestamptz not null,
    changed_at            timestamptz not null,
    constraint uq_drops_drop_code unique (code),
    constraint ck_drops_drop_times check (closes_at is null or closes_at > opens_at),
    constraint ck_drops_drop_limits check (
        (person_limit is null or person_limit > 0) and (item_limit is null or item_limit > 0)),
    constraint ck_drops_drop_room check (
        (capacity is null or capacity >= 0)
        and (admissions_per_second is null or admissions_per_second > 0)
        and idle_minutes > 0 and gathers_minutes >= 0)
);
create index ix_drops_drop_opens on drops_drop (opens_at);

create table drops_product (
    drop_id           uuid not null references drops_drop (id) on delete cascade,
    product_id        uuid not null,
    position          integer not null,
    item_limit        integer,
    constraint pk_drops_product primary key (drop_id, product_id),
    constraint ck_drops_product_limit check (item_limit is null or item_limit > 0)
);
create index ix_drops_product_product on drops_product (product_id);
"""

# One row per drop is locked by each batch of arrivals and each round of admissions: never by a page
# view. `front` is the last place that has been decided about, `allowed` the capacity that held when
# somebody was admitted last.
LINE = """
create table drops_line (
    drop_id           uuid primary key references drops_drop (id) on delete cascade,
    drawn_at          timestamptz,
    seed              text,
    last_place        bigint not null default 0,
    front             bigint not null default 0,
    admitted          bigint not null default 0,
    allowed           integer,
    credit            double precision not null default 0,
    rate              double precision not null default 0,
    looked_at         timestamptz,
    revision          bigint not null default 0
) with (fillfactor = 50);

create table drops_ticket (
    id                bigint generated always as identity primary key,
    drop_id           uuid not null references drops_drop (id) on delete cascade,
    session           text not null,
    state             text not null,
    place             bigint,
    joined_at         timestamptz not null,
    seen_at           timestamptz not null,
    admitted_at       timestamptz,
    ended_at          timestamptz,
    constraint uq_drops_ticket_session unique (drop_id, session),
    constraint ck_drops_ticket_state check (
        state in ('waiting', 'inside', 'away', 'left', 'lapsed', 'ordered')),
    constraint ck_drops_ticket_inside check (state <> 'inside' or admitted_at is not null)
) with (fillfactor = 80);
create index ix_drops_ticket_waiting on drops_ticket (drop_id, place) where state = 'waiting';
create index ix_drops_ticket_inside on drops_ticket (drop_id, seen_at) where state = 'inside';
create index ix_drops_ticket_admitted on drops_ticket (drop_id, admitted_at);
"""

# `item` is a product, or the drop itself for all a person has of it. A claim is what an order took.
LIMITS = """
create table drops_taken (
    drop_id           uuid not null references drops_drop (id) on delete cascade,
    person            text not null,
    item              uuid not null,
    taken             numeric(14,3) not null,
    constraint pk_drops_taken primary key (drop_id, person, item),
    constraint ck_drops_taken_taken check (taken >= 0)
) with (fillfactor = 80);

create table drops_claim (
    order_id          uuid not null,
    drop_id           uuid not null references drops_drop (id) on delete cascade,
    product_id        uuid not null,
    quantity          numeric(14,3) not null,
    persons           text[] not null,
    claimed_at        timestamptz not null,
    released_at       timestamptz,
    constraint pk_drops_claim primary key (order_id, drop_id, product_id),
    constraint ck_drops_claim_quantity check (quantity > 0)
);
create index ix_drops_claim_drop on drops_claim (drop_id, claimed_at);
"""


def upgrade() -> None:
    """Create the tables of drops and the window of sale of products."""
    for sql in (SALE_WINDOW, DROPS, LINE, LIMITS):
        run_sql(sql)
