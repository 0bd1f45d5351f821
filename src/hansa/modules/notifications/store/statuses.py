"""Statements about what push services tell afterwards."""

# A status counts once however often it is told: pk_notifications_status. One of a delivery that is
# not ours leaves no row.
KEEP = """
    insert into notifications_status (request_id, status, status_at, error, received_at)
    select delivery.id, %(status)s, %(status_at)s, %(error)s, %(now)s
      from notifications_delivery as delivery
     where delivery.id = %(request_id)s
        on conflict (request_id, status) do nothing
"""

# Statuses come in any order: what was read was delivered.
APPLY = """
    update notifications_delivery
       set state = %(state)s,
           reason = %(reason)s,
           changed_at = %(now)s
     where id = %(request_id)s
       and state <> 'read'
       and not (state = 'delivered' and %(state)s <> 'read')
"""

# ix_notifications_status_received.
FORGET = """
    delete from notifications_status
     where (request_id, status) in (
               select request_id, status
                 from notifications_status
                where received_at < %(before)s
                order by received_at
                limit %(limit)s)
"""
