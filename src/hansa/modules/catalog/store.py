"""Every SQL statement of the catalogue; `rows.py` makes values of what they give."""

# --- addresses ------------------------------------------------------------------------------------

# Sorted, so that two batches that want the same addresses wait for each other and never in a
# circle. An address that was given up by its owner goes back to it; one of somebody else is not
# returned.
CLAIM_SLUGS = """
    insert into catalog_slug as held (kind, slug, target_id, is_current)
    select %(kind)s, wanted.slug, wanted.target_id, true
      from unnest(%(slugs)s::text[], %(target_ids)s::uuid[]) as wanted (slug, target_id)
     order by wanted.slug
        on conflict (kind, slug) do update
       set is_current = true
     where held.target_id = excluded.target_id
 returning target_id, slug
"""

RETIRE_SLUGS = """
    update catalog_slug
       set is_current = false
      from unnest(%(slugs)s::text[], %(target_ids)s::uuid[]) as present (slug, target_id)
     where catalog_slug.kind = %(kind)s
       and catalog_slug.target_id = present.target_id
       and catalog_slug.slug <> present.slug
       and catalog_slug.is_current
"""

FORGET_SLUGS = """
    delete from catalog_slug
     where kind = 'product'
       and target_id = any(%(ids)s::uuid[])
"""

RESOLVE_SLUG = """
    select target_id, is_current
      from catalog_slug
     where kind = %(kind)s
       and slug = %(slug)s
"""

# --- categories -----------------------------------------------------------------------------------

ALL_CATEGORIES = """
    select id, parent_id, slug, name, position, is_hidden
      from catalog_category
     order by position, slug
"""

# Whole tree: batches of categories are rare, and a cycle can only be seen in the whole.
LOCK_CATEGORIES = """
    select id, parent_id, slug, name, position, is_hidden
      from catalog_category
     order by id
       for update
"""

# Two batches that each add half of a cycle must not run at the same time.
LOCK_TREE = "select pg_advisory_xact_lock(hashtext('catalog_category'))"

SAVE_CATEGORIES = """
    insert into catalog_category as held
           (id, parent_id, slug, name, position, is_hidden, changed_at)
    select new.id, new.parent_id, new.slug, new.name::jsonb, new.position, new.is_hidden, %(now)s
      from unnest(%(ids)s::uuid[], %(parent_ids)s::uuid[], %(slugs)s::text[], %(names)s::text[],
                  %(positions)s::integer[], %(hidden)s::boolean[])
        as new (id, parent_id, slug, name, position, is_hidden)
        on conflict (id) do update
       set parent_id = excluded.parent_id, slug = excluded.slug, name = excluded.name,
           position = excluded.position, is_hidden = excluded.is_hidden,
           changed_at = excluded.changed_at
     where (held.parent_id, held.slug, held.name, held.position, held.is_hidden)
           is distinct from
           (excluded.parent_id, excluded.slug, excluded.name, excluded.position,
            excluded.is_hidden)
 returning id, (xmax = 0) as is_new
"""

# --- attributes -----------------------------------------------------------------------------------

ALL_ATTRIBUTES = """
    select id, code, name, kind, is_facet, position
      from catalog_attribute
     order by position, code
"""

SAVE_ATTRIBUTES = """
    insert into catalog_attribute as held
           (id, code, name, kind, is_facet, position, changed_at)
    select new.id, new.code, new.name::jsonb, new.kind, new.is_facet, new.position, %(now)s
      from unnest(%(ids)s::uuid[], %(codes)s::text[], %(names)s::text[], %(kinds)s::text[],
                  %(facets)s::boolean[], %(positions)s::integer[])
        as new (id, code, name, kind, is_facet, position)
        on conflict (id) do update
       set name = excluded.name, kind = excluded.kind, is_facet = excluded.is_facet,
           position = excluded.position, changed_at = excluded.changed_at
     where (held.name, held.kind, held.is_facet, held.position)
           is distinct from
           (excluded.name, excluded.kind, excluded.is_facet, excluded.position)
 returning id, (xmax = 0) as is_new
"""

ATTRIBUTE_CODES = """
    select id, code
      from catalog_attribute
     where code = any(%(codes)s::text[])
        or id = any(%(ids)s::uuid[])
"""

CHOICES = """
    select id, attribute_id, name, swatch, position
      from catalog_attribute_choice
     order by attribute_id, position, id
"""

SAVE_CHOICES = """
    insert into catalog_attribute_choice as held
           (id, attribute_id, name, swatch, position, changed_at)
    select new.id, new.attribute_id, new.name::jsonb, new.swatch, new.position, %(now)s
      from unnest(%(ids)s::uuid[], %(attribute_ids)s::uuid[], %(names)s::text[],
                  %(swatches)s::text[], %(positions)s::integer[])
        as new (id, attribute_id, name, swatch, position)
        on conflict (id) do update
       set attribute_id = excluded.attribute_id, name = excluded.name, swatch = excluded.swatch,
           position = excluded.position, changed_at = excluded.changed_at
     where (held.attribute_id, held.name, held.swatch, held.position)
           is distinct from
           (excluded.attribute_id, excluded.name, excluded.swatch, excluded.position)
 returning id, attribute_id, (xmax = 0) as is_new
"""

# --- products -------------------------------------------------------------------------------------

# Sorted by id, as every other statement that locks products, so that batches cannot wait in a
# circle.
LOCK_PRODUCTS = """
    select id, slug, name, description, brand, category_ids, attributes, media, publish_from,
           publish_until, status, status_before_archive, overridden, created_at,
           sale_from, sale_until
      from catalog_product
     where id = any(%(ids)s::uuid[])
     order by id
       for update
"""

PRODUCTS = """
    select id, slug, name, description, brand, category_ids, attributes, media, publish_from,
           publish_until, status, overridden, created_at, sale_from, sale_until
      from catalog_product
     where id = any(%(ids)s::uuid[])
"""

PRESENT_SLUGS = """
    select id, slug
      from catalog_product
     where id = any(%(ids)s::uuid[])
     order by id
       for update
"""

# One statement for new and known rows; a field a person has changed keeps its value; a row that
# would not change is neither written nor returned.
SAVE_PRODUCTS = """
    insert into catalog_product as held
           (id, slug, name, description, brand, category_ids, attributes, media, publish_from,
            publish_until, status, created_at, changed_at)
    select new.id, new.slug, new.name::jsonb, new.description::jsonb, new.brand,
           new.category_ids::uuid[], new.attributes::jsonb, new.media::jsonb, new.publish_from,
           new.publish_until, new.status, coalesce(new.created_at, %(now)s), %(now)s
      from unnest(%(ids)s::uuid[], %(slugs)s::text[], %(names)s::text[], %(descriptions)s::text[],
                  %(brands)s::text[], %(category_ids)s::text[], %(attributes)s::text[],
                  %(media)s::text[], %(publish_from)s::timestamptz[],
                  %(publish_until)s::timestamptz[], %(statuses)s::text[],
                  %(created_at)s::timestamptz[])
        as new (id, slug, name, description, brand, category_ids, attributes, media, publish_from,
                publish_until, status, created_at)
     order by new.id
        on conflict (id) do update
       set slug = excluded.slug,
           name = case when 'name' = any(held.overridden)
                       then held.name else excluded.name end,
           description = case when 'description' = any(held.overridden)
                              then held.description else excluded.description end,
           brand = case when 'brand' = any(held.overridden)
                        then held.brand else excluded.brand end,
           category_ids = case when 'category_ids' = any(held.overridden)
                               then held.category_ids else excluded.category_ids end,
           attributes = case when 'attributes' = any(held.overridden)
                             then held.attributes else excluded.attributes end,
           media = case when 'media' = any(held.overridden) or %(keep_media)s
                        then held.media else excluded.media end,
           publish_from = case when 'publish_from' = any(held.overridden)
                               then held.publish_from else excluded.publish_from end,
           publish_until = case when 'publish_until' = any(held.overridden)
                                then held.publish_until else excluded.publish_until end,
           status = case when 'status' = any(held.overridden)
                         then held.status else excluded.status end,
           status_before_archive = case when excluded.status = 'archived'
                                        then coalesce(held.status_before_archive,
                                                      nullif(held.status, 'archived')) end,
           changed_at = excluded.changed_at
     where held.slug <> excluded.slug
        or held.name <> excluded.name and 'name' <> all(held.overridden)
        or held.description <> excluded.description and 'description' <> all(held.overridden)
        or held.brand <> excluded.brand and 'brand' <> all(held.overridden)
        or held.category_ids <> excluded.category_ids and 'category_ids' <> all(held.overridden)
        or held.attributes <> excluded.attributes and 'attributes' <> all(held.overridden)
        or held.media <> excluded.media and 'media' <> all(held.overridden) and not %(keep_media)s
        or held.publish_from is distinct from excluded.publish_from
           and 'publish_from' <> all(held.overridden)
        or held.publish_until is distinct from excluded.publish_until
           and 'publish_until' <> all(held.overridden)
        or held.status <> excluded.status and 'status' <> all(held.overridden)
 returning id, (xmax = 0) as is_new
"""

SET_OVERRIDDEN = """
    update catalog_product
       set overridden = %(fields)s::text[]
     where id = %(id)s
"""

SET_MEDIA = """
    update catalog_product
       set media = %(media)s::text::jsonb, changed_at = %(now)s
     where id = %(id)s
       and media <> %(media)s::text::jsonb
"""

ARCHIVE_PRODUCTS = """
    update catalog_product
       set status_before_archive = status, status = 'archived', changed_at = %(now)s,
           overridden = case when %(by_person)s and 'status' <> all(overridden)
                             then overridden || array['status'] else overridden end
     where id in (select id
                    from catalog_product
                   where id = any(%(ids)s::uuid[])
                     and status <> 'archived'
                     and (%(by_person)s or 'status' <> all(overridden))
                   order by id
                     for update)
 returning id
"""

RESTORE_PRODUCTS = """
    update catalog_product
       set status = coalesce(status_before_archive, 'active'), status_before_archive = null,
           overridden = array_remove(overridden, 'status'), changed_at = %(now)s
     where id in (select id
                    from catalog_product
                   where id = any(%(ids)s::uuid[])
                     and status = 'archived'
                   order by id
                     for update)
 returning id
"""

DELETE_PRODUCTS = """
    delete from catalog_product
     where id = any(%(ids)s::uuid[])
       and status = 'archived'
 returning id
"""

LIST_PRODUCT_IDS = """
    select id
      from catalog_product
     where id > %(after)s
     order by id
     limit %(limit)s
"""

COUNT_PRODUCTS = "select count(*) from catalog_product"

COUNT_PRODUCTS_BY_STATUS = """
    select status, count(*) as count
      from catalog_product
     group by status
"""

# A product counts once in each category it is in and in everything above it; the archive does not
# count.
COUNT_PRODUCTS_BY_CATEGORY = """
    with recursive above (id, ancestor_id) as (
        select id, id
          from catalog_category
         union all
        select above.id, category.parent_id
          from above
          join catalog_category category on category.id = above.ancestor_id
         where category.parent_id is not null
    )
    select above.ancestor_id as category_id, count(distinct product.id) as count
      from catalog_product product
     cross join lateral unnest(product.category_ids) as place (category_id)
      join above on above.id = place.category_id
     where product.status <> 'archived'
     group by above.ancestor_id
"""

# The office's list, newest first; ix_catalog_product_newest gives the order, the trigram index the
# search.
LIST_PRODUCTS = """
    select id, slug, name, description, brand, category_ids, attributes, media, publish_from,
           publish_until, status, overridden, created_at, sale_from, sale_until
      from catalog_product
     where (%(pattern)s::text is null
            or name::text ilike %(pattern)s
            or id in (select product_id from catalog_variant where lower(sku) = %(code)s)
            or id in (select product_id from catalog_variant where barcode = %(code)s
                                                               and barcode <> ''))
       and (%(status)s::text is null or status = %(status)s)
       and (%(category_ids)s::uuid[] is null or category_ids && %(category_ids)s::uuid[])
       and (%(after_at)s::timestamptz is null
            or (created_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
     order by created_at desc, id desc
     limit %(limit)s
"""

# Whose publication began or ended in (since, until]: the job that looks each minute publishes them.
PRODUCTS_AT_WINDOW_EDGE = """
    select id
      from catalog_product
     where publish_from > %(since)s
       and publish_from <= %(until)s
     union
    select id
      from catalog_product
     where publish_until > %(since)s
       and publish_until <= %(until)s
"""

# --- variants -------------------------------------------------------------------------------------

SAVE_VARIANTS = """
    insert into catalog_variant as held
           (id, product_id, sku, barcode, options, position, unit, is_active, changed_at)
    select new.id, new.product_id, new.sku, new.barcode, new.options::jsonb, new.position,
           new.unit, new.is_active, %(now)s
      from unnest(%(ids)s::uuid[], %(product_ids)s::uuid[], %(skus)s::text[], %(barcodes)s::text[],
                  %(options)s::text[], %(positions)s::integer[], %(units)s::text[],
                  %(active)s::boolean[])
        as new (id, product_id, sku, barcode, options, position, unit, is_active)
     order by new.id
        on conflict (id) do update
       set product_id = excluded.product_id, sku = excluded.sku, barcode = excluded.barcode,
           options = excluded.options, position = excluded.position, unit = excluded.unit,
           is_active = excluded.is_active, changed_at = excluded.changed_at
     where (held.product_id, held.sku, held.barcode, held.options, held.position, held.unit,
            held.is_active)
           is distinct from
           (excluded.product_id, excluded.sku, excluded.barcode, excluded.options,
            excluded.position, excluded.unit, excluded.is_active)
 returning id, product_id, (xmax = 0) as is_new
"""

KNOWN_PRODUCTS = """
    select id
      from catalog_product
     where id = any(%(ids)s::uuid[])
"""

VARIANTS = """
    select id, product_id, sku, barcode, options, position, unit, is_active
      from catalog_variant
     where id = any(%(ids)s::uuid[])
"""

VARIANTS_OF_PRODUCTS = """
    select id, product_id, sku, barcode, options, position, unit, is_active
      from catalog_variant
     where product_id = any(%(ids)s::uuid[])
     order by product_id, position, id
"""

PRODUCT_IDS_OF_VARIANTS = """
    select id, product_id
      from catalog_variant
     where id = any(%(ids)s::uuid[])
"""

VARIANTS_BY_SKU = """
    select id, product_id, sku, barcode, options, position, unit, is_active
      from catalog_variant
     where lower(sku) = lower(%(sku)s)
       and sku <> ''
     order by is_active desc, position, id
     limit %(limit)s
"""
