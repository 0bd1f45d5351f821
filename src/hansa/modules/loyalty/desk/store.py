"""Statements about all members: segments."""

# One statement for every segment: a filter that is not set is null and lets everybody through.
# Members are walked along pk_loyalty_membership, page by page; what is asked of one is found by the
# keys that begin with (bucket, programme, member). A percent is counted as `offers` count it: the
# base and the best raise of each group, not above the limit.
_MATCHING = """
      from loyalty_membership as membership
      join loyalty_member as member
        on member.bucket = membership.bucket
       and member.id = membership.member_id
      join loyalty_programme as programme on programme.id = membership.programme_id
     where membership.programme_id = %(programme_id)s
       and membership.state = 'active'
       and member.state = 'active'
       and (membership.bucket, membership.member_id)
           > (%(after_bucket)s::smallint, %(after)s::uuid)
       and (%(language)s::text is null or member.language = %(language)s)
       and (%(joined_after)s::timestamptz is null or member.joined_at > %(joined_after)s)
       and (%(random_from)s::integer is null or
            (get_byte(uuid_send(member.id), 12) * 65536
             + get_byte(uuid_send(member.id), 13) * 256
             + get_byte(uuid_send(member.id), 14)) %% 10000 >= %(random_from)s)
       and (%(random_until)s::integer is null or
            (get_byte(uuid_send(member.id), 12) * 65536
             + get_byte(uuid_send(member.id), 13) * 256
             + get_byte(uuid_send(member.id), 14)) %% 10000 < %(random_until)s)
       and (%(offer_id)s::uuid is null or coalesce((
            select switch.is_on
              from loyalty_switch as switch
             where switch.bucket = membership.bucket
               and switch.programme_id = membership.programme_id
               and switch.member_id = membership.member_id
               and switch.offer_id = %(offer_id)s
               and switch.at <= %(now)s
             order by switch.at desc
             limit 1), false))
       and (%(percent_min)s::integer is null or
            greatest(programme.percent, least(programme.percent_max, programme.percent + coalesce((
            select sum(best.percent)
              from (select max(done.percent) as percent
                      from loyalty_completion as done
                     where done.bucket = membership.bucket
                       and done.programme_id = membership.programme_id
                       and done.member_id = membership.member_id
                       and done.is_standing
                       and done.category = ''
                       and done.starts_at <= %(now)s
                       and done.ends_at > %(now)s
                     group by done.stack) as best), 0))) >= %(percent_min)s)
"""

LIST_SEGMENT = (
    """
    select membership.member_id
"""
    + _MATCHING
    + """
     order by membership.bucket, membership.member_id
     limit %(limit)s
"""
)

# Up to a limit: whoever asks wants to know how many there are about, not to wait for it.
COUNT_SEGMENT = (
    """
    select count(*)
      from (select membership.member_id
"""  # noqa: S608 - its parts are constants
    + _MATCHING
    + """
             limit %(limit)s) as found
"""
)
