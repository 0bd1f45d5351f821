"""Every statement about clients."""

# ruff: noqa: S105 - names of statements, not passwords

INSERT_CLIENT = """
    insert into account_oauth_client (id, public_id, name, partner_id, scopes, is_sandbox,
                                      spend_needs_key, networks, requests_per_minute, terms_id,
                                      created_by, created_at, changed_at)
    values (%(id)s, %(public_id)s, %(name)s, %(partner_id)s, %(scopes)s::text[], %(is_sandbox)s,
            %(spend_needs_key)s, %(networks)s::text[], %(requests_per_minute)s, %(terms_id)s,
            %(created_by)s, %(now)s, %(now)s)
"""
_CLIENT_COLUMNS = """
    select c.id, c.public_id, c.name, c.partner_id, c.scopes, c.is_sandbox, c.spend_needs_key,
           c.networks, c.requests_per_minute, c.terms_id, c.created_by, c.created_at,
           c.revoked_at, c.used_at
      from account_oauth_client c
"""
GET_CLIENT = (
    _CLIENT_COLUMNS
    + """
     where c.id = %(id)s
       and (%(partner_id)s::uuid is null or c.partner_id = %(partner_id)s::uuid)
"""
)
# Asked once per token; account_oauth_client_public_once finds the row.
FIND_CLIENT = (
    _CLIENT_COLUMNS
    + """
     where c.public_id = %(public_id)s
       and c.revoked_at is null
"""
)
# Whoever changes a client's secrets or keys holds its row, so that their number can be counted.
LOCK_CLIENT = (
    _CLIENT_COLUMNS
    + """
     where c.id = %(id)s
       and (%(partner_id)s::uuid is null or c.partner_id = %(partner_id)s::uuid)
       and c.revoked_at is null
       for no key update
"""
)
# Newest first by id, which sorts by time; ix_account_oauth_client_partner covers one partner's.
LIST_CLIENTS = (
    _CLIENT_COLUMNS
    + """
     where (%(partner_id)s::uuid is null or c.partner_id = %(partner_id)s::uuid)
       and (%(after)s::uuid is null or c.id < %(after)s::uuid)
     order by c.id desc
     limit %(limit)s
"""
)
UPDATE_CLIENT = """
    update account_oauth_client
       set name = %(name)s,
           scopes = %(scopes)s::text[],
           networks = %(networks)s::text[],
           requests_per_minute = %(requests_per_minute)s,
           spend_needs_key = %(spend_needs_key)s,
           terms_id = %(terms_id)s,
           changed_at = %(now)s
     where id = %(id)s
"""
REVOKE_CLIENT = """
    update account_oauth_client
       set revoked_at = %(now)s,
           changed_at = %(now)s
     where id = %(id)s
"""
TOUCH_CLIENT = """
    update account_oauth_client
       set used_at = %(now)s
     where id = %(id)s
"""

# --- secrets --------------------------------------------------------------------------------------
INSERT_SECRET = """
    insert into account_oauth_secret (id, client_id, secret_hash, hint, created_at)
    values (%(id)s, %(client_id)s, %(secret_hash)s, %(hint)s, %(now)s)
"""
# A digest of 32 random bytes: that the index compares it byte by byte tells nobody anything.
FIND_SECRET = """
    select id, expires_at
      from account_oauth_secret
     where client_id = %(client_id)s
       and secret_hash = %(secret_hash)s
       and revoked_at is null
       and (expires_at is null or expires_at > %(now)s)
"""
# The unique constraint (client_id, secret_hash) finds those of a client; a few dozen each at most.
LIST_SECRETS = """
    select id, client_id, hint, created_at, expires_at, revoked_at
      from account_oauth_secret
     where client_id = any(%(client_ids)s::uuid[])
       and revoked_at is null
       and (expires_at is null or expires_at > %(now)s)
     order by client_id, id desc
"""
# What ends sooner anyway keeps its end.
LIMIT_SECRETS = """
    update account_oauth_secret
       set expires_at = %(ends_at)s
     where client_id = %(client_id)s
       and id <> %(but_not)s
       and revoked_at is null
       and (expires_at is null or expires_at > %(ends_at)s)
    returning id
"""
REVOKE_SECRET = """
    update account_oauth_secret
       set revoked_at = %(now)s
     where client_id = %(client_id)s
       and id = %(id)s
       and revoked_at is null
    returning hint
"""

# --- public keys ----------------------------------------------------------------------------------
# The name of a key that was taken away is not given again: an old assertion might name it.
INSERT_KEY = """
    insert into account_oauth_key (id, client_id, kid, jwk, created_at)
    values (%(id)s, %(client_id)s, %(kid)s, %(jwk)s, %(now)s)
    on conflict on constraint account_oauth_key_once do nothing
"""
LIST_KEYS = """
    select id, client_id, kid, jwk, created_at
      from account_oauth_key
     where client_id = any(%(client_ids)s::uuid[])
       and revoked_at is null
     order by client_id, id desc
"""
REVOKE_KEY = """
    update account_oauth_key
       set revoked_at = %(now)s
     where client_id = %(client_id)s
       and kid = %(kid)s
       and revoked_at is null
    returning id
"""

# --- assertions that were used --------------------------------------------------------------------
# Of two requests with one assertion the second inserts nothing, whichever process it came to.
USE_ASSERTION = """
    insert into account_oauth_assertion (client_id, jti_hash, expires_at)
    values (%(client_id)s, %(jti_hash)s, %(expires_at)s)
    on conflict on constraint account_oauth_assertion_once do nothing
"""
FORGET_ASSERTIONS = """
    delete from account_oauth_assertion
     where (client_id, jti_hash) in (
               select client_id, jti_hash
                 from account_oauth_assertion
                where expires_at < %(before)s
                order by expires_at
                limit %(limit)s)
"""

# --- what has ended -------------------------------------------------------------------------------
ADD_ENDED = """
    insert into account_oauth_ended (id, ended_at)
    select unnest(%(ids)s::uuid[]), %(now)s
    on conflict (id) do nothing
"""
# Read by each web process twice a second while tokens come; ix_account_oauth_ended_at covers the
# few that are there.
READ_ENDED = """
    select id
      from account_oauth_ended
     where ended_at > %(since)s
"""
FORGET_ENDED = """
    delete from account_oauth_ended
     where ended_at < %(before)s
"""
