"""Catalogue: categories, attributes with their dictionaries, products, variants, old addresses."""

from hansa.runtime.database.migrate import run_sql

revision = "0005"
down_revision = "0004"

CATEGORIES = """
create table catalog_category (
    id uuid primary key,
    parent_id uuid,
    slug text not null,
    name jsonb not null,
    position integer not null default 0,
    is_hidden boolean not null default false,
    changed_at timestamptz not null,
    constraint catalog_category_slug_unique unique (slug),
    constraint catalog_category_not_its_own_parent check (parent_id is distinct from id),
    constraint catalog_category_parent foreign key (parent_id)
        references catalog_category (id) deferrable initially deferred
);
create index ix_catalog_category_parent on catalog_category (parent_id);
"""

ATTRIBUTES = """
create table catalog_attribute (
    id uuid primary key,
    code text not null,
    name jsonb not null,
    kind text not null,
    is_facet boolean not null,
    position integer not null default 0,
    changed_at timestamptz not null,
    constraint catalog_attribute_code_unique unique (code),
    constraint catalog_attribute_kind_known check (kind in ('text', 'number', 'choice', 'colour'))
);
create table catalog_attribute_choice (
    id uuid primary key,
    attribute_id uuid not null,
    name jsonb not null,
    swatch text,
    position integer not null default 0,
    changed_at timestamptz not null,
    constraint catalog_attribute_choice_attribute foreign key (attribute_id)
        references catalog_attribute (id)
);
create index ix_catalog_attribute_choice_attribute on catalog_attribute_choice (attribute_id);
"""

# Categories, attribute values and media are columns and not tables: they are read and written
# with the product, always whole, five thousand products at a time.
PRODUCTS = """
create table catalog_product (
    id uuid primary key,
    slug text not null,
    name jsonb not null,
    description jsonb not null default '{}',
    brand text not null default '',
    category_ids uuid[] not null default '{}',
    attributes jsonb not null default '[]',
    media jsonb not null default '[]',
    publish_from timestamptz,
    publish_until timestamptz,
    status text not null,
    status_before_archive text,
    overridden text[] not null default '{}',
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint catalog_product_slug_unique unique (slug),
    constraint catalog_product_status_known check (status in ('draft', 'active', 'archived')),
    constraint catalog_product_window_forward check (publish_from < publish_until)
);
create index ix_catalog_product_newest on catalog_product (created_at desc, id desc);
create index ix_catalog_product_categories on catalog_product using gin (category_ids);
create index ix_catalog_product_name on catalog_product using gin ((name::text) gin_trgm_ops);
create index ix_catalog_product_publish_from on catalog_product (publish_from)
    where publish_from is not null;
create index ix_catalog_product_publish_until on catalog_product (publish_until)
    where publish_until is not null;
"""

# SKU and barcode are not unique: ERP systems give all sizes of a dress one article number.
VARIANTS = """
create table catalog_variant (
    id uuid primary key,
    product_id uuid not null,
    sku text not null default '',
    barcode text not null default '',
    options jsonb not null default '{}',
    position integer not null default 0,
    unit text not null default '796',
    is_active boolean not null default true,
    changed_at timestamptz not null,
    constraint catalog_variant_product foreign key (product_id)
        references catalog_product (id) on delete cascade
);
create index ix_catalog_variant_product on catalog_variant (product_id, position, id);
create index ix_catalog_variant_sku on catalog_variant (lower(sku)) where sku <> '';
create index ix_catalog_variant_barcode on catalog_variant (barcode) where barcode <> '';
"""

# Every address a category or a product has ever had; the one without `is_current` leads to the
# current one.
SLUGS = """
create table catalog_slug (
    kind text not null,
    slug text not null,
    target_id uuid not null,
    is_current boolean not null,
    primary key (kind, slug),
    constraint catalog_slug_kind_known check (kind in ('category', 'product'))
);
create index ix_catalog_slug_target on catalog_slug (target_id);
"""


def upgrade() -> None:
    """Create the tables of the catalogue."""
    for sql in (CATEGORIES, ATTRIBUTES, PRODUCTS, VARIANTS, SLUGS):
        run_sql(sql)
