"""Statements about templates and the rules of sending."""

LIST = """
    select code, texts, is_on
      from notifications_template
     order by code
"""

SAVE = """
    insert into notifications_template (code, texts, is_on, changed_at)
    values (%(code)s, %(texts)s::jsonb, %(is_on)s, %(now)s)
        on conflict (code) do update
       set texts = excluded.texts, is_on = excluded.is_on, changed_at = excluded.changed_at
"""

POLICY = """
    select quiet_from, quiet_until, day_max, week_max, time_zone
      from notifications_policy
     where id = 1
"""

SAVE_POLICY = """
    insert into notifications_policy
           (id, quiet_from, quiet_until, day_max, week_max, time_zone, changed_at)
    values (1, %(quiet_from)s, %(quiet_until)s, %(day_max)s, %(week_max)s, %(time_zone)s, %(now)s)
        on conflict (id) do update
       set quiet_from = excluded.quiet_from,
           quiet_until = excluded.quiet_until,
           day_max = excluded.day_max,
           week_max = excluded.week_max,
           time_zone = excluded.time_zone,
           changed_at = excluded.changed_at
"""
