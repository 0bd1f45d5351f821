"""Statements that prove the projection against itself and its sources."""

# A check is given no instant; prices are compared as they count at the moment of the snapshot.
NOW = "select now()"

SAMPLE_PRODUCTS = """
    select product_id
      from search_product
     order by hashtextextended(product_id::text, %(seed)s)
     limit %(limit)s
"""

PROJECTED_PRODUCTS = """
    select id, product_id, slug, is_listed, variant_ids
      from search_product
     where product_id = any(%(ids)s::uuid[])
"""

PROJECTED_ENTRIES = """
    select product.product_id, entry.profile, entry.price, entry.available, entry.prices,
           entry.was_prices, entry.stock
      from search_product as product
      join search_entry as entry on entry.product = product.id
     where product.product_id = any(%(ids)s::uuid[])
"""

# The order by price must hold exactly what entries and branches say.
WRONG_PRICE_ORDER = """
    select coalesce(said.product, held.product) as product
      from (select entry.profile, place.category, entry.price, entry.product
              from search_entry as entry
              join search_placement as place on place.product = entry.product) as said
      full join search_price as held
        on held.profile = said.profile
       and held.category = said.category
       and held.price = said.price
       and held.product = said.product
     where said.product is null
        or held.product is null
     limit 20
"""

ORPHANS = """
    select entry.product
      from search_entry as entry
      left join search_product as product on product.id = entry.product and product.is_listed
     where product.id is null
     union
    select place.product
      from search_placement as place
      left join search_product as product on product.id = place.product and product.is_listed
     where product.id is null
     limit 20
"""

NOT_PROJECTED = """
    select named.id
      from unnest(%(ids)s::uuid[]) as named (id)
      left join search_product as product on product.product_id = named.id
     where product.id is null
"""
