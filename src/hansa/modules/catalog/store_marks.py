"""Statements about marks of marketplaces."""

# Only real changes write, so that the rows that come back are those to tell of.
SET_MARKS = """
    insert into catalog_marketplace_mark as held
           (variant_id, marketplace, is_on, source, changed_at)
    select new.variant_id, new.marketplace, new.is_on, %(source)s, %(now)s
      from unnest(%(variants)b::uuid[], %(marketplaces)b::text[], %(marks)b::boolean[])
           as new (variant_id, marketplace, is_on)
      join catalog_variant v on v.id = new.variant_id
     order by new.variant_id, new.marketplace
        on conflict (variant_id, marketplace) do update
       set (is_on, source, changed_at) = (excluded.is_on, excluded.source, excluded.changed_at)
     where held.is_on <> excluded.is_on
    returning variant_id, marketplace
"""

MARKS_OF = """
    select variant_id, marketplace, is_on, source, changed_at
      from catalog_marketplace_mark
     where variant_id = any(%(variants)b::uuid[])
     order by variant_id, marketplace
"""

MARKED_FOR = """
    select variant_id
      from catalog_marketplace_mark
     where marketplace = %(marketplace)s
       and is_on
       and (%(after)s::uuid is null or variant_id > %(after)s)
     order by variant_id
     limit %(limit)s
"""
