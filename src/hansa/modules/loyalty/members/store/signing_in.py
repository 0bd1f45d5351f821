"""SQL of one-time codes."""

# ix_loyalty_sign_in_phone and ix_loyalty_sign_in_address; the caller holds the locks of both, so
# that nobody slips past the limit beside another.
COUNT_RECENT = """
    select (select count(*)
              from loyalty_sign_in
             where phone_value = %(phone_value)s
               and made_at > %(since)s) as of_phone,
           (select count(*)
              from loyalty_sign_in
             where address_value = %(address_value)s
               and made_at > %(since)s) as of_address
"""

ADD_SIGN_IN = """
    insert into loyalty_sign_in
           (id, phone_value, address_value, sealed_phone, language, made_at, expires_at)
    values (%(id)s, %(phone_value)s, %(address_value)s, %(sealed_phone)s, %(language)s, %(now)s,
            %(expires_at)s)
"""

GET_UNSENT = """
    select id, sealed_phone, language, expires_at
      from loyalty_sign_in
     where id = %(id)s
       and sealed_phone is not null
"""

SET_SENT = """
    update loyalty_sign_in
       set sealed_phone = null,
           sent_at = %(now)s
     where id = %(id)s
"""

# Counted before it is compared, so that two guesses at once are two.
TRY_CODE = """
    update loyalty_sign_in
       set attempts = attempts + 1
     where id = %(id)s
       and used_at is null
       and attempts < %(attempts_max)s
       and expires_at > %(now)s
    returning phone_value
"""

USE_CODE = """
    update loyalty_sign_in
       set used_at = %(now)s
     where id = %(id)s
       and used_at is null
    returning id
"""

FORGET_PHONES = """
    delete from loyalty_sign_in
     where phone_value in (
               select value
                 from loyalty_reference_past
                where bucket = %(bucket)s
                  and member_id = %(member_id)s
                  and kind = 'phone')
"""

# ix_loyalty_sign_in_made.
FORGET_SIGN_INS = """
    delete from loyalty_sign_in
     where id in (
               select id
                 from loyalty_sign_in
                where made_at < %(before)s
                order by made_at
                limit %(limit)s)
"""

SHOW_CODE = """
    insert into loyalty_code_shown (id, phone, code, shown_at)
    values (%(id)s, %(phone)s, %(code)s, %(now)s)
        on conflict (id) do nothing
"""

# ix_loyalty_code_shown.
LIST_SHOWN = """
    select id, phone, code, shown_at
      from loyalty_code_shown
     order by shown_at desc, id
     limit %(limit)s
"""

FORGET_SHOWN = "delete from loyalty_code_shown where shown_at < %(before)s"
