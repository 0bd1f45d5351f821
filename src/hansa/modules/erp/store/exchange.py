"""Statements about connections, sessions, files and their chunks."""

CONNECTION_COLUMNS = """
    id, code, name, market, channel, currency, language, time_zone, stock_policy, schema_version,
    encoding, use_zip,
    file_limit_bytes, default_warehouse_id, base_price_type, publishes_products,
    activates_warehouses,
    products_from_offers, removal_limit_percent, orders_per_answer, orders_since, is_active,
    created_at, owned_fields
"""

CONNECTIONS = f"""
    select {CONNECTION_COLUMNS}
      from erp_connection
     order by created_at, id
"""  # noqa: S608 - the columns are a constant of ours

CONNECTION = f"""
    select {CONNECTION_COLUMNS}
      from erp_connection
     where id = %(id)s
"""  # noqa: S608 - the columns are a constant of ours

SAVE_CONNECTION = """
    insert into erp_connection as c
           (id, code, name, market, channel, currency, language, time_zone, stock_policy,
            schema_version, encoding,
            use_zip, file_limit_bytes, default_warehouse_id, base_price_type, publishes_products,
            activates_warehouses,
            products_from_offers, removal_limit_percent, orders_per_answer, orders_since,
            is_active, created_at, owned_fields)
    values (%(id)s, %(code)s, %(name)s, %(market)s, %(channel)s, %(currency)s, %(language)s,
            %(time_zone)s,
            %(stock_policy)s, %(schema_version)s, %(encoding)s, %(use_zip)s, %(file_limit_bytes)s,
            %(default_warehouse_id)s, %(base_price_type)s, %(publishes_products)s,
            %(activates_warehouses)s,
            %(products_from_offers)s, %(removal_limit_percent)s, %(orders_per_answer)s,
            %(orders_since)s,
            %(is_active)s, %(now)s, %(owned_fields)s::text[])
        on conflict (id) do update
       set (code, name, market, channel, currency, language, time_zone, stock_policy,
            schema_version, encoding, use_zip,
            file_limit_bytes, default_warehouse_id, base_price_type, publishes_products,
            activates_warehouses,
            products_from_offers, removal_limit_percent, orders_per_answer, orders_since, is_active,
            owned_fields)
         = (excluded.code, excluded.name, excluded.market, excluded.channel, excluded.currency,
            excluded.language,
            excluded.time_zone, excluded.stock_policy, excluded.schema_version, excluded.encoding,
            excluded.use_zip,
            excluded.file_limit_bytes, excluded.default_warehouse_id, excluded.base_price_type,
            excluded.publishes_products, excluded.activates_warehouses,
            excluded.products_from_offers,
            excluded.removal_limit_percent, excluded.orders_per_answer, excluded.orders_since,
            excluded.is_active, excluded.owned_fields)
"""

SET_DEFAULT_WAREHOUSE = """
    update erp_connection
       set default_warehouse_id = %(warehouse_id)s
     where id = %(id)s
"""

SET_BASE_PRICE_TYPE = """
    update erp_connection
       set base_price_type = %(price_type)s
     where id = %(id)s
"""

OPEN_EXCHANGE = """
    insert into erp_exchange
           (id, connection_id, kind, token_digest, version, address, state, started_at, last_at)
    values (%(id)s, %(connection_id)s, %(kind)s, %(token_digest)s, '', %(address)s, 'open',
            %(now)s, %(now)s)
"""

EXCHANGE_BY_TOKEN = """
    select id, connection_id, kind, version, address, state, started_at, last_at
      from erp_exchange
     where token_digest = %(token_digest)s
       and last_at > %(used_after)s
"""  # noqa: S105 - a statement, not a password

EXCHANGE = """
    select id, connection_id, kind, version, address, state, started_at, last_at
      from erp_exchange
     where id = %(id)s
"""

TOUCH_EXCHANGE = """
    update erp_exchange
       set last_at = greatest(last_at, %(now)s),
           version = case when %(version)s = '' then version else %(version)s end,
           state = %(state)s
     where id = %(id)s
"""

# Files nobody asked to import before a new exchange began; and those of this one if it begins anew.
ABANDON_FILES = """
    update erp_file f
       set state = 'abandoned', touched_at = %(now)s
      from erp_exchange e
     where f.connection_id = %(connection_id)s
       and f.state = 'receiving'
       and f.kind = %(kind)s
       and e.id = f.exchange_id
       and e.started_at <= %(started_at)s
"""

# The row lock lets the chunks of one file come one after another.
LOCK_RECEIVING = """
    select id
      from erp_file
     where exchange_id = %(exchange_id)s
       and name = %(name)s
       and state = 'receiving'
     order by began_at desc, id desc
     limit 1
       for update
"""

ADD_FILE = """
    insert into erp_file
           (id, connection_id, exchange_id, repeats_id, archive_id, name, kind, state, size_bytes,
            began_at, touched_at)
    values (%(id)s, %(connection_id)s, %(exchange_id)s, %(repeats_id)s, %(archive_id)s, %(name)s,
            %(kind)s, %(state)s,
            %(size_bytes)s, %(now)s, %(now)s)
"""

ADD_CHUNK = """
    with chunk as (
        insert into erp_chunk (file_id, number, size_bytes, sha256, storage_key, received_at)
        select %(file_id)s, coalesce(max(number), 0) + 1, %(size_bytes)s, %(sha256)s,
               %(storage_key)s, %(now)s
          from erp_chunk
         where file_id = %(file_id)s
        returning number
    )
    update erp_file
       set size_bytes = size_bytes + %(size_bytes)s, touched_at = %(now)s
     where id = %(file_id)s
"""

CHUNKS = """
    select number, size_bytes, sha256, storage_key
      from erp_chunk
     where file_id = %(file_id)s
     order by number
"""

FILE_COLUMNS = """
    id, connection_id, exchange_id, repeats_id, archive_id, name, kind, state, size_bytes,
    began_at, touched_at,
    finished_at, position, reading, formed_at, is_full, counts, facts, error_code, error
"""

FILE = f"""
    select {FILE_COLUMNS}
      from erp_file
     where id = %(id)s
"""  # noqa: S608 - the columns are a constant of ours

LOCK_FILE = f"""
    select {FILE_COLUMNS}
      from erp_file
     where id = %(id)s
       for update
"""  # noqa: S608 - the columns are a constant of ours

LATEST_FILE = f"""
    select {FILE_COLUMNS}
      from erp_file
     where exchange_id = %(exchange_id)s
       and name = %(name)s
       and state <> 'abandoned'
     order by began_at desc, id desc
     limit 1
       for update
"""  # noqa: S608 - the columns are a constant of ours

ARCHIVES = f"""
    select {FILE_COLUMNS}
      from erp_file
     where exchange_id = %(exchange_id)s
       and state = 'receiving'
       and lower(name) like '%%.zip'
     order by began_at desc, id desc
"""  # noqa: S608 - the columns are a constant of ours

FILES_OF_EXCHANGE = f"""
    select {FILE_COLUMNS}
      from erp_file
     where exchange_id = %(exchange_id)s
     order by began_at, id
"""  # noqa: S608 - the columns are a constant of ours

FILES_BY_NAME = f"""
    select distinct on (name) {FILE_COLUMNS}
      from erp_file
     where exchange_id = %(exchange_id)s
       and name = any(%(names)s)
       and state <> 'abandoned'
     order by name, began_at desc, id desc
"""  # noqa: S608 - the columns are a constant of ours

START_FILE = """
    update erp_file
       set state = %(state)s, touched_at = %(now)s, error = null, error_code = null,
       finished_at = null
     where id = %(id)s
"""

SAVE_PROGRESS = """
    update erp_file
       set position = %(position)s, counts = %(counts)s::jsonb, facts = %(facts)s::jsonb,
           formed_at = %(formed_at)s, is_full = %(is_full)s,
           state = 'importing', touched_at = %(now)s
     where id = %(id)s
"""

SET_READING = """
    update erp_file
       set reading = %(reading)s
     where id = %(id)s
"""

FINISH_FILE = """
    update erp_file
       set state = %(state)s, counts = %(counts)s::jsonb, error_code = %(error_code)s,
       error = %(error)s,
           finished_at = %(now)s, touched_at = %(now)s
     where id = %(id)s
"""

# Exchanges whose 1C went silent without saying `complete`, with full files in them.
IDLE_EXCHANGES = """
    select e.id
      from erp_exchange e
     where e.state = 'open'
       and e.last_at < %(before)s
       and not exists (select from erp_file f where f.exchange_id = e.id and f.state in ('waiting',
       'importing'))
     order by e.last_at
     limit 50
"""

OLD_CHUNKS = """
    select c.file_id, c.number, c.storage_key
      from erp_chunk c
      join erp_file f on f.id = c.file_id
     where f.state not in ('waiting', 'importing', 'receiving')
       and f.touched_at < %(before)s
        or f.state = 'receiving' and f.touched_at < %(before)s
     order by c.file_id, c.number
     limit 500
"""

FORGET_CHUNK = """
    delete from erp_chunk
     where file_id = %(file_id)s
       and number = %(number)s
"""
