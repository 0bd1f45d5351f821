"""Receipts that wait for their buyer to be known."""

# By primary key: is a receipt waiting already?
FIND_UNCLAIMED = """
    select u.partner_id, u.receipt
      from unnest(%(partners)b::uuid[], %(receipts)b::text[]) as asked (partner_id, receipt)
      join loyalty_unclaimed u using (partner_id, receipt)
"""

# Nothing returned: another process kept the same receipt meanwhile.
ADD_UNCLAIMED = """
    insert into loyalty_unclaimed
           (partner_id, receipt, programme_id, ref, happened_at, content, kept_at)
    values (%(partner_id)s, %(receipt)s, %(programme_id)s, %(ref)s, %(happened_at)s, %(content)s,
            %(now)s)
        on conflict (partner_id, receipt) do nothing
    returning receipt
"""

# Those whose buyer is known by now, of one member or of all; ix_loyalty_unclaimed_ref or
# pk_loyalty_reference, whichever side is smaller. A page goes on after the last receipt.
CLAIMABLE = """
    select u.partner_id, u.receipt, u.programme_id, u.happened_at, u.content, r.member_id
      from loyalty_unclaimed u
      join loyalty_reference r
        on r.value = u.ref
     where u.happened_at >= greatest(r.added_at, u.kept_at) - %(days_back)s::interval
       and (%(member_id)s::uuid is null or r.member_id = %(member_id)s)
       and (u.partner_id, u.receipt) > (%(after_partner_id)s::uuid, %(after_receipt)s)
     order by u.partner_id, u.receipt
     limit %(limit)s
"""

DROP_UNCLAIMED = """
    delete from loyalty_unclaimed
     where partner_id = %(partner_id)s
       and receipt = %(receipt)s
"""

# ix_loyalty_unclaimed_kept.
FORGET_UNCLAIMED = """
    delete from loyalty_unclaimed
     where kept_at < %(kept_before)s
"""
