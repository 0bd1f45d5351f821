"""Statements that write the projection, always sorted by product, thousands at a time."""

# The tree and the dictionaries, as the catalogue has them. Numbers once given stay.
CATEGORIES = """
    select id, category_id, parent_id, slug, name, position, is_hidden, path
      from search_category
"""

SAVE_CATEGORIES = """
    insert into search_category as held
           (category_id, parent_id, slug, name, position, is_hidden)
    select new.category_id, new.parent_id, new.slug, new.name::jsonb, new.position, new.is_hidden
      from unnest(%(category_ids)b::uuid[], %(parent_ids)b::uuid[], %(slugs)b::text[],
                  %(names)b::text[], %(positions)b::integer[], %(hidden)b::boolean[])
        as new (category_id, parent_id, slug, name, position, is_hidden)
     order by new.category_id
        on conflict (category_id) do update
       set parent_id = excluded.parent_id, slug = excluded.slug, name = excluded.name,
           position = excluded.position, is_hidden = excluded.is_hidden
"""

# A path is the numbers from the top of the tree down to the category itself.
SAVE_PATHS = """
    update search_category
       set path = new.path::integer[]
      from unnest(%(ids)b::integer[], %(paths)b::text[]) as new (id, path)
     where search_category.id = new.id
       and search_category.path <> new.path::integer[]
"""

ATTRIBUTES = """
    select attribute_id, code, name, kind, is_facet, position
      from search_attribute
"""

SAVE_ATTRIBUTES = """
    insert into search_attribute as held (attribute_id, code, name, kind, is_facet, position)
    select new.attribute_id, new.code, new.name::jsonb, new.kind, new.is_facet, new.position
      from unnest(%(attribute_ids)b::uuid[], %(codes)b::text[], %(names)b::text[],
                  %(kinds)b::text[], %(facets)b::boolean[], %(positions)b::integer[])
        as new (attribute_id, code, name, kind, is_facet, position)
     order by new.attribute_id
        on conflict (attribute_id) do update
       set code = excluded.code, name = excluded.name, kind = excluded.kind,
           is_facet = excluded.is_facet, position = excluded.position
"""

VALUES = """
    select id, attribute, value, label, swatch, position
      from search_value
"""

# Sorted, so that two projections that meet the same new values do not wait in a circle.
SAVE_VALUES = """
    insert into search_value as held (attribute, value, label, swatch, position)
    select new.attribute, new.value, new.label::jsonb, new.swatch, new.position
      from unnest(%(attributes)b::text[], %(values)b::text[], %(labels)b::text[],
                  %(swatches)b::text[], %(positions)b::integer[])
        as new (attribute, value, label, swatch, position)
     order by new.attribute, new.value
        on conflict (attribute, value) do update
       set label = excluded.label, swatch = excluded.swatch, position = excluded.position
 returning id, attribute, value
"""

# New products get a number; `where not exists` because a conflict would use one up.
ADD_PRODUCTS = """
    insert into search_product (product_id)
    select new.id
      from unnest(%(ids)b::uuid[]) as new (id)
     where not exists (select from search_product as held where held.product_id = new.id)
     order by new.id
        on conflict (product_id) do nothing
"""

# Whoever projects a product holds its row until the commit, and reads the sources after getting it:
# so the last one to write is the last one to read.
LOCK_PRODUCTS = """
    select id, product_id, popularity, categories, variant_ids, own_tags, option_tags
      from search_product
     where product_id = any(%(ids)b::uuid[])
     order by product_id
       for update
"""

FORGET_PRODUCTS = """
    delete from search_product
     where id = any(%(products)b::integer[])
"""

SAVE_PRODUCTS = """
    update search_product
       set slug = new.slug, is_listed = new.is_listed, shown_from = new.shown_from,
           shown_until = new.shown_until, created_at = new.created_at,
           categories = new.categories::integer[], own_tags = new.own_tags::integer[],
           tags = new.tags::integer[], variant_ids = new.variant_ids::uuid[],
           option_tags = new.option_tags::jsonb, variants = new.variants::bytea[],
           words = setweight(to_tsvector('ru', new.title_ru), 'A')
                   || setweight(to_tsvector('en', new.title_en), 'A')
                   || setweight(to_tsvector('ru', new.labels_ru), 'B')
                   || setweight(to_tsvector('en', new.labels_en), 'B')
                   || setweight(to_tsvector('ru', new.body_ru), 'D')
                   || setweight(to_tsvector('en', new.body_en), 'D')
      from unnest(%(products)b::integer[], %(slugs)b::text[], %(listed)b::boolean[],
                  %(shown_from)b::timestamptz[], %(shown_until)b::timestamptz[],
                  %(created_at)b::timestamptz[], %(categories)b::text[], %(own_tags)b::text[],
                  %(tags)b::text[], %(variant_ids)b::text[], %(option_tags)b::text[],
                  %(variants)b::text[],
                  %(titles_ru)b::text[], %(titles_en)b::text[], %(labels_ru)b::text[],
                  %(labels_en)b::text[], %(bodies_ru)b::text[], %(bodies_en)b::text[])
        as new (id, slug, is_listed, shown_from, shown_until, created_at, categories, own_tags,
                tags, variant_ids, option_tags, variants, title_ru, title_en, labels_ru, labels_en,
                body_ru, body_en) where search_product.id = new.id
"""

SAVE_TEXTS = """
    insert into search_text (product, language, name, card, document)
    select new.product, new.language, new.name, new.card, new.document
      from unnest(%(products)b::integer[], %(languages)b::text[], %(names)b::text[],
                  %(cards)b::bytea[], %(documents)b::bytea[])
        as new (product, language, name, card, document)
     order by new.product, new.language
        on conflict (product, language) do update
       set name = excluded.name, card = excluded.card, document = excluded.document
"""

REMOVE_CODES = """
    delete from search_code
     where product = any(%(products)b::integer[])
       and (code, product) not in (select new.code, new.product
                                     from unnest(%(codes)b::text[], %(code_products)b::integer[])
                                       as new (code, product))
"""

SAVE_CODES = """
    insert into search_code (code, product)
    select new.code, new.product
      from unnest(%(codes)b::text[], %(code_products)b::integer[]) as new (code, product)
     order by new.code, new.product
        on conflict do nothing
"""

SAVE_WORDS = """
    insert into search_word (word)
    select new.word
      from unnest(%(words)b::text[]) as new (word)
     where not exists (select from search_word as held where held.word = new.word)
     order by new.word
        on conflict do nothing
"""

REMOVE_PLACEMENTS = """
    delete from search_placement as held
     where held.product = any(%(products)b::integer[])
       and not exists (select
                         from unnest(%(placed)b::integer[], %(categories)b::integer[])
                           as new (product, category)
                        where new.product = held.product
                          and new.category = held.category)
"""

SAVE_PLACEMENTS = """
    insert into search_placement as held
           (product, category, created_at, popularity, sort_ru, sort_en)
    select new.product, new.category, new.created_at, new.popularity, new.sort_ru, new.sort_en
      from unnest(%(placed)b::integer[], %(categories)b::integer[], %(created_at)b::timestamptz[],
                  %(popularity)b::integer[], %(sort_ru)b::text[], %(sort_en)b::text[])
        as new (product, category, created_at, popularity, sort_ru, sort_en)
        on conflict (product, category) do update
       set created_at = excluded.created_at, popularity = excluded.popularity,
           sort_ru = excluded.sort_ru, sort_en = excluded.sort_en
     where (held.created_at, held.popularity, held.sort_ru, held.sort_en)
           is distinct from
           (excluded.created_at, excluded.popularity, excluded.sort_ru, excluded.sort_en)
"""

PRESENT_PRICES = """
    select profile, product, price
      from search_entry
     where product = any(%(products)b::integer[])
"""

SAVE_ENTRIES = """
    insert into search_entry
           (profile, product, price, price_max, was, price_list_id, shown_from, shown_until,
            available, stock_tags, prices, was_prices, stock)
    select new.profile, new.product, new.price, new.price_max, new.was, new.price_list_id,
           new.shown_from, new.shown_until, new.available, new.stock_tags::integer[],
           new.prices::bigint[], new.was_prices::bigint[], new.stock::bigint[]
      from unnest(%(profiles)b::integer[], %(products)b::integer[], %(prices_min)b::bigint[],
                  %(prices_max)b::bigint[], %(was)b::bigint[], %(price_list_ids)b::uuid[],
                  %(shown_from)b::timestamptz[], %(shown_until)b::timestamptz[],
                  %(available)b::bigint[], %(stock_tags)b::text[], %(prices)b::text[],
                  %(was_prices)b::text[], %(stock)b::text[])
        as new (profile, product, price, price_max, was, price_list_id, shown_from, shown_until,
                available, stock_tags, prices, was_prices, stock)
        on conflict (profile, product) do update
       set price = excluded.price, price_max = excluded.price_max, was = excluded.was,
           price_list_id = excluded.price_list_id, shown_from = excluded.shown_from,
           shown_until = excluded.shown_until, available = excluded.available,
           stock_tags = excluded.stock_tags, prices = excluded.prices,
           was_prices = excluded.was_prices, stock = excluded.stock
"""

REMOVE_ENTRIES = """
    delete from search_entry
     using unnest(%(profiles)b::integer[], %(products)b::integer[]) as gone (profile, product)
     where search_entry.profile = gone.profile
       and search_entry.product = gone.product
"""

REMOVE_PRICES = """
    delete from search_price
     using unnest(%(profiles)b::integer[], %(categories)b::integer[], %(prices)b::bigint[],
                  %(products)b::integer[])
        as gone (profile, category, price, product)
     where search_price.profile = gone.profile
       and search_price.category = gone.category
       and search_price.price = gone.price
       and search_price.product = gone.product
"""

SAVE_PRICES = """
    insert into search_price (profile, category, price, product)
    select new.profile, new.category, new.price, new.product
      from unnest(%(profiles)b::integer[], %(categories)b::integer[], %(prices)b::bigint[],
                  %(products)b::integer[])
        as new (profile, category, price, product)
     order by 1, 2, 3, 4
        on conflict do nothing
"""

PRICED_VARIANTS = """
    select profile, product, prices
      from search_entry
     where product = any(%(products)b::integer[])
       and profile = any(%(profiles)b::integer[])
"""

# Stock alone: no index is touched.
SAVE_STOCK = """
    update search_entry
       set available = new.available, stock_tags = new.stock_tags::integer[],
           stock = new.stock::bigint[]
      from unnest(%(profiles)b::integer[], %(products)b::integer[], %(available)b::bigint[],
                  %(stock_tags)b::text[], %(stock)b::text[])
        as new (profile, product, available, stock_tags, stock)
     where search_entry.profile = new.profile
       and search_entry.product = new.product
       and search_entry.stock <> new.stock::bigint[]
 returning search_entry.product
"""

LOG_CHANGES = """
    insert into search_change (product)
    select new.product
      from unnest(%(products)b::integer[]) as new (product)
"""

PRUNE_CHANGES = """
    delete from search_change
     where changed_at < %(before)s
"""

# Projected products that the catalogue no longer has, for a rebuild to remove.
LIST_PROJECTED = """
    select id, product_id
      from search_product
     where id > %(after)s
     order by id
     limit %(limit)s
"""

ADD_POPULARITY = """
    update search_product
       set popularity = popularity + sold.times
      from unnest(%(ids)b::uuid[], %(times)b::integer[]) as sold (product_id, times)
     where search_product.product_id = sold.product_id
 returning search_product.id, search_product.popularity
"""

SAVE_POPULARITY = """
    update search_placement
       set popularity = new.popularity
      from unnest(%(products)b::integer[], %(popularity)b::integer[]) as new (product, popularity)
     where search_placement.product = new.product
"""

# How often each word stands in a name: common words win when two corrections are equally near.
COUNT_WORDS = """
    insert into search_word (word, uses)
    select word, ndoc
      from ts_stat($$select to_tsvector('simple', replace(lower(name), 'ё', 'е'))
                       from search_text$$)
     where length(word) between 2 and 40
       and word !~ '[0-9]'
     order by word
        on conflict (word) do update
       set uses = excluded.uses
     where search_word.uses <> excluded.uses
"""

LOOKED_AT = "select looked_at from search_clock for update"

LOOK = """
    update search_clock
       set looked_at = %(now)s
"""

# Products whose window of publication opened or closed since the last look.
AT_WINDOW_EDGE = """
    select distinct product
      from search_entry
     where (shown_from > %(since)s and shown_from <= %(now)s)
        or (shown_until > %(since)s and shown_until <= %(now)s)
"""

PRODUCTS_IN_CATEGORIES = """
    select distinct product.product_id
      from search_placement
      join search_product as product on product.id = search_placement.product
     where search_placement.category = any(%(categories)b::integer[])
"""
