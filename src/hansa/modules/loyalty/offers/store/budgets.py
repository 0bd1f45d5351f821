"""Statements about budgets: what a campaign may give in all, and the slices of it lent to slots."""

# The hot path locks these alone, in order of campaigns; other slots have rows of their own.
LOCK_LEASES = """
    select campaign_id, leased, spent
      from loyalty_budget_lease
     where slot = %(slot)s
       and campaign_id = any(%(campaign_ids)s::uuid[])
     order by campaign_id
       for update
"""

# For a campaign that has a budget and of which this slot has had nothing yet.
OPEN_LEASES = """
    insert into loyalty_budget_lease (slot, campaign_id, used_at)
    select %(slot)s, campaign_id, %(now)s
      from loyalty_budget
     where campaign_id = any(%(campaign_ids)s::uuid[])
     order by campaign_id
        on conflict (slot, campaign_id) do nothing
"""

# Not `for update`: that would wait for whoever opens a lease, whose foreign key looks at the row.
LOCK_BUDGETS = """
    select campaign_id, total, leased
      from loyalty_budget
     where campaign_id = any(%(campaign_ids)s::uuid[])
     order by campaign_id
       for no key update
"""

LEASE = """
    update loyalty_budget as budget
       set leased = budget.leased + new.points
      from unnest(%(campaign_ids)s::uuid[], %(points)s::bigint[]) as new (campaign_id, points)
     where budget.campaign_id = new.campaign_id
"""

SPEND = """
    update loyalty_budget_lease as lease
       set leased = lease.leased + new.leased, spent = lease.spent + new.spent, used_at = %(now)s
      from unnest(%(campaign_ids)s::uuid[], %(leased)s::bigint[], %(spent)s::bigint[])
        as new (campaign_id, leased, spent)
     where lease.slot = %(slot)s
       and lease.campaign_id = new.campaign_id
"""

SAVE_BUDGET = """
    insert into loyalty_budget (campaign_id, programme_id, total, changed_at)
    values (%(campaign_id)s, %(programme_id)s, %(total)s, %(now)s)
        on conflict (campaign_id) do update
       set (total, changed_at) = (excluded.total, excluded.changed_at)
"""

LOCK_BUDGET = """
    select campaign_id, total, leased
      from loyalty_budget
     where campaign_id = %(campaign_id)s
       for no key update
"""

# Slices that nobody has used for a while. A campaign has 64 rows at most: all are looked at.
LIST_IDLE = """
    select slot, campaign_id
      from loyalty_budget_lease
     where used_at < %(before)s
       and leased <> spent
     order by slot, campaign_id
     limit %(limit)s
"""

TAKE_IDLE = """
    select slot, campaign_id, leased, spent
      from loyalty_budget_lease
     where slot = %(slot)s
       and campaign_id = %(campaign_id)s
       and used_at < %(before)s
       for update
"""

SPENT = """
    select budget.campaign_id, budget.total, budget.leased, coalesce(sum(lease.spent), 0) as spent
      from loyalty_budget as budget
      left join loyalty_budget_lease as lease on lease.campaign_id = budget.campaign_id
     where budget.campaign_id = any(%(campaign_ids)s::uuid[])
     group by budget.campaign_id, budget.total, budget.leased
     order by budget.campaign_id
"""

# What is lent out is the sum of the slices, and nobody has spent more than that.
BUDGETS_DIFFER = """
    select budget.campaign_id, budget.total, budget.leased,
           coalesce(sum(lease.leased), 0) as lent, coalesce(sum(lease.spent), 0) as spent
      from loyalty_budget as budget
      left join loyalty_budget_lease as lease on lease.campaign_id = budget.campaign_id
     group by budget.campaign_id, budget.total, budget.leased
    having budget.leased <> coalesce(sum(lease.leased), 0)
        or coalesce(sum(lease.spent), 0) > budget.leased
        or coalesce(sum(lease.spent), 0) < 0
        or budget.leased > budget.total
     order by budget.campaign_id
     limit %(limit)s
"""
