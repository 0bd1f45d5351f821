"""Feeds and their mappings."""

LIST_FEEDS = """
    select id, code, name, partner_id, programme_id, kind, settings, sealed, cron, is_active,
           mapping_version, cursor, next_at, ran_at, failure, failure_facts, failed_at
      from loyalty_feed
     order by code
     limit 500
"""

GET_FEED = """
    select id, code, name, partner_id, programme_id, kind, settings, sealed, cron, is_active,
           mapping_version, cursor, next_at, ran_at, failure, failure_facts, failed_at
      from loyalty_feed
     where id = %(id)s
"""

GET_FEED_BY_CODE = """
    select id, code, name, partner_id, programme_id, kind, settings, sealed, cron, is_active,
           mapping_version, cursor, next_at, ran_at, failure, failure_facts, failed_at
      from loyalty_feed
     where code = %(code)s
"""

# Code, partner, programme and kind stay: what came was understood by them.
SAVE_FEED = """
    insert into loyalty_feed
           (id, code, name, partner_id, programme_id, kind, settings, sealed, cron, is_active,
            next_at, changed_at)
    values (%(id)s, %(code)s, %(name)s, %(partner_id)s, %(programme_id)s, %(kind)s,
            %(settings)s::text::jsonb, %(sealed)s, %(cron)s, %(is_active)s, %(next_at)s, %(now)s)
        on conflict (id) do update
       set name = excluded.name, settings = excluded.settings, sealed = excluded.sealed,
           cron = excluded.cron, is_active = excluded.is_active, next_at = excluded.next_at,
           changed_at = excluded.changed_at
"""

# The feed's row is locked by the update before, so versions have no gap and no double.
ADD_MAPPING = """
    insert into loyalty_feed_mapping (feed_id, version, written, created_by, created_at)
    select id, mapping_version, %(written)s, %(by)s, %(now)s
      from loyalty_feed
     where id = %(feed_id)s
"""

NEXT_MAPPING_VERSION = """
    update loyalty_feed
       set mapping_version = mapping_version + 1, changed_at = %(now)s
     where id = %(feed_id)s
 returning mapping_version
"""

GET_MAPPING = """
    select version, written, created_at
      from loyalty_feed_mapping
     where feed_id = %(feed_id)s
       and version = %(version)s
"""

# ix_loyalty_feed_due.
LIST_DUE = """
    select id, cron
      from loyalty_feed
     where is_active
       and next_at <= %(now)s
     order by next_at, id
     limit 100
       for update skip locked
"""

SET_NEXT = "update loyalty_feed set next_at = %(next_at)s where id = %(id)s"

SET_CURSOR = "update loyalty_feed set cursor = %(cursor)s where id = %(id)s"

NOTE_RAN = """
    update loyalty_feed
       set ran_at = %(now)s::timestamptz, failure = %(failure)s,
           failure_facts = %(facts)s::text::jsonb,
           failed_at = case when %(failure)s = '' then null else %(now)s::timestamptz end
     where id = %(id)s
"""
