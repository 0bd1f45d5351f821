"""Statements about people, their devices and what they want to get."""

SAVE_PERSON = """
    insert into notifications_person as held (member_id, party_id, created_at, changed_at)
    values (%(member_id)s, %(party_id)s, %(now)s, %(now)s)
        on conflict (member_id) do update
       set party_id = excluded.party_id, changed_at = excluded.changed_at
     where held.party_id <> excluded.party_id
"""

# uq_notifications_device_address: the same token belongs to whoever signed in there last.
SAVE_DEVICE = """
    insert into notifications_device as held
           (id, member_id, party_id, channel, address, address_digest, key_public, key_auth,
            installation, app_version, language, time_zone, created_at, seen_at)
    values (%(id)s, %(member_id)s, %(party_id)s, %(channel)s, %(address)s, %(digest)s,
            %(key_public)s, %(key_auth)s, %(installation)s, %(app_version)s, %(language)s,
            %(time_zone)s, %(now)s, %(now)s)
        on conflict (channel, address_digest) do update
       set member_id = excluded.member_id,
           party_id = excluded.party_id,
           key_public = excluded.key_public,
           key_auth = excluded.key_auth,
           installation = excluded.installation,
           app_version = excluded.app_version,
           language = excluded.language,
           time_zone = excluded.time_zone,
           created_at = case when held.member_id = excluded.member_id
                             then held.created_at else excluded.created_at end,
           seen_at = excluded.seen_at
 returning id, (xmax = 0) as is_new
"""

COUNT_DEVICES = "select count(*) from notifications_device where member_id = %(member_id)s"

TOUCH_DEVICE = """
    update notifications_device
       set seen_at = %(now)s,
           app_version = coalesce(%(app_version)s, app_version),
           language = coalesce(%(language)s, language),
           time_zone = coalesce(%(time_zone)s, time_zone)
     where id = %(id)s
       and member_id = %(member_id)s
"""

REMOVE_DEVICE = """
    delete from notifications_device
     where id = %(id)s
       and member_id = %(member_id)s
"""

# A push service said that the address is dead. One that was registered anew meanwhile stays.
REMOVE_GONE = """
    delete from notifications_device
     where id = %(id)s
       and seen_at <= %(sent_at)s
"""

# ix_notifications_device_member; the device heard of last first.
LIST_DEVICES = """
    select id, member_id, channel, address, key_public, key_auth, installation, app_version,
           language, time_zone, created_at, seen_at
      from notifications_device
     where member_id = any(%(member_ids)s::uuid[])
     order by member_id, seen_at desc, id
"""

# ix_notifications_device_seen.
FORGET_UNSEEN = """
    delete from notifications_device
     where id in (
               select id
                 from notifications_device
                where seen_at < %(before)s
                order by seen_at
                limit %(limit)s)
"""

FORGET_PERSONS = """
    delete from notifications_person
     where member_id = any(%(member_ids)s::uuid[])
"""

# Two members are one now: ix_notifications_device_member, ix_notifications_message_member.
MOVE_DEVICES = """
    update notifications_device
       set member_id = %(keep_id)s
     where member_id = %(absorb_id)s
"""

MOVE_MESSAGES = """
    update notifications_message
       set member_id = %(keep_id)s
     where member_id = %(absorb_id)s
       and state = 'waiting'
"""

# And two again: a device goes back to whoever signed in there.
RETURN_DEVICES = """
    update notifications_device
       set member_id = %(absorb_id)s
     where member_id = %(keep_id)s
       and party_id = %(party_id)s
"""

# Those who can be reached at all: a live device is enough. ix_notifications_device_member.
REACHABLE = """
    select person.member_id
      from notifications_person as person
     where person.member_id = any(%(member_ids)s::uuid[])
       and exists (select 1
                     from notifications_device as device
                    where device.member_id = person.member_id
                      and device.seen_at > %(seen_after)s)
     order by person.member_id
"""

PERSON = """
    select member_id, party_id
      from notifications_person
     where member_id = %(member_id)s
"""

# Sorted, so that two senders never wait in a circle.
LOCK_PERSONS = """
    select member_id, party_id
      from notifications_person
     where member_id = any(%(member_ids)s::uuid[])
     order by member_id
       for update
"""

LIST_PREFERENCES = """
    select member_id, kind, channel, is_on
      from notifications_preference
     where member_id = any(%(member_ids)s::uuid[])
     order by member_id, kind, channel
"""

SAVE_PREFERENCE = """
    insert into notifications_preference (member_id, kind, channel, is_on, changed_at)
    values (%(member_id)s, %(kind)s, %(channel)s, %(is_on)s, %(now)s)
        on conflict (member_id, kind, channel) do update
       set is_on = excluded.is_on, changed_at = excluded.changed_at
"""

# The first process that needs a pair makes it; whoever comes second reads that one.
KEEP_KEY = """
    insert into notifications_key (name, public, sealed, created_at)
    values (%(name)s, %(public)s, %(sealed)s, %(now)s)
        on conflict (name) do nothing
"""

GET_KEY = """
    select public, sealed
      from notifications_key
     where name = %(name)s
"""

# How many can be reached by each channel, and how many not any more.
COUNT_BY_CHANNEL = """
    select channel,
           count(*) filter (where seen_at > %(seen_after)s) as live,
           count(*) filter (where seen_at <= %(seen_after)s) as stale,
           count(distinct member_id) filter (where seen_at > %(seen_after)s) as people
      from notifications_device
     group by channel
     order by channel
"""
