"""Every statement of the module."""

# ruff: noqa: S105 - names of statements, not passwords

# --- users ----------------------------------------------------------------------------------------
INSERT_USER = """
    insert into account_user (id, kind, email, name, language, party_id, partner_id,
                              password_hash, email_verified_at, created_at, updated_at)
    values (%(id)s, %(kind)s, %(email)s, %(name)s, %(language)s, %(party_id)s, %(partner_id)s,
            %(password_hash)s, %(email_verified_at)s, %(now)s, %(now)s)
    on conflict on constraint account_user_email_once do nothing
"""
_USER_COLUMNS = """
    select u.id, u.kind, u.email, u.name, u.language, u.party_id, u.partner_id, u.is_active,
           u.email_verified_at is not null as is_email_verified,
           u.totp_enabled_at is not null as has_two_factor,
           u.password_hash is not null as has_password,
           u.created_at, u.last_sign_in_at,
           array(select r.code
                   from account_user_role ur
                   join account_role r on r.id = ur.role_id
                  where ur.user_id = u.id
                  order by r.code) as roles
      from account_user u
"""
GET_USER = (
    _USER_COLUMNS
    + """
     where u.id = %(id)s
"""
)
FIND_USER = (
    _USER_COLUMNS
    + """
     where u.email = %(email)s
       and u.kind = %(kind)s
"""
)
# Newest first by id, which sorts by time; a search walks the users of a kind, those of a partner
# are found by ix_account_user_partner.
LIST_USERS = (
    _USER_COLUMNS
    + """
     where u.kind = %(kind)s
       and (%(partner_id)s::uuid is null or u.partner_id = %(partner_id)s::uuid)
       and (%(after)s::uuid is null or u.id < %(after)s::uuid)
       and (%(search)s::text is null
            or u.email like %(search)s::text
            or lower(u.name) like %(search)s::text)
     order by u.id desc
     limit %(limit)s
"""
)
LOCK_USER = """
    select id, kind, email, name, language, party_id, password_hash, is_active,
           totp_secret, totp_enabled_at, totp_last_step
      from account_user
     where id = %(id)s
       for no key update
"""
CREDENTIALS = """
    select id, kind, email, name, password_hash, is_active,
           totp_enabled_at is not null as has_two_factor
      from account_user
     where email = %(email)s
       and kind = %(kind)s
"""
UPDATE_USER = """
    update account_user
       set name = coalesce(%(name)s, name),
           language = coalesce(%(language)s, language),
           is_active = coalesce(%(is_active)s, is_active),
           party_id = coalesce(%(party_id)s, party_id),
           updated_at = %(now)s
     where id = %(id)s
"""
SET_PASSWORD = """
    update account_user
       set password_hash = %(password_hash)s,
           updated_at = %(now)s
     where id = %(id)s
"""
NOTE_SIGN_IN = """
    update account_user
       set last_sign_in_at = %(now)s
     where id = %(id)s
"""
VERIFY_EMAIL = """
    update account_user
       set email_verified_at = coalesce(email_verified_at, %(now)s),
           updated_at = %(now)s
     where id = %(id)s
"""

# --- second factor --------------------------------------------------------------------------------
SET_TOTP_SECRET = """
    update account_user
       set totp_secret = %(secret)s,
           totp_enabled_at = null,
           totp_last_step = 0,
           updated_at = %(now)s
     where id = %(id)s
"""
ENABLE_TOTP = """
    update account_user
       set totp_enabled_at = %(now)s,
           totp_last_step = %(step)s,
           updated_at = %(now)s
     where id = %(id)s
"""
# The step only grows: of two requests with one code the second finds it used.
USE_TOTP_STEP = """
    update account_user
       set totp_last_step = %(step)s
     where id = %(id)s
       and totp_last_step < %(step)s
"""
DISABLE_TOTP = """
    update account_user
       set totp_secret = null,
           totp_enabled_at = null,
           totp_last_step = 0,
           updated_at = %(now)s
     where id = %(id)s
"""
DELETE_RECOVERY_CODES = """
    delete from account_recovery_code
     where user_id = %(id)s
"""
INSERT_RECOVERY_CODES = """
    insert into account_recovery_code (user_id, code_hash)
    select %(id)s, unnest(%(hashes)s::bytea[])
"""
USE_RECOVERY_CODE = """
    update account_recovery_code
       set used_at = %(now)s
     where user_id = %(id)s
       and code_hash = %(hash)s
       and used_at is null
"""

# --- roles ----------------------------------------------------------------------------------------
LIST_ROLES = """
    select r.id, r.code, r.title, r.permissions, r.is_built_in,
           (select count(*) from account_user_role ur where ur.role_id = r.id) as users
      from account_role r
     order by r.is_built_in desc, r.code
"""
GET_ROLE = """
    select r.id, r.code, r.title, r.permissions, r.is_built_in,
           (select count(*) from account_user_role ur where ur.role_id = r.id) as users
      from account_role r
     where r.code = %(code)s
"""
SAVE_ROLE = """
    insert into account_role (id, code, title, permissions, is_built_in, created_at, updated_at)
    values (%(id)s, %(code)s, %(title)s, %(permissions)s::text[], %(is_built_in)s, %(now)s, %(now)s)
    on conflict on constraint account_role_code_once do update
       set title = excluded.title,
           permissions = excluded.permissions,
           updated_at = excluded.updated_at
     where (account_role.title, account_role.permissions)
           is distinct from (excluded.title, excluded.permissions)
"""
DELETE_ROLE = """
    delete from account_role
     where code = %(code)s
"""
ROLE_IDS = """
    select id, code
      from account_role
     where code = any(%(codes)s::text[])
"""
CLEAR_USER_ROLES = """
    delete from account_user_role
     where user_id = %(id)s
"""
ADD_USER_ROLES = """
    insert into account_user_role (user_id, role_id)
    select %(id)s, unnest(%(role_ids)s::uuid[])
"""
# The role's row is locked, so that of two administrators who each remove the other one must wait.
LOCK_ADMINISTRATOR_ROLE = """
    select id
      from account_role
     where code = 'administrator'
       for update
"""
COUNT_OTHER_ADMINISTRATORS = """
    select count(*)
      from account_user_role ur
      join account_role r on r.id = ur.role_id
      join account_user u on u.id = ur.user_id
     where r.code = 'administrator'
       and u.is_active
       and u.id <> %(id)s
"""

PERMISSIONS_OF_USER = """
    select distinct unnest(r.permissions) as permission
      from account_user_role ur
      join account_role r on r.id = ur.role_id
     where ur.user_id = %(id)s
"""

# --- sessions -------------------------------------------------------------------------------------
# One statement per request with a cookie; account_session_token_once finds the row.
AUTHENTICATE = """
    select s.id as session_id, s.user_id, s.seen_at, s.expires_at,
           u.kind, u.party_id, u.partner_id, u.name, u.email, u.language, u.is_active,
           u.totp_enabled_at is not null as has_two_factor,
           array(select distinct unnest(r.permissions)
                   from account_user_role ur
                   join account_role r on r.id = ur.role_id
                  where ur.user_id = u.id) as permissions
      from account_session s
      left join account_user u on u.id = s.user_id
     where s.token_hash = %(token_hash)s
       and s.revoked_at is null
       and s.expires_at > %(now)s
"""
TOUCH_SESSION = """
    update account_session
       set seen_at = %(now)s
     where id = %(id)s
"""
FIND_SESSION = """
    select id, user_id
      from account_session
     where token_hash = %(token_hash)s
       and revoked_at is null
       and expires_at > %(now)s
"""
INSERT_SESSION = """
    insert into account_session (id, token_hash, user_id, created_at, seen_at, expires_at,
                                 address, agent)
    values (%(id)s, %(token_hash)s, %(user_id)s, %(now)s, %(now)s, %(expires_at)s,
            %(address)s, %(agent)s)
    on conflict on constraint account_session_token_once do nothing
"""
# Signing in keeps a guest's row, and so the guest's basket, but gives it a new token.
TAKE_OVER_SESSION = """
    update account_session
       set token_hash = %(token_hash)s,
           user_id = %(user_id)s,
           seen_at = %(now)s,
           expires_at = %(expires_at)s,
           address = %(address)s,
           agent = %(agent)s
     where id = %(id)s
       and user_id is null
"""
LIST_SESSIONS = """
    select id, user_id, created_at, seen_at, expires_at, address, agent
      from account_session
     where user_id = %(user_id)s
       and revoked_at is null
       and expires_at > %(now)s
     order by seen_at desc, id
     limit 200
"""
REVOKE_SESSION = """
    update account_session
       set revoked_at = %(now)s
     where id = %(id)s
       and user_id = %(user_id)s
       and revoked_at is null
"""
REVOKE_SESSION_BY_TOKEN = """
    update account_session
       set revoked_at = %(now)s
     where token_hash = %(token_hash)s
       and revoked_at is null
"""
REVOKE_SESSIONS_OF_USER = """
    update account_session
       set revoked_at = %(now)s
     where user_id = %(user_id)s
       and revoked_at is null
       and id is distinct from %(but_not)s::uuid
"""
FORGET_SESSIONS = """
    delete from account_session
     where id in (
               select id
                 from account_session
                where expires_at < %(before)s
                order by expires_at
                limit %(limit)s)
"""

# --- keys -----------------------------------------------------------------------------------------
INSERT_KEY = """
    insert into account_api_key (id, public_id, secret_hash, name, scopes, created_by,
                                 created_at, expires_at)
    values (%(id)s, %(public_id)s, %(secret_hash)s, %(name)s, %(scopes)s::text[], %(created_by)s,
            %(now)s, %(expires_at)s)
"""
FIND_KEY = """
    select id, public_id, secret_hash, name, scopes, used_at
      from account_api_key
     where public_id = %(public_id)s
       and revoked_at is null
       and (expires_at is null or expires_at > %(now)s)
"""
LIST_KEYS = """
    select id, public_id, name, scopes, created_by, created_at, expires_at, revoked_at, used_at
      from account_api_key
     order by revoked_at is not null, id desc
     limit 500
"""
REVOKE_KEY = """
    update account_api_key
       set revoked_at = %(now)s
     where id = %(id)s
       and revoked_at is null
    returning public_id, name
"""
TOUCH_KEY = """
    update account_api_key
       set used_at = %(now)s
     where id = %(id)s
"""

# --- links sent by mail ---------------------------------------------------------------------------
INSERT_TOKEN = """
    insert into account_token (token_hash, user_id, purpose, created_at, expires_at)
    values (%(token_hash)s, %(user_id)s, %(purpose)s, %(now)s, %(expires_at)s)
"""
USE_TOKEN = """
    update account_token
       set used_at = %(now)s
     where token_hash = %(token_hash)s
       and purpose = %(purpose)s
       and used_at is null
       and expires_at > %(now)s
    returning user_id
"""
END_TOKENS = """
    update account_token
       set used_at = %(now)s
     where user_id = %(user_id)s
       and purpose = %(purpose)s
       and used_at is null
"""
FORGET_TOKENS = """
    delete from account_token
     where expires_at < %(before)s
"""

# --- attempts to sign in --------------------------------------------------------------------------
# Counted before the password is looked at, so that attempts at once cannot slip through together.
COUNT_ATTEMPT = """
    insert into account_attempt (scope, began_at, count)
    select scope, %(began_at)s, 1
      from unnest(%(scopes)s::text[]) as scope
     order by scope
    on conflict on constraint account_attempt_pk do update
       set count = account_attempt.count + 1
    returning scope, count
"""
CLEAR_ATTEMPTS = """
    delete from account_attempt
     where scope = any(%(scopes)s::text[])
"""
FORGET_ATTEMPTS = """
    delete from account_attempt
     where began_at < %(before)s
"""

# --- audit ----------------------------------------------------------------------------------------
INSERT_AUDIT = """
    insert into account_audit (id, at, actor_id, actor_kind, actor_name, action,
                               subject_kind, subject_id, before, after)
    values (%(id)s, %(at)s, %(actor_id)s, %(actor_kind)s, %(actor_name)s, %(action)s,
            %(subject_kind)s, %(subject_id)s, %(before)s, %(after)s)
"""
# Newest first; ix_account_audit_at, _subject or _actor covers the filter and the order.
LIST_AUDIT = """
    select id, at, actor_id, actor_kind, actor_name, action, subject_kind, subject_id, before, after
      from account_audit
     where (%(subject_kind)s::text is null or subject_kind = %(subject_kind)s::text)
       and (%(subject_id)s::text is null or subject_id = %(subject_id)s::text)
       and (%(actor_id)s::uuid is null or actor_id = %(actor_id)s::uuid)
       and (%(action)s::text is null or action = %(action)s::text)
       and (%(after_at)s::timestamptz is null
            or (at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
     order by at desc, id desc
     limit %(limit)s
"""
