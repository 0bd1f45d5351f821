"""Statements that feed the counts kept in memory."""

# Everything from this number on may have been written by a transaction that the snapshot does not
# see yet.
HORIZON = "select pg_snapshot_xmin(pg_current_snapshot())::text"

CHANGED_PRODUCTS = """
    select distinct product
      from search_change
     where xid >= %(since)s::xid8
"""

PRODUCTS = """
    select id, tags
      from search_product
     where is_listed
       and id > %(after)s
     order by id
     limit %(limit)s
"""

ENTRIES = """
    select product, profile, price, stock_tags, shown_from, shown_until
      from search_entry
     where (product, profile) > (%(after)s, %(after_profile)s)
     order by product, profile
     limit %(limit)s
"""

SOME_PRODUCTS = """
    select id, tags
      from search_product
     where is_listed
       and id = any(%(products)s::integer[])
"""

SOME_ENTRIES = """
    select product, profile, price, stock_tags, shown_from, shown_until
      from search_entry
     where product = any(%(products)s::integer[])
"""

CATEGORIES = """
    select id, category_id, parent_id, slug, name, position, is_hidden, path
      from search_category
"""

FACETS = """
    select value.id, value.attribute, attribute.name, attribute.kind, attribute.position as place,
           value.value, value.label, value.swatch, value.position
      from search_value as value
      join (select distinct on (code) code, name, kind, is_facet, position
              from search_attribute
             order by code, attribute_id desc) as attribute on attribute.code = value.attribute
     where attribute.is_facet
     order by attribute.position, attribute.code, value.position, value.value
"""
