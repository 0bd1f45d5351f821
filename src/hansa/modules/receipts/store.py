"""Every SQL statement of receipts."""

# One line of writers per source and receipt: a return and its sale name the same key here, so
# whichever comes second sees the first.
LOCK_KEYS = """
    select pg_advisory_xact_lock(hashtextextended('receipts:' || name, 0))
      from (
            select distinct name
              from unnest(%(names)b::text[]) as named (name)
             order by name
           ) as sorted
"""

FIND_BY_KEYS = """
    select id, key, digest
      from receipts_receipt
     where source = %(source)s
       and key = any(%(keys)b::text[])
"""

ADD_RECEIPT = """
    insert into receipts_receipt
           (id, source, key, digest, kind, number, warehouse_id, party_id, card, currency,
            total_minor, original_key, original_id, happened_at, recorded_at)
    values (%(id)s, %(source)s, %(key)s, %(digest)s, %(kind)s, %(number)s, %(warehouse_id)s,
            %(party_id)s, %(card)s, %(currency)s, %(total_minor)s, %(original_key)s,
            %(original_id)s, %(happened_at)s, %(now)s)
"""

ADD_LINES = """
    insert into receipts_line
           (receipt_id, line, variant_id, item, name, quantity, amount_minor, original_line)
    select %(receipt_id)s, line, variant_id, item, name, quantity, amount_minor, original_line
      from unnest(%(lines)b::integer[], %(variants)b::uuid[], %(items)b::text[], %(names)b::text[],
                  %(quantities)b::numeric[], %(amounts)b::bigint[], %(originals)b::integer[])
           as new (line, variant_id, item, name, quantity, amount_minor, original_line)
"""

FIND_SALE = """
    select id
      from receipts_receipt
     where source = %(source)s
       and key = %(key)s
       and kind = 'sale'
"""

LINK_RETURNS = """
    update receipts_receipt
       set original_id = %(sale_id)s
     where source = %(source)s
       and original_key = %(key)s
       and original_id is null
"""

LINES_OF = """
    select receipt_id, line, variant_id, item, name, quantity, amount_minor, original_line
      from receipts_line
     where receipt_id = any(%(ids)b::uuid[])
     order by receipt_id, line
"""

LINES_GIVEN_BACK = """
    select l.receipt_id, l.line, l.variant_id, l.item, l.name, l.quantity, l.amount_minor,
           l.original_line
      from receipts_receipt r
      join receipts_line l on l.receipt_id = r.id
     where r.original_id = %(sale_id)s
"""

GET_RECEIPT = """
    select id, source, key, kind, number, warehouse_id, party_id, card, currency, original_key,
           original_id, happened_at, recorded_at
      from receipts_receipt
     where id = %(id)s
"""

RETURNS_OF = """
    select id, source, key, kind, number, warehouse_id, party_id, card, currency, original_key,
           original_id, happened_at, recorded_at
      from receipts_receipt
     where original_id = %(sale_id)s
     order by happened_at, id
"""

LIST_RECEIPTS = """
    select id, source, key, kind, number, warehouse_id, party_id, card, currency, original_key,
           original_id, happened_at, recorded_at
      from receipts_receipt
     where (%(kind)s::text is null or kind = %(kind)s)
       and (%(warehouse_id)s::uuid is null or warehouse_id = %(warehouse_id)s)
       and (%(search)s::text is null or number = %(search)s or key = %(search)s
            or card = %(search)s)
       and (%(from)s::timestamptz is null or happened_at >= %(from)s)
       and (%(until)s::timestamptz is null or happened_at < %(until)s)
       and (%(after_at)s::timestamptz is null
            or (happened_at, id) < (%(after_at)s, %(after_id)s::uuid))
     order by happened_at desc, id desc
     limit %(limit)s
"""

LIST_OF_PARTY = """
    select id, source, key, kind, number, warehouse_id, party_id, card, currency, original_key,
           original_id, happened_at, recorded_at
      from receipts_receipt
     where (party_id = any(%(parties)b::uuid[]) or card = any(%(cards)b::text[]))
       and (%(after_at)s::timestamptz is null
            or (happened_at, id) < (%(after_at)s, %(after_id)s::uuid))
     order by happened_at desc, id desc
     limit %(limit)s
"""

WRONG_TOTALS = """
    select r.key, r.total_minor, coalesce(sum(l.amount_minor), 0) as lines_minor
      from receipts_receipt r
      left join receipts_line l on l.receipt_id = r.id
     group by r.id
    having r.total_minor <> coalesce(sum(l.amount_minor), 0)
     limit %(limit)s
"""

EXCESSIVE_RETURNS = """
    select s.key, l.line, l.quantity, b.quantity as given_back
      from (
            select r.original_id, coalesce(l.original_line, l.line) as line,
                   sum(l.quantity) as quantity, sum(l.amount_minor) as amount_minor
              from receipts_receipt r
              join receipts_line l on l.receipt_id = r.id
             where r.original_id is not null
             group by r.original_id, coalesce(l.original_line, l.line)
           ) b
      join receipts_receipt s on s.id = b.original_id
      left join receipts_line l on l.receipt_id = b.original_id and l.line = b.line
     where l.line is null
        or b.quantity > l.quantity
        or b.amount_minor > l.amount_minor
     limit %(limit)s
"""
