"""Statements about offers measured against their control groups."""

GET_COMPARISON = """
    select result
      from loyalty_offer_comparison
     where offer_id = %(offer_id)s
"""

KEEP_COMPARISON = """
    insert into loyalty_offer_comparison (offer_id, result, measured_at)
    values (%(offer_id)s, %(result)s::jsonb, %(now)s)
        on conflict (offer_id) do update
       set (result, measured_at) = (excluded.result, excluded.measured_at)
"""
