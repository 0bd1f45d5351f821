"""Statements of the exchange log and of what the back office reads."""

from hansa.modules.erp.store.exchange import FILE_COLUMNS

ADD_ENTRIES = """
    insert into erp_log
           (connection_id, exchange_id, file_id, ordinal, line, kind, external_id, internal_id,
            title, action, code,
            reason, details, at)
    select %(connection_id)s, %(exchange_id)s, %(file_id)s, ordinal, line, kind, external_id,
           internal_id, title,
           action, code, reason, details::jsonb, %(now)s
      from unnest(%(ordinals)b::bigint[], %(lines)b::integer[], %(kinds)s::text[],
                  %(external_ids)s::text[],
                  %(internal_ids)b::uuid[], %(titles)s::text[], %(actions)s::text[],
                  %(codes)s::text[],
                  %(reasons)s::text[], %(details)s::text[])
           as row (ordinal, line, kind, external_id, internal_id, title, action, code, reason,
           details)
"""

# Newest first; ix erp_log_file or erp_log_recent covers the order.
LOG = """
    select number, connection_id, exchange_id, file_id, ordinal, line, kind, external_id,
           internal_id, title, action,
           code, reason, details, at
      from erp_log
     where connection_id = %(connection_id)s
       and (%(file_id)s::uuid is null or file_id = %(file_id)s)
       and (%(action)s::text is null or action = %(action)s)
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(external_id)s::text is null or external_id = %(external_id)s)
       and (%(before)s::bigint is null or number < %(before)s)
     order by number desc
     limit %(limit)s
"""

COUNT_BY_CODE = """
    select action, kind, code, min(reason) as reason, count(*) as count
      from erp_log
     where file_id = %(file_id)s
     group by action, kind, code
     order by count(*) desc, action, kind, code
"""

FILES = f"""
    select {FILE_COLUMNS}
      from erp_file
     where connection_id = %(connection_id)s
       and (%(state)s::text is null or state = %(state)s)
       and (%(exchange_id)s::uuid is null or exchange_id = %(exchange_id)s)
       and (%(before_at)s::timestamptz is null or (began_at, id) < (%(before_at)s,
       %(before_id)s::uuid))
     order by began_at desc, id desc
     limit %(limit)s
"""  # noqa: S608 - the columns are a constant of ours

EXCHANGES = """
    select e.id, e.connection_id, e.kind, e.version, e.address, e.state, e.started_at, e.last_at,
           count(f.id) as files,
           count(f.id) filter (where f.state = 'failed') as failed
      from (
            select *
              from erp_exchange
             where connection_id = %(connection_id)s
               and (%(before_at)s::timestamptz is null or (started_at, id) < (%(before_at)s,
               %(before_id)s::uuid))
             order by started_at desc, id desc
             limit %(limit)s
           ) e
      left join erp_file f on f.exchange_id = e.id
     group by e.id, e.connection_id, e.kind, e.version, e.address, e.state, e.started_at, e.last_at
     order by e.started_at desc, e.id desc
"""

FORGET_LOG = """
    delete from erp_log
     where number in (
           select number
             from erp_log
            where at < %(before)s
            order by number
            limit 20000)
"""
