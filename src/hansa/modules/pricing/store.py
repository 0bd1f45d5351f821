"""Every SQL statement of pricing, and how rows become values."""

from hansa.kernel.periods import Period
from hansa.modules.pricing.model import CustomerGroup, Price, PriceChange, PriceKey, PriceList
from hansa.runtime.database import Row

SAVE_GROUPS = """
    insert into pricing_group as held (code, name, changed_at)
    select new.code, new.name::jsonb, %(now)s
      from unnest(%(codes)s::text[], %(names)s::text[]) as new (code, name)
     order by new.code
        on conflict (code) do update
       set name = excluded.name, changed_at = excluded.changed_at
     where held.name <> excluded.name
"""

GROUPS = """
    select code, name
      from pricing_group
     order by code
"""

SET_MEMBER = """
    insert into pricing_member as held (party_id, group_code, changed_at)
    values (%(party_id)s, %(group)s, %(now)s)
        on conflict (party_id) do update
       set group_code = excluded.group_code, changed_at = excluded.changed_at
     where held.group_code <> excluded.group_code
"""

REMOVE_MEMBER = """
    delete from pricing_member
     where party_id = %(party_id)s
"""

GROUP_OF_PARTY = """
    select group_code
      from pricing_member
     where party_id = %(party_id)s
"""

LISTS = """
    select id, code, name, market, currency, customer_group, priority, is_active, valid_from,
           valid_until
      from pricing_list
     order by market, code
"""

# Two saves of lists must not give one market two currencies.
LOCK_LISTS = "select pg_advisory_xact_lock(hashtext('pricing_list'))"

SAVE_LIST = """
    insert into pricing_list as held
           (id, code, name, market, currency, customer_group, priority, is_active, valid_from,
            valid_until, was_effective, changed_at)
    values (%(id)s, %(code)s, %(name)s::text::jsonb, %(market)s, %(currency)s, %(customer_group)s,
            %(priority)s, %(is_active)s, %(valid_from)s, %(valid_until)s, %(was_effective)s,
            %(now)s)
        on conflict (id) do update
       set code = excluded.code, name = excluded.name, market = excluded.market,
           currency = excluded.currency, customer_group = excluded.customer_group,
           priority = excluded.priority, is_active = excluded.is_active,
           valid_from = excluded.valid_from, valid_until = excluded.valid_until,
           was_effective = excluded.was_effective, changed_at = excluded.changed_at
"""

# A list whose period began or ended since the last look.
FLIP_LISTS = """
    update pricing_list
       set was_effective = not was_effective
     where was_effective is distinct from
           (is_active
            and (valid_from is null or valid_from <= %(now)s)
            and (valid_until is null or %(now)s < valid_until))
 returning id, market
"""

ENSURE_PROFILES = """
    insert into pricing_profile (market, customer_group)
    select distinct market, customer_group
      from (select market, customer_group from pricing_list
             union
            select market, null from pricing_list) as needed
     where not exists (select
                         from pricing_profile as held
                        where held.market = needed.market
                          and held.customer_group is not distinct from needed.customer_group)
        on conflict do nothing
 returning id
"""

PROFILES = """
    select id, market, customer_group
      from pricing_profile
     order by id
"""

VARIANTS_OF_LISTS = """
    select distinct variant_id
      from pricing_price
     where price_list_id = any(%(ids)s::uuid[])
"""

# --- prices ---------------------------------------------------------------------------------------

# Sorted by key, so that two batches cannot wait for each other in a circle.
LOCK_PRICES = """
    select held.price_list_id, held.variant_id, held.min_quantity, held.amount, held.compare_at,
           held.is_overridden
      from pricing_price as held
      join unnest(%(list_ids)s::uuid[], %(variant_ids)s::uuid[], %(quantities)s::numeric[])
        as named (price_list_id, variant_id, min_quantity)
     using (price_list_id, variant_id, min_quantity)
     order by held.variant_id, held.price_list_id, held.min_quantity
       for update of held
"""

SAVE_PRICES = """
    insert into pricing_price
           (price_list_id, variant_id, min_quantity, amount, compare_at, is_overridden, changed_at)
    select new.price_list_id, new.variant_id, new.min_quantity, new.amount, new.compare_at,
           %(by_person)s, %(now)s
      from unnest(%(list_ids)s::uuid[], %(variant_ids)s::uuid[], %(quantities)s::numeric[],
                  %(amounts)s::numeric[], %(compare_at)s::numeric[])
        as new (price_list_id, variant_id, min_quantity, amount, compare_at)
     order by new.variant_id, new.price_list_id, new.min_quantity
        on conflict (variant_id, price_list_id, min_quantity) do update
       set amount = excluded.amount, compare_at = excluded.compare_at,
           is_overridden = excluded.is_overridden, changed_at = excluded.changed_at
"""

REMEMBER_CHANGES = """
    insert into pricing_price_change
           (price_list_id, variant_id, min_quantity, amount_before, amount_after,
            compare_at_before, compare_at_after, changed_by, changed_at)
    select new.price_list_id, new.variant_id, new.min_quantity, new.amount_before,
           new.amount_after, new.compare_at_before, new.compare_at_after, %(by)s, %(now)s
      from unnest(%(list_ids)s::uuid[], %(variant_ids)s::uuid[], %(quantities)s::numeric[],
                  %(amounts_before)s::numeric[], %(amounts_after)s::numeric[],
                  %(compare_at_before)s::numeric[], %(compare_at_after)s::numeric[])
        as new (price_list_id, variant_id, min_quantity, amount_before, amount_after,
                compare_at_before, compare_at_after)
"""

DELETE_PRICES = """
    delete from pricing_price
     using unnest(%(list_ids)s::uuid[], %(variant_ids)s::uuid[], %(quantities)s::numeric[])
        as named (price_list_id, variant_id, min_quantity)
     where pricing_price.price_list_id = named.price_list_id
       and pricing_price.variant_id = named.variant_id
       and pricing_price.min_quantity = named.min_quantity
"""

RESET_OVERRIDES = """
    update pricing_price
       set is_overridden = false
      from unnest(%(list_ids)s::uuid[], %(variant_ids)s::uuid[], %(quantities)s::numeric[])
        as named (price_list_id, variant_id, min_quantity)
     where pricing_price.price_list_id = named.price_list_id
       and pricing_price.variant_id = named.variant_id
       and pricing_price.min_quantity = named.min_quantity
"""

PRICES_OF_VARIANTS = """
    select price_list_id, variant_id, min_quantity, amount, compare_at, is_overridden
      from pricing_price
     where variant_id = any(%(variant_ids)s::uuid[])
       and (%(list_ids)s::uuid[] is null or price_list_id = any(%(list_ids)s::uuid[]))
     order by variant_id, price_list_id, min_quantity
"""

# Rounded here, halves away from zero as `round_half_up` does: a projection asks for a hundred
# thousand at a time.
PIECE_PRICES = """
    select price.variant_id, price.price_list_id, price.min_quantity,
           round(price.amount * asked.minor_per_unit)::bigint as minor,
           round(price.compare_at * asked.minor_per_unit)::bigint as compare_at_minor
      from pricing_price as price
      join unnest(%(list_ids)s::uuid[], %(minor_per_unit)s::bigint[])
        as asked (price_list_id, minor_per_unit)
        on asked.price_list_id = price.price_list_id
     where price.variant_id = any(%(variant_ids)s::uuid[])
       and price.min_quantity <= 1
"""

PRICES_OF_LIST = """
    select price_list_id, variant_id, min_quantity, amount, compare_at, is_overridden
      from pricing_price
     where price_list_id = %(list_id)s
       and (variant_id, min_quantity) > (%(after_variant)s::uuid, %(after_quantity)s::numeric)
     order by variant_id, min_quantity
     limit %(limit)s
"""

PRICE_CHANGES = """
    select id, price_list_id, variant_id, min_quantity, amount_before, amount_after,
           compare_at_before, compare_at_after, changed_by, changed_at
      from pricing_price_change
     where variant_id = any(%(variant_ids)s::uuid[])
       and id < %(before)s
     order by id desc
     limit %(limit)s
"""


def group_of(row: Row) -> CustomerGroup:
    """Make a customer group of its row."""
    return CustomerGroup(code=row.code, name=row.name)


def list_of(row: Row) -> PriceList:
    """Make a price list of its row."""
    return PriceList(
        id=row.id,
        code=row.code,
        name=row.name,
        market=row.market,
        currency=row.currency,
        customer_group=row.customer_group,
        priority=row.priority,
        is_active=row.is_active,
        valid=Period(row.valid_from, row.valid_until),
    )


def price_of(row: Row) -> Price:
    """Make a price of its row."""
    return Price(
        price_list_id=row.price_list_id,
        variant_id=row.variant_id,
        min_quantity=row.min_quantity,
        amount=row.amount,
        compare_at=row.compare_at,
        is_overridden=row.is_overridden,
    )


def change_of(row: Row) -> PriceChange:
    """Make an entry of the history of its row."""
    return PriceChange(
        id=row.id,
        key=PriceKey(row.price_list_id, row.variant_id, row.min_quantity),
        amount_before=row.amount_before,
        amount_after=row.amount_after,
        compare_at_before=row.compare_at_before,
        compare_at_after=row.compare_at_after,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
