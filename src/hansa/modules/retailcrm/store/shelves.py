"""What the CRM was told of stock."""

# One row per variant that ever changed, so that many changes in a moment are sent once.
MARK_STOCK = """
    insert into retailcrm_stock (connection_id, variant_id)
    select %(connection_id)s, variant_id
      from unnest(%(ids)s::uuid[]) as changed (variant_id)
     order by variant_id
        on conflict (connection_id, variant_id) do update
       set version = retailcrm_stock.version + 1
"""

NEXT_STOCK = """
    select variant_id, sent, version
      from retailcrm_stock
     where connection_id = %(connection_id)s
       and version > sent_version
     order by variant_id
     limit %(limit)s
"""

SAVE_STOCK = """
    update retailcrm_stock as kept
       set sent = told.sent::jsonb, is_unknown = told.is_unknown,
           sent_version = told.version
      from unnest(%(ids)s::uuid[], %(versions)s::bigint[], %(sent)s::text[],
                  %(unknown)s::boolean[]) as told (variant_id, version, sent, is_unknown)
     where kept.connection_id = %(connection_id)s
       and kept.variant_id = told.variant_id
"""

COUNT_STOCK = """
    select count(*) filter (where version > sent_version) as waiting,
           count(*) filter (where is_unknown) as unknown,
           count(*) as total
      from retailcrm_stock
     where connection_id = %(connection_id)s
"""

MARK_ALL_KNOWN = """
    update retailcrm_stock
       set version = version + 1, sent = '{}'
     where connection_id = %(connection_id)s
"""
