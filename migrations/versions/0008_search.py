"""Search: what a shopper may see, one projection fed by catalogue, prices and stock."""

from hansa.runtime.database.migrate import run_sql

revision = "0008"
down_revision = "0007"

# Categories and values of facets are numbers of one sequence, so that a product carries them all
# in one array.
TAGS = """
create sequence search_tag_id as integer;
create table search_category (
    id integer primary key default nextval('search_tag_id'),
    category_id uuid not null,
    parent_id uuid,
    slug text not null,
    name jsonb not null,
    position integer not null,
    is_hidden boolean not null,
    path integer[] not null default '{}',
    constraint search_category_category_unique unique (category_id)
);
create table search_attribute (
    attribute_id uuid primary key,
    code text not null,
    name jsonb not null,
    kind text not null,
    is_facet boolean not null,
    position integer not null
);
-- The brand is a field of a product and filtered by like an attribute, unless the catalogue has
-- one of that code.
insert into search_attribute (attribute_id, code, name, kind, is_facet, position)
values ('00000000-0000-0000-0000-000000000000', 'brand', '{"ru": "Бренд", "en": "Brand"}',
    'text', true, -1);
create table search_value (
    id integer primary key default nextval('search_tag_id'),
    attribute text not null,
    value text not null,
    label jsonb not null,
    swatch text,
    position integer not null default 0,
    constraint search_value_unique unique (attribute, value)
);
"""

# `variants` is each variant in words, as JSON, the same in every language. `own_tags` are
# categories with all above them and attribute values; `option_tags` those of each variant, in the
# order of `variant_ids`, as a JSON array of arrays.
PRODUCTS = """
create table search_product (
    id integer generated always as identity primary key,
    product_id uuid not null,
    slug text not null default '',
    is_listed boolean not null default false,
    shown_from timestamptz,
    shown_until timestamptz,
    created_at timestamptz,
    popularity integer not null default 0,
    categories integer[] not null default '{}',
    own_tags integer[] not null default '{}',
    tags integer[] not null default '{}',
    variant_ids uuid[] not null default '{}',
    option_tags jsonb not null default '[]',
    variants bytea[] not null default '{}',
    words tsvector,
    constraint search_product_product_unique unique (product_id)
);
alter table search_product alter column variants set storage external;
create index ix_search_product_slug on search_product (slug);
create index ix_search_product_words on search_product using gin (words);
create table search_text (
    product integer not null,
    language text not null,
    name text not null,
    card bytea not null,
    document bytea not null,
    primary key (product, language),
    constraint search_text_product foreign key (product)
        references search_product (id) on delete cascade
);
alter table search_text alter column document set storage external;
create table search_code (
    code text not null,
    product integer not null,
    primary key (code, product),
    constraint search_code_product foreign key (product)
        references search_product (id) on delete cascade
);
create index ix_search_code_product on search_code (product);
"""

# Where a product stands in each branch of the tree; category 0 is the whole shop. The indexes are
# the orders a listing can have; that by price depends on the profile and has a table of its own,
# which is nothing but the index.
PLACEMENTS = """
create table search_placement (
    product integer not null,
    category integer not null,
    created_at timestamptz not null,
    popularity integer not null,
    sort_ru text not null collate "C",
    sort_en text not null collate "C",
    primary key (product, category)
);
create index ix_search_placement_new on search_placement (category, created_at, product);
create index ix_search_placement_popular on search_placement (category, popularity, product);
create index ix_search_placement_ru on search_placement (category, sort_ru, product);
create index ix_search_placement_en on search_placement (category, sort_en, product);
create table search_price (
    profile integer not null,
    category integer not null,
    price bigint not null,
    product integer not null,
    primary key (profile, category, price, product)
);
"""

# One row for each profile and product that has a price there. Prices in minor units, quantities
# in thousandths, in the order of the product's variants; a price that is missing is null, a
# struck-through one that is missing is null too. Room is left on pages: stock changes often and
# touches no index.
ENTRIES = """
create table search_entry (
    profile integer not null,
    product integer not null,
    price bigint not null,
    price_max bigint not null,
    was bigint,
    price_list_id uuid not null,
    shown_from timestamptz,
    shown_until timestamptz,
    available bigint not null default 0,
    stock_tags integer[] not null default '{}',
    prices bigint[] not null,
    was_prices bigint[] not null,
    stock bigint[] not null,
    primary key (profile, product)
) with (fillfactor = 80);
create index ix_search_entry_product on search_entry (product, profile);
"""

# Which products changed in which transaction: processes that keep counts in memory follow it.
# Pruned by a job.
CHANGES = """
create table search_change (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    product integer not null,
    changed_at timestamptz not null default now()
);
create index ix_search_change_xid on search_change (xid);
create index ix_search_change_at on search_change (changed_at);
"""

# Words of names, for corrections and completions; queries that found something, for suggestions.
WORDS = """
create table search_word (
    word text primary key,
    uses integer not null default 1
);
create index ix_search_word_similar on search_word using gist (word gist_trgm_ops);
create index ix_search_word_prefix on search_word (word text_pattern_ops);
create table search_query (
    text text primary key,
    uses integer not null default 1,
    asked_at timestamptz not null
);
create index ix_search_query_prefix on search_query (text text_pattern_ops);
"""

# How far the clock has been followed for windows of publication.
CLOCK = """
create table search_clock (
    only_one boolean primary key default true check (only_one),
    looked_at timestamptz not null
);
insert into search_clock (looked_at) values ('epoch');
"""


def upgrade() -> None:
    """Create the projection."""
    for sql in (TAGS, PRODUCTS, PLACEMENTS, ENTRIES, CHANGES, WORDS, CLOCK):
        run_sql(sql)
