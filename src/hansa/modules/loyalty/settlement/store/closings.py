"""Closings, statements and their payments."""

GET_RULE = """
    select programme_id, when_exhausted, due_days, vat_percent
      from loyalty_settlement_rule
     where programme_id = %(programme_id)s
"""

SAVE_RULE = """
    insert into loyalty_settlement_rule
           (programme_id, when_exhausted, due_days, vat_percent, changed_at)
    values (%(programme_id)s, %(when_exhausted)s, %(due_days)s, %(vat_percent)s, %(now)s)
        on conflict (programme_id) do update
       set (when_exhausted, due_days, vat_percent, changed_at)
         = (excluded.when_exhausted, excluded.due_days, excluded.vat_percent, excluded.changed_at)
"""

# The last closing that had ended by an instant; pk_loyalty_closing backwards.
LAST_CLOSING = """
    select programme_id, begins_at, ends_at, ledger_digest, chain, postings, time_zone, issuers,
           digest, closed_at
      from loyalty_closing
     where programme_id = %(programme_id)s
       and ends_at <= %(by)s
     order by begins_at desc
     limit 1
"""

LIST_CLOSINGS = """
    select programme_id, begins_at, ends_at, ledger_digest, chain, postings, time_zone, issuers,
           digest, closed_at
      from loyalty_closing
     where programme_id = %(programme_id)s
       and (%(before)s::timestamptz is null or begins_at < %(before)s)
     order by begins_at desc
     limit %(limit)s
"""

SAVE_CLOSING = """
    insert into loyalty_closing
           (programme_id, begins_at, ends_at, ledger_digest, chain, postings, time_zone, issuers,
            digest, closed_by, closed_at)
    values (%(programme_id)s, %(begins_at)s, %(ends_at)s, %(ledger_digest)s, %(chain)s,
            %(postings)s, %(time_zone)s, %(issuers)s::jsonb, %(digest)s, %(by)s, %(now)s)
"""

SAVE_STATEMENTS = """
    insert into loyalty_statement
           (id, programme_id, partner_id, begins_at, ends_at, content, due_minor, currency, due_on,
            digest)
    select id, %(programme_id)s, partner_id, %(begins_at)s, %(ends_at)s, content, due_minor,
           %(currency)s, due_on, digest
      from unnest(%(ids)s::uuid[], %(partners)s::uuid[], %(contents)s::jsonb[],
                  %(dues)s::bigint[], %(due_ons)s::date[], %(digests)s::bytea[])
           as made (id, partner_id, content, due_minor, due_on, digest)
"""

GET_STATEMENT = """
    select id, programme_id, partner_id, begins_at, ends_at, content, due_minor, currency, due_on,
           digest
      from loyalty_statement
     where id = %(id)s
"""

# uq_loyalty_statement_period.
STATEMENTS_OF_CLOSING = """
    select id, programme_id, partner_id, begins_at, ends_at, content, due_minor, currency, due_on,
           digest
      from loyalty_statement
     where programme_id = %(programme_id)s
       and begins_at = %(begins_at)s
     order by partner_id
"""

# Of a partner, the latest first; ix_loyalty_statement_partner.
LIST_STATEMENTS = """
    select id, programme_id, partner_id, begins_at, ends_at, content, due_minor, currency, due_on,
           digest
      from loyalty_statement
     where partner_id = %(partner_id)s
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and (%(before_at)s::timestamptz is null
            or (begins_at, id) < (%(before_at)s, %(before_id)s::uuid))
     order by begins_at desc, id desc
     limit %(limit)s
"""

# uq_loyalty_statement_payment_reference leads by the statement.
PAID = """
    select statement_id, sum(amount_minor)::bigint as paid
      from loyalty_statement_payment
     where statement_id = any(%(ids)s::uuid[])
     group by statement_id
"""

LIST_PAYMENTS = """
    select id, statement_id, amount_minor, paid_on, reference, recorded_at
      from loyalty_statement_payment
     where statement_id = %(statement_id)s
     order by recorded_at, id
"""

SAVE_PAYMENT = """
    insert into loyalty_statement_payment
           (id, statement_id, amount_minor, paid_on, reference, recorded_by, recorded_at)
    values (%(id)s, %(statement_id)s, %(amount_minor)s, %(paid_on)s, %(reference)s, %(by)s, %(now)s)
        on conflict (statement_id, reference) do nothing
"""

FIND_PAYMENT = """
    select id, statement_id, amount_minor, paid_on, reference, recorded_at
      from loyalty_statement_payment
     where statement_id = %(statement_id)s
       and reference = %(reference)s
"""

PROGRAMMES_CLOSED = """
    select programme_id, max(closed_at) as closed_at
      from loyalty_closing
     group by programme_id
     order by programme_id
"""

# In the order of time, in pages; pk_loyalty_closing.
CLOSINGS_AFTER = """
    select programme_id, begins_at, ends_at, ledger_digest, chain, postings, time_zone, issuers,
           digest, closed_at
      from loyalty_closing
     where programme_id = %(programme_id)s
       and (%(after)s::timestamptz is null or begins_at > %(after)s)
     order by begins_at
     limit %(limit)s
"""

# What closed statements and their payments come to, by partner: the books must say the same.
DUE_OF_PARTNERS = """
    select s.partner_id, sum(s.due_minor)::bigint as due,
           sum((s.content ->> 'converted_minor')::bigint)::bigint as converted,
           coalesce(sum(p.paid), 0)::bigint as paid
      from loyalty_statement s
      left join (
            select statement_id, sum(amount_minor) as paid
              from loyalty_statement_payment
             group by statement_id
           ) p on p.statement_id = s.id
     where s.programme_id = %(programme_id)s
     group by s.partner_id
     order by s.partner_id
"""
