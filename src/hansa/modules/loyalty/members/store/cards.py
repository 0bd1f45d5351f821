"""SQL of cards."""

# uq_loyalty_card_value. A card printed ahead becomes the member's that shows it first; without a
# programme, one of any.
TAKE_PRINTED = """
    update loyalty_card
       set state = 'active',
           bucket = %(bucket)s,
           member_id = %(member_id)s,
           issued_at = %(now)s
     where value = %(value)s
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and state = 'printed'
       and (expires_at is null or expires_at > %(now)s)
"""

# A number that was drawn before is left out: the caller draws another.
PRINT_CARDS = """
    insert into loyalty_card (id, value, programme_id, last_digits, state, printed_at, expires_at)
    select id, value, %(programme_id)s, last_digits, 'printed', %(now)s, %(expires_at)s
      from unnest(%(ids)s::uuid[], %(values)s::bytea[], %(digits)s::text[])
           as new (id, value, last_digits)
        on conflict (value) do nothing
    returning id
"""

# ix_loyalty_card_member.
LIST_CARDS = """
    select id, value, programme_id, last_digits, state, issued_at, expires_at, ended_at,
           replaced_by
      from loyalty_card
     where bucket = %(bucket)s
       and member_id = %(member_id)s
     order by issued_at desc, id
"""

END_CARD = """
    update loyalty_card
       set state = %(state)s,
           ended_at = %(now)s
     where id = %(id)s
       and bucket = %(bucket)s
       and member_id = %(member_id)s
       and state = 'active'
    returning value
"""

SET_REPLACED = "update loyalty_card set replaced_by = %(new_id)s where id = %(id)s"

FIND_CARD = """
    select id, value, programme_id, last_digits, state, issued_at, expires_at, ended_at,
           replaced_by
      from loyalty_card
     where value = %(value)s
"""

# uq_loyalty_card_value.
PRINTED_OF = """
    select value
      from loyalty_card
     where value = any(%(values)s::bytea[])
       and state = 'printed'
"""

# ix_loyalty_card_expiry; oldest first, so that a slice always gets further.
DUE_CARDS = """
    select id, member_id
      from loyalty_card
     where state = 'active'
       and expires_at <= %(now)s
     order by expires_at, id
     limit %(limit)s
"""

WIPE_CARDS = """
    update loyalty_card
       set value = null,
           last_digits = '',
           ended_at = coalesce(ended_at, %(now)s),
           state = case state when 'active' then 'ended' else state end
     where bucket = %(bucket)s
       and member_id = %(member_id)s
"""

# What an absorbed member has becomes the kept one's, and back.
MOVE_CARDS = """
    update loyalty_card
       set bucket = %(to_bucket)s,
           member_id = %(to_id)s
     where id = any(%(ids)s::uuid[])
       and bucket = %(from_bucket)s
       and member_id = %(from_id)s
"""
