"""Every SQL statement of parties."""

# One after the other through the same keys: two tills that meet a new customer at once make one
# party. The keys come sorted, so nobody waits in a circle.
LOCK_KEYS = """
    select pg_advisory_xact_lock(lock)
      from (select distinct hashtextextended(key, 20261121) as lock
              from unnest(%(keys)s::text[]) as key
             order by 1) locks
"""

FIND_BY_KEYS = """
    select i.kind, i.system, i.key, i.party_id
      from unnest(%(kinds)s::text[], %(systems)s::text[], %(keys)s::text[])
           as wanted (kind, system, key)
      join parties_identifier i using (kind, system, key)
"""

ADD_PARTY = """
    insert into parties_party
           (id, kind, display_name, given_name, family_name, middle_name, legal_name, language,
            birth_on, created_at, updated_at)
    values (%(id)s, %(kind)s, %(display_name)s, %(given_name)s, %(family_name)s, %(middle_name)s,
            %(legal_name)s, %(language)s, %(birth_on)s, %(now)s, %(now)s)
"""

ADD_IDENTIFIERS = """
    insert into parties_identifier (kind, system, key, value, party_id, added_at)
    select kind, system, key, value, %(party_id)s, %(now)s
      from unnest(%(kinds)s::text[], %(systems)s::text[], %(keys)s::text[], %(values)s::text[])
           as new (kind, system, key, value)
     order by kind, system, key
        on conflict do nothing
    returning kind, system, key
"""

REMOVE_IDENTIFIER = """
    delete from parties_identifier
     where party_id = %(party_id)s
       and kind = %(kind)s
       and system = %(system)s
       and value = %(value)s
"""

ADD_CONFLICT = """
    insert into parties_conflict as c (first_id, second_id, kinds, found_at)
    values (least(%(a)s::uuid, %(b)s::uuid), greatest(%(a)s::uuid, %(b)s::uuid),
            %(kinds)s::text[], %(now)s)
        on conflict (first_id, second_id) do update
       set kinds = excluded.kinds,
           found_at = excluded.found_at,
           closed_at = null
     where c.closed_at is not null
        or c.kinds <> excluded.kinds
"""

CLOSE_CONFLICTS = """
    update parties_conflict
       set closed_at = %(now)s
     where first_id = least(%(a)s::uuid, %(b)s::uuid)
       and second_id = greatest(%(a)s::uuid, %(b)s::uuid)
       and closed_at is null
"""

LIST_CONFLICTS = """
    select first_id, second_id, kinds, found_at
      from parties_conflict
     where closed_at is null
     order by found_at desc, first_id, second_id
     limit %(limit)s
"""

# Follows merges to the party that stands for it now.
RESOLVE = """
    with recursive way as (
        select id as asked, id, merged_into
          from parties_party
         where id = any(%(ids)s::uuid[])
         union all
        select way.asked, p.id, p.merged_into
          from way
          join parties_party p on p.id = way.merged_into
    )
    select asked, id
      from way
     where merged_into is null
"""

LOCK_PARTIES = """
    select id, kind, display_name, given_name, family_name, middle_name, legal_name, language,
           birth_on, merged_into
      from parties_party
     where id = any(%(ids)s::uuid[])
     order by id
       for update
"""

GET_PARTIES = """
    select id, kind, display_name, given_name, family_name, middle_name, legal_name, language,
           birth_on, created_at, updated_at
      from parties_party
     where id = any(%(ids)s::uuid[])
"""

IDENTIFIERS_OF = """
    select party_id, kind, system, value
      from parties_identifier
     where party_id = any(%(ids)s::uuid[])
     order by party_id, kind, added_at, value
"""

# Sorted and found by name; an identifier is found whole.
FIND_PARTIES = """
    select id, sort_name
      from parties_party p
     where merged_into is null
       and (%(kind)s::text is null or kind = %(kind)s)
       and (%(name)s::text is null
            or sort_name like %(name)s
            or exists (select
                         from parties_identifier i
                        where i.party_id = p.id
                          and i.value = any(%(values)s::text[])))
       and (%(after_name)s::text is null or (sort_name, id) > (%(after_name)s, %(after_id)s))
     order by sort_name, id
     limit %(limit)s
"""

COUNT_PARTIES = """
    select count(*)
      from parties_party
     where merged_into is null
"""

SAVE_PROFILE = """
    update parties_party
       set display_name = %(display_name)s,
           given_name = %(given_name)s,
           family_name = %(family_name)s,
           middle_name = %(middle_name)s,
           legal_name = %(legal_name)s,
           language = %(language)s,
           birth_on = %(birth_on)s,
           updated_at = %(now)s
     where id = %(id)s
"""

LIST_ADDRESSES = """
    select id, label, recipient, phone, country, region, city, street, house, flat, postcode,
           comment
      from parties_address
     where party_id = %(party_id)s
     order by updated_at desc, id
"""

SAVE_ADDRESS = """
    insert into parties_address as a
           (id, party_id, label, recipient, phone, country, region, city, street, house, flat,
            postcode, comment, updated_at)
    values (%(id)s, %(party_id)s, %(label)s, %(recipient)s, %(phone)s, %(country)s, %(region)s,
            %(city)s, %(street)s, %(house)s, %(flat)s, %(postcode)s, %(comment)s, %(now)s)
        on conflict (id) do update
       set (label, recipient, phone, country, region, city, street, house, flat, postcode, comment,
            updated_at)
         = (excluded.label, excluded.recipient, excluded.phone, excluded.country, excluded.region,
            excluded.city, excluded.street, excluded.house, excluded.flat, excluded.postcode,
            excluded.comment, excluded.updated_at)
     where a.party_id = excluded.party_id
"""

REMOVE_ADDRESS = """
    delete from parties_address
     where id = %(id)s
       and party_id = %(party_id)s
"""

ADD_ROLE = """
    insert into parties_role (person_id, organisation_id, role, since)
    values (%(person_id)s, %(organisation_id)s, %(role)s, %(now)s)
        on conflict do nothing
"""

REMOVE_ROLE = """
    delete from parties_role
     where person_id = %(person_id)s
       and organisation_id = %(organisation_id)s
       and role = %(role)s
"""

LIST_ROLES = """
    select person_id, organisation_id, role, since
      from parties_role
     where person_id = %(party_id)s
        or organisation_id = %(party_id)s
     order by since, person_id, organisation_id, role
"""

ADD_CONSENT = """
    insert into parties_consent (id, party_id, purpose, is_granted, document, source, decided_at)
    values (%(id)s, %(party_id)s, %(purpose)s, %(is_granted)s, %(document)s, %(source)s, %(now)s)
"""

LIST_CONSENTS = """
    select distinct on (purpose) party_id, purpose, is_granted, document, source, decided_at
      from parties_consent
     where party_id = %(party_id)s
     order by purpose, decided_at desc, id desc
"""

# The decision that counts of each; parties_consent_party.
GRANTED = """
    select party_id
      from (select distinct on (party_id) party_id, is_granted
              from parties_consent
             where party_id = any(%(party_ids)s::uuid[])
               and purpose = %(purpose)s
             order by party_id, decided_at desc, id desc) as last
     where is_granted
     order by party_id
"""

CONSENT_HISTORY = """
    select party_id, purpose, is_granted, document, source, decided_at
      from parties_consent
     where party_id = %(party_id)s
     order by decided_at desc, id desc
"""

# --- merges ------------------------------------------------------------------

# Everything the absorbed party has, row by row, and the roles the kept one has of its own.
ADD_MERGE = """
    insert into parties_merge
           (id, keep_id, absorb_id, absorbed, keep_roles, filled, made_at, made_by)
    select %(id)s, %(keep)s, %(absorb)s,
           jsonb_build_object(
               'identifiers', (select coalesce(jsonb_agg(to_jsonb(i)), '[]')
                                 from parties_identifier i
                                where i.party_id = %(absorb)s),
               'addresses', (select coalesce(jsonb_agg(to_jsonb(a)), '[]')
                               from parties_address a
                              where a.party_id = %(absorb)s),
               'consents', (select coalesce(jsonb_agg(to_jsonb(c)), '[]')
                              from parties_consent c
                             where c.party_id = %(absorb)s),
               'roles', (select coalesce(jsonb_agg(to_jsonb(r)), '[]')
                           from parties_role r
                          where %(absorb)s in (r.person_id, r.organisation_id))),
           (select coalesce(jsonb_agg(to_jsonb(r)), '[]')
              from parties_role r
             where %(keep)s in (r.person_id, r.organisation_id)),
           %(filled)s::jsonb, %(now)s, %(by)s
"""

MOVE_IDENTIFIERS = "update parties_identifier set party_id = %(keep)s where party_id = %(absorb)s"
MOVE_ADDRESSES = "update parties_address set party_id = %(keep)s where party_id = %(absorb)s"
MOVE_CONSENTS = "update parties_consent set party_id = %(keep)s where party_id = %(absorb)s"

MOVE_ROLES = """
    with gone as (
        delete from parties_role
         where %(absorb)s in (person_id, organisation_id)
        returning person_id, organisation_id, role, since
    ),
    moved as (
        select case person_id when %(absorb)s then %(keep)s else person_id end as person_id,
               case organisation_id when %(absorb)s then %(keep)s else organisation_id end
                   as organisation_id,
               role, since
          from gone
    )
    insert into parties_role (person_id, organisation_id, role, since)
    select person_id, organisation_id, role, since
      from moved
     where person_id <> organisation_id
        on conflict do nothing
"""

MARK_ABSORBED = "update parties_party set merged_into = %(keep)s where id = %(absorb)s"
MARK_PARTED = "update parties_party set merged_into = null where id = %(absorb)s"

GET_MERGE = """
    select id, keep_id, absorb_id, filled, made_at, made_by, undone_at
      from parties_merge
     where id = %(id)s
"""

LIST_MERGES = """
    select id, keep_id, absorb_id, made_at, made_by, undone_at
      from parties_merge
     where %(party_id)s in (keep_id, absorb_id)
     order by made_at desc, id
"""

CLOSE_MERGE = """
    update parties_merge
       set undone_at = %(now)s,
           undone_by = %(by)s
     where id = %(id)s
"""

# Identifiers go back unless somebody else has them by now.
RETURN_IDENTIFIERS = """
    with had as (
        select i.*
          from parties_merge m,
               jsonb_populate_recordset(null::parties_identifier, m.absorbed -> 'identifiers') i
         where m.id = %(id)s
    ),
    returned as (
        insert into parties_identifier as i (kind, system, key, value, party_id, added_at)
        select kind, system, key, value, party_id, added_at
          from had
         order by kind, system, key
            on conflict (kind, system, key) do update
           set party_id = excluded.party_id,
               value = excluded.value,
               added_at = excluded.added_at
         where i.party_id = %(keep)s
        returning kind, system, key
    )
    select kind
      from had
     where not exists (select
                         from returned r
                        where (r.kind, r.system, r.key) = (had.kind, had.system, had.key))
     order by kind
"""

# Addresses the kept party changed since the merge stay with it, under new ids.
CHANGED_ADDRESSES = """
    select a.id
      from parties_merge m,
           jsonb_array_elements(m.absorbed -> 'addresses') had
      join parties_address a on a.id = (had ->> 'id')::uuid
     where m.id = %(id)s
       and a.party_id = %(keep)s
       and to_jsonb(a) - 'party_id' <> had - 'party_id'
     order by a.id
"""

RENAME_ADDRESSES = """
    update parties_address a
       set id = d.new_id
      from unnest(%(ids)s::uuid[], %(new_ids)s::uuid[]) as d (id, new_id)
     where a.id = d.id
"""

RETURN_ADDRESSES = """
    insert into parties_address
    select a.*
      from parties_merge m,
           jsonb_populate_recordset(null::parties_address, m.absorbed -> 'addresses') a
     where m.id = %(id)s
        on conflict (id) do update
       set party_id = excluded.party_id
"""

RETURN_CONSENTS = """
    update parties_consent c
       set party_id = %(absorb)s
      from parties_merge m,
           jsonb_array_elements(m.absorbed -> 'consents') had
     where m.id = %(id)s
       and c.id = (had ->> 'id')::uuid
"""

# The kept party loses the roles it got by the merge and did not have before.
TAKE_ROLES_BACK = """
    delete from parties_role r
     using parties_merge m,
           jsonb_populate_recordset(null::parties_role, m.absorbed -> 'roles') had
     where m.id = %(id)s
       and r.role = had.role
       and r.person_id = case had.person_id when %(absorb)s then %(keep)s else had.person_id end
       and r.organisation_id
         = case had.organisation_id when %(absorb)s then %(keep)s else had.organisation_id end
       and not exists (
               select
                 from jsonb_populate_recordset(null::parties_role, m.keep_roles) own
                where (own.person_id, own.organisation_id, own.role)
                    = (r.person_id, r.organisation_id, r.role))
"""

RETURN_ROLES = """
    insert into parties_role (person_id, organisation_id, role, since)
    select had.person_id, had.organisation_id, had.role, had.since
      from parties_merge m,
           jsonb_populate_recordset(null::parties_role, m.absorbed -> 'roles') had
     where m.id = %(id)s
        on conflict do nothing
"""
