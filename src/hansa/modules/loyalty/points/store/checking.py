"""Lots and receipts in pages, to be compared with the ledger's books."""

LOTS_OF_BUCKET = """
    select id, account_id, ledger, issuer, remaining, held
      from loyalty_lot
     where bucket = %(bucket)s
     order by id
"""

# In pages by primary key: their contents are read and proven in memory.
RECEIPTS_PAGE = """
    select partner_id, receipt, programme_id, bucket, member_id, account_id, happened_at, version,
           content
      from loyalty_receipt
     where (partner_id, receipt) > (%(partner_id)s, %(receipt)s)
     order by partner_id, receipt
     limit %(limit)s
"""
