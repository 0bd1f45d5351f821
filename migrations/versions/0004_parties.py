"""Tables of the module parties."""

from hansa.runtime.database.migrate import run_sql

revision = "0004"
down_revision = "0003"

PARTIES = """
create table parties_party (
    id uuid primary key,
    kind text not null constraint parties_party_kind_check
        check (kind in ('person', 'organisation')),
    display_name text not null,
    given_name text not null default '',
    family_name text not null default '',
    middle_name text not null default '',
    legal_name text not null default '',
    language text not null default '',
    birth_on date,
    -- Sorts and searches right under a locale that knows code points only: lower case, ё as е.
    sort_name text not null generated always as (translate(lower(display_name), 'ё', 'е')) stored,
    merged_into uuid references parties_party (id),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint parties_party_merged_check check (merged_into <> id)
);
create index parties_party_sort on parties_party (sort_name, id) where merged_into is null;
create index parties_party_search on parties_party using gin (sort_name gin_trgm_ops);
create index parties_party_merged on parties_party (merged_into) where merged_into is not null;
"""

# `key` is what matches: the value, for an INN with a KPP both, since branches of a company share
# its INN.
IDENTIFIERS = """
create table parties_identifier (
    kind text not null constraint parties_identifier_kind_check
        check (kind in ('email', 'phone', 'inn', 'kpp', 'ogrn', 'card', 'outside')),
    system text not null default '',
    key text not null,
    value text not null,
    party_id uuid not null references parties_party (id),
    added_at timestamptz not null,
    constraint parties_identifier_pkey primary key (kind, system, key)
);
create index parties_identifier_party on parties_identifier (party_id);

-- Two parties that share identifiers; a person decides whether they are one.
create table parties_conflict (
    first_id uuid not null references parties_party (id),
    second_id uuid not null references parties_party (id),
    kinds text[] not null,
    found_at timestamptz not null,
    closed_at timestamptz,
    primary key (first_id, second_id),
    constraint parties_conflict_order_check check (first_id < second_id)
);
"""

DETAILS = """
create table parties_address (
    id uuid primary key,
    party_id uuid not null references parties_party (id),
    label text not null default '',
    recipient text not null default '',
    phone text not null default '',
    country text not null default '',
    region text not null default '',
    city text not null default '',
    street text not null default '',
    house text not null default '',
    flat text not null default '',
    postcode text not null default '',
    comment text not null default '',
    updated_at timestamptz not null
);
create index parties_address_party on parties_address (party_id, updated_at desc, id);

create table parties_role (
    person_id uuid not null references parties_party (id),
    organisation_id uuid not null references parties_party (id),
    role text not null,
    since timestamptz not null,
    primary key (person_id, organisation_id, role)
);
create index parties_role_organisation on parties_role (organisation_id);

-- Every decision is kept; the last one counts.
create table parties_consent (
    id uuid primary key,
    party_id uuid not null references parties_party (id),
    purpose text not null,
    is_granted boolean not null,
    document text not null default '',
    source text not null default '',
    decided_at timestamptz not null
);
create index parties_consent_party on parties_consent (party_id, purpose, decided_at desc, id desc);
"""

# What the absorbed party had, row by row, and what the kept one took over: enough to part them
# again.
MERGES = """
create table parties_merge (
    id uuid primary key,
    keep_id uuid not null references parties_party (id),
    absorb_id uuid not null references parties_party (id),
    absorbed jsonb not null,
    keep_roles jsonb not null,
    filled jsonb not null,
    made_at timestamptz not null,
    made_by uuid,
    undone_at timestamptz,
    undone_by uuid
);
create index parties_merge_keep on parties_merge (keep_id, made_at);
create index parties_merge_absorb on parties_merge (absorb_id);
"""


def upgrade() -> None:
    """Create the tables of parties."""
    for sql in (PARTIES, IDENTIFIERS, DETAILS, MERGES):
        run_sql(sql)
