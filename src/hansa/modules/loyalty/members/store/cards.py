"""SQL of cards."""

# uq_loyalty_card_value. A card printed ahead becomes the member's that shows it first.
TAKE_PRINTED = """
    update loyalty_card
       set state = 'active',
           bucket = %(bucket)s,
           member_id = %(member_id)s,
           issued_at = %(now)s
     where value = %(value)s
       and programme_id = %(programme_id)s
       and state = 'printed'
       and (expires_at is null or expires_at > %(now)s)
"""
