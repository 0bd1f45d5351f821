"""Statements about the window in which a product may be sold at all."""

LOCK = """
    select id
      from catalog_product
     where id = any(%(ids)s::uuid[])
     order by id
       for update
"""

SET = """
    update catalog_product
       set sale_from = new.sale_from, sale_until = new.sale_until, changed_at = %(now)s
      from unnest(%(ids)s::uuid[], %(sale_from)s::timestamptz[], %(sale_until)s::timestamptz[])
        as new (id, sale_from, sale_until)
     where catalog_product.id = new.id
       and (catalog_product.sale_from, catalog_product.sale_until)
           is distinct from (new.sale_from, new.sale_until)
 returning catalog_product.id
"""
