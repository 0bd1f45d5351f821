"""Statements about rules and offers: what is written, what is in force, how it goes."""

REVISION = """
    select revision
      from loyalty_rulebook
"""

# Whoever changes rules or offers holds this row: a revision is seen with all that belongs to it.
CHANGE = """
    update loyalty_rulebook
       set revision = revision + 1
"""

LIST_RULES = """
    select id, version, programme_id, partner_id, code, content, in_force_from, in_force_until
      from loyalty_rule
     order by id, version
"""

LIST_VERSIONS = """
    select version.offer_id, version.version, offer.programme_id, offer.partner_id, offer.code,
           version.content, version.in_force_from, version.in_force_until
      from loyalty_offer_version as version
      join loyalty_offer as offer on offer.id = version.offer_id
     order by version.offer_id, version.version
"""

LIST_VERSIONS_OF = """
    select version.offer_id, version.version, offer.programme_id, offer.partner_id, offer.code,
           version.content, version.in_force_from, version.in_force_until
      from loyalty_offer_version as version
      join loyalty_offer as offer on offer.id = version.offer_id
     where version.offer_id = any(%(offer_ids)s::uuid[])
     order by version.offer_id, version.version
"""

LIST_BUDGETS = """
    select campaign_id
      from loyalty_budget
     order by campaign_id
"""

# Of offers limited in all or by day; sorted, as everything that is locked.
LOCK_TAKEN = """
    insert into loyalty_offer_taken as held (offer_id, day)
    select offer_id, day
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[]) as new (offer_id, day)
     order by offer_id, day
        on conflict (offer_id, day) do update
       set taken = held.taken
 returning offer_id, day, taken
"""

TAKE = """
    update loyalty_offer_taken as held
       set taken = greatest(held.taken + new.places, 0)
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[], %(places)s::bigint[])
        as new (offer_id, day, places)
     where held.offer_id = new.offer_id
       and held.day = new.day
"""

# Rows of a slot belong to one process: nobody waits.
COUNT = """
    insert into loyalty_offer_day as counted
           (offer_id, day, slot, shown, switched_on, completed, uses, points, amount_minor)
    select offer_id, day, %(slot)s, sum(shown), sum(switched_on), sum(completed), sum(uses),
           sum(points), sum(amount_minor)
      from unnest(%(offer_ids)s::uuid[], %(days)s::date[], %(shown)s::bigint[],
                  %(switched_on)s::bigint[], %(completed)s::bigint[], %(uses)s::bigint[],
                  %(points)s::bigint[], %(amounts)s::bigint[])
        as new (offer_id, day, shown, switched_on, completed, uses, points, amount_minor)
     group by offer_id, day
     order by offer_id, day
        on conflict (offer_id, day, slot) do update
       set (shown, switched_on, completed, uses, points, amount_minor)
         = (counted.shown + excluded.shown, counted.switched_on + excluded.switched_on,
            counted.completed + excluded.completed, counted.uses + excluded.uses,
            counted.points + excluded.points, counted.amount_minor + excluded.amount_minor)
"""

GET_OFFER = """
    select id, programme_id, partner_id, code, state, content, refusal, is_live, revision,
           written_by, submitted_at, decided_by, decided_at, created_at, changed_at
      from loyalty_offer
     where id = %(id)s
"""

LOCK_OFFER = """
    select id, programme_id, partner_id, code, state, content, refusal, is_live, revision,
           written_by, submitted_at, decided_by, decided_at, created_at, changed_at
      from loyalty_offer
     where id = %(id)s
       for update
"""

# ix_loyalty_offer_created, or ix_loyalty_offer_partner for the offers of one partner.
LIST_OFFERS = """
    select id, programme_id, partner_id, code, state, content, refusal, is_live, revision,
           written_by, submitted_at, decided_by, decided_at, created_at, changed_at
      from loyalty_offer
     where (%(partner_id)s::uuid is null or partner_id = %(partner_id)s)
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and (%(states)s::text[] is null or state = any(%(states)s))
       and (%(before)s::timestamptz is null or (created_at, id) < (%(before)s, %(before_id)s::uuid))
     order by created_at desc, id desc
     limit %(limit)s
"""

# Who has waited longest comes first: ix_loyalty_offer_review.
LIST_REVIEW = """
    select id, programme_id, partner_id, code, state, content, refusal, is_live, revision,
           written_by, submitted_at, decided_by, decided_at, created_at, changed_at
      from loyalty_offer
     where state = 'in_review'
     order by submitted_at, id
     limit %(limit)s
"""

# Of one partner by ix_loyalty_offer_partner, else all of them: offers are thousands.
COUNT_BY_STATE = """
    select state, count(*) as offers
      from loyalty_offer
     where (%(partner_id)s::uuid is null or partner_id = %(partner_id)s)
     group by state
     order by state
"""

ADD_OFFER = """
    insert into loyalty_offer
           (id, programme_id, partner_id, code, content, written_by, created_at, changed_at)
    values (%(id)s, %(programme_id)s, %(partner_id)s, %(code)s, %(content)s::jsonb, %(by)s,
            %(now)s, %(now)s)
        on conflict (partner_id, code) do nothing
"""

WRITE_OFFER = """
    update loyalty_offer
       set (content, state, refusal, written_by, changed_at, revision)
         = (%(content)s::jsonb, %(state)s, '', %(by)s, %(now)s, revision + 1)
     where id = %(id)s
"""

SET_STATE = """
    update loyalty_offer
       set state = %(state)s, is_live = %(is_live)s, refusal = %(refusal)s, changed_at = %(now)s,
           submitted_at = case when %(act)s = 'submit' then %(now)s else submitted_at end,
           decided_by = case when %(act)s in ('approve', 'refuse') then %(by)s::uuid
                             else decided_by end,
           decided_at = case when %(act)s in ('approve', 'refuse') then %(now)s else decided_at end,
           content = coalesce(%(content)s::jsonb, content)
     where id = %(id)s
"""

CLOSE_VERSION = """
    update loyalty_offer_version
       set in_force_until = greatest(%(now)s, in_force_from)
     where offer_id = %(id)s
       and in_force_until is null
"""

ADD_VERSION = """
    insert into loyalty_offer_version
           (offer_id, version, content, in_force_from, approved_by, approved_at)
    select %(id)s, coalesce(max(version), 0) + 1, %(content)s::jsonb, %(now)s, %(by)s, %(now)s
      from loyalty_offer_version
     where offer_id = %(id)s
"""

LIST_APPROVALS = """
    select version, in_force_from, in_force_until, approved_by, approved_at
      from loyalty_offer_version
     where offer_id = %(id)s
     order by version desc
     limit %(limit)s
"""

# What is approved and begins, and what is over; few rows: ix_loyalty_offer_live.
LIST_DUE = """
    select offer.id,
           coalesce((version.content #>> '{schedule,ends_at}')::timestamptz <= %(now)s, false)
               as is_over
      from loyalty_offer as offer
      join loyalty_offer_version as version on version.offer_id = offer.id
                                           and version.in_force_until is null
     where offer.is_live
       and ((version.content #>> '{schedule,ends_at}')::timestamptz <= %(now)s
           or (offer.state = 'approved'
               and (version.content #>> '{schedule,starts_at}')::timestamptz <= %(now)s))
     order by offer.id
     limit %(limit)s
"""

# A day's row for each slot that had to do with it: some hundred rows a month at most.
RESULTS = """
    select offer_id, sum(shown)::bigint as shown, sum(switched_on)::bigint as switched_on,
           sum(completed)::bigint as completed, sum(uses)::bigint as uses,
           sum(points)::bigint as points, sum(amount_minor)::bigint as amount_minor
      from loyalty_offer_day
     where offer_id = any(%(offer_ids)s::uuid[])
       and day >= %(since)s
     group by offer_id
     order by offer_id
"""

RESULTS_BY_DAY = """
    select day, sum(shown)::bigint as shown, sum(switched_on)::bigint as switched_on,
           sum(completed)::bigint as completed, sum(uses)::bigint as uses,
           sum(points)::bigint as points, sum(amount_minor)::bigint as amount_minor
      from loyalty_offer_day
     where offer_id = %(offer_id)s
       and day >= %(since)s
     group by day
     order by day
"""

# Rules that partners' actions complete: few offers per partner, ix_loyalty_offer_partner.
LIST_REPORTED = """
    select version.offer_id, version.version, offer.programme_id, offer.partner_id, offer.code,
           version.content, version.in_force_from, version.in_force_until
      from loyalty_offer as offer
      join loyalty_offer_version as version on version.offer_id = offer.id
     where offer.partner_id = any(%(partner_ids)s::uuid[])
       and version.content #>> '{condition,kind}' in ('action', 'visit')
       and version.content #>> '{condition,code}' = any(%(codes)s::text[])
     order by version.offer_id, version.version
"""

ADD_ACTIONS = """
    insert into loyalty_action
           (owner_id, key, programme_id, member_id, code, amount_minor, happened_at, recorded_at)
    select owner_id, key, programme_id, member_id, code, amount_minor, happened_at, %(now)s
      from unnest(%(owner_ids)s::uuid[], %(keys)s::text[], %(programme_ids)s::uuid[],
                  %(member_ids)s::uuid[], %(codes)s::text[], %(amounts)s::bigint[],
                  %(ats)s::timestamptz[])
        as new (owner_id, key, programme_id, member_id, code, amount_minor, happened_at)
     order by owner_id, key
        on conflict (owner_id, key) do nothing
 returning owner_id, key
"""

LIST_ACTIONS = """
    select action.owner_id, action.key, action.programme_id, action.member_id, action.code,
           action.amount_minor, action.happened_at, action.offer_ids
      from unnest(%(owner_ids)s::uuid[], %(keys)s::text[]) as wanted (owner_id, key)
      join loyalty_action as action using (owner_id, key)
"""

SAVE_ACTION_OFFERS = """
    update loyalty_action as action
       set offer_ids = array(select jsonb_array_elements_text(new.offers::jsonb)::uuid)
      from unnest(%(owner_ids)s::uuid[], %(keys)s::text[], %(offers)s::text[])
        as new (owner_id, key, offers)
     where action.owner_id = new.owner_id
       and action.key = new.key
"""

LIST_CURRENT_RULES = """
    select id, version, programme_id, partner_id, code, content, in_force_from, in_force_until
      from loyalty_rule
     where in_force_until is null
       and (%(programme_id)s::uuid is null or programme_id = %(programme_id)s)
       and (%(after)s::text is null or (code, id) > (%(after)s, %(after_id)s::uuid))
     order by code, id
     limit %(limit)s
"""

LIST_RULE_VERSIONS = """
    select id, version, programme_id, partner_id, code, content, in_force_from, in_force_until
      from loyalty_rule
     where id = %(id)s
     order by version desc
     limit %(limit)s
"""

CLOSE_RULE = """
    update loyalty_rule
       set in_force_until = greatest(%(now)s, in_force_from)
     where id = %(id)s
       and in_force_until is null
"""

ADD_RULE = """
    insert into loyalty_rule
           (id, version, programme_id, partner_id, code, content, in_force_from, written_by,
            written_at)
    select %(id)s, coalesce(max(version), 0) + 1, %(programme_id)s, %(partner_id)s, %(code)s,
           %(content)s::jsonb, %(now)s, %(by)s, %(now)s
      from loyalty_rule
     where id = %(id)s
"""

RULE_OF_CODE = """
    select id
      from loyalty_rule
     where programme_id = %(programme_id)s
       and code = %(code)s
       and in_force_until is null
       and id <> %(id)s
"""

HAS_BUDGET = """
    select campaign_id
      from loyalty_budget
     where campaign_id = %(id)s
"""

LIVE_DIFFER = """
    select offer.id, offer.code, offer.state, offer.is_live, count(version.version) as open_versions
      from loyalty_offer as offer
      left join loyalty_offer_version as version on version.offer_id = offer.id
                                                and version.in_force_until is null
     group by offer.id, offer.code, offer.state, offer.is_live
    having offer.is_live <> (count(version.version) = 1)
     order by offer.id
     limit %(limit)s
"""
