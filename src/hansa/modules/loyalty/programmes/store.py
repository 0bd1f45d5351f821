"""Every SQL statement of programmes and partners."""

LIST_PROGRAMMES = """
    select id, number, code, name, unit, currency, point_minor, percent, percent_max,
           lifetime_months, pending_days, settle_at, return_policy, time_zone, market, is_open
      from loyalty_programme
     order by number
"""

LIST_PARTNERS = """
    select id, number, code, name, about, category, picture, site, is_active, position
      from loyalty_partner
     order by position, number
"""

LIST_PARTICIPATIONS = """
    select programme_id, partner_id, earns, spends, billing, issue_price, redeem_price, percent,
           pending_days, return_policy, share_max, alert_points, is_active
      from loyalty_participation
     order by programme_id, partner_id
"""

SAVE_PROGRAMME = """
    insert into loyalty_programme
           (id, number, code, name, unit, currency, point_minor, percent, percent_max,
            lifetime_months, pending_days, settle_at, return_policy, time_zone, market, is_open,
            changed_at)
    values (%(id)s, %(number)s, %(code)s, %(name)s::jsonb, %(unit)s::jsonb, %(currency)s,
            %(point_minor)s, %(percent)s, %(percent_max)s, %(lifetime_months)s, %(pending_days)s,
            %(settle_at)s, %(return_policy)s, %(time_zone)s, %(market)s, %(is_open)s, %(now)s)
        on conflict (id) do update
       set (name, unit, percent, percent_max, lifetime_months, pending_days, return_policy,
            time_zone, market, is_open, changed_at)
         = (excluded.name, excluded.unit, excluded.percent, excluded.percent_max,
            excluded.lifetime_months, excluded.pending_days, excluded.return_policy,
            excluded.time_zone, excluded.market, excluded.is_open, excluded.changed_at)
"""

SAVE_PARTNER = """
    insert into loyalty_partner
           (id, number, code, name, about, category, picture, site, is_active, position, changed_at)
    values (%(id)s, %(number)s, %(code)s, %(name)s::jsonb, %(about)s::jsonb, %(category)s,
            %(picture)s, %(site)s, %(is_active)s, %(position)s, %(now)s)
        on conflict (id) do update
       set (name, about, category, picture, site, is_active, position, changed_at)
         = (excluded.name, excluded.about, excluded.category, excluded.picture, excluded.site,
            excluded.is_active, excluded.position, excluded.changed_at)
"""

SAVE_PARTICIPATION = """
    insert into loyalty_participation
           (programme_id, partner_id, earns, spends, billing, issue_price, redeem_price, percent,
            pending_days, return_policy, share_max, alert_points, is_active, changed_at)
    values (%(programme_id)s, %(partner_id)s, %(earns)s, %(spends)s, %(billing)s, %(issue_price)s,
            %(redeem_price)s, %(percent)s, %(pending_days)s, %(return_policy)s, %(share_max)s,
            %(alert_points)s, %(is_active)s, %(now)s)
        on conflict (programme_id, partner_id) do update
       set (earns, spends, billing, issue_price, redeem_price, percent, pending_days,
            return_policy, share_max, alert_points, is_active, changed_at)
         = (excluded.earns, excluded.spends, excluded.billing, excluded.issue_price,
            excluded.redeem_price, excluded.percent, excluded.pending_days,
            excluded.return_policy, excluded.share_max, excluded.alert_points,
            excluded.is_active, excluded.changed_at)
"""

# Prices that hold from now on; the same as before are no new version.
ADD_TERMS_VERSION = """
    insert into loyalty_terms_version
           (programme_id, partner_id, from_at, billing, issue_price, redeem_price)
    select %(programme_id)s, %(partner_id)s, %(now)s, %(billing)s, %(issue_price)s,
           %(redeem_price)s
     where (%(billing)s::text, %(issue_price)s::numeric(20,6), %(redeem_price)s::numeric(20,6))
           is distinct from
           (select (billing, issue_price, redeem_price)
              from loyalty_terms_version
             where programme_id = %(programme_id)s
               and partner_id = %(partner_id)s
             order by from_at desc
             limit 1)
        on conflict (programme_id, partner_id, from_at) do update
       set (billing, issue_price, redeem_price)
         = (excluded.billing, excluded.issue_price, excluded.redeem_price)
"""

# Each holds until the next of its partner; pk_loyalty_terms_version.
LIST_TERMS_VERSIONS = """
    select partner_id, from_at,
           lead(from_at) over (partition by partner_id order by from_at) as until_at,
           billing, issue_price, redeem_price
      from loyalty_terms_version
     where programme_id = %(programme_id)s
     order by partner_id, from_at
"""
