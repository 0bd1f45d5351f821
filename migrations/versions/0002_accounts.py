"""Tables of the accounts, and the kept answers of idempotent calls (`hansa.runtime.http`)."""

from hansa.runtime.database.migrate import run_sql

revision = "0002"
down_revision = "0001"

# Owned by hansa.runtime.http: an answer is kept in the transaction of the operation it answers.
IDEMPOTENCY = """
create table idempotency_key (
    scope       text        not null,
    key         text        not null,
    fingerprint bytea       not null,
    status      smallint,
    body        bytea,
    created_at  timestamptz not null,
    constraint idempotency_key_pk primary key (scope, key),
    constraint idempotency_key_fingerprint_length check (octet_length(fingerprint) = 32)
);
create index ix_idempotency_key_created on idempotency_key (created_at);
"""

USERS = """
create table account_user (
    id                uuid        not null primary key,
    kind              text        not null,
    email             text        not null,
    name              text        not null default '',
    language          text,
    party_id          uuid,
    password_hash     text,
    email_verified_at timestamptz,
    totp_secret       bytea,
    totp_enabled_at   timestamptz,
    totp_last_step    bigint      not null default 0,
    is_active         boolean     not null default true,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    last_sign_in_at   timestamptz,
    constraint account_user_kind_known check (kind in ('staff', 'shopper')),
    constraint account_user_email_lower check (email = lower(email)),
    constraint account_user_email_once unique (email, kind),
    constraint account_user_totp_has_secret
        check (totp_enabled_at is null or totp_secret is not null)
);
create index ix_account_user_party on account_user (party_id) where party_id is not null;
create index ix_account_user_kind on account_user (kind, id);

create table account_recovery_code (
    user_id    uuid        not null references account_user (id) on delete cascade,
    code_hash  bytea       not null,
    used_at    timestamptz,
    constraint account_recovery_code_pk primary key (user_id, code_hash)
);

create table account_role (
    id          uuid        not null primary key,
    code        text        not null,
    title       jsonb       not null,
    permissions text[]      not null default '{}',
    is_built_in boolean     not null default false,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint account_role_code_once unique (code),
    constraint account_role_code_form check (code ~ '^[a-z][a-z0-9_-]{0,63}$')
);

create table account_user_role (
    user_id uuid not null references account_user (id) on delete cascade,
    role_id uuid not null references account_role (id) on delete restrict,
    constraint account_user_role_pk primary key (user_id, role_id)
);
create index ix_account_user_role_role on account_user_role (role_id);
"""

# A guest's row has no user; signing in gives the same row a user and a new token.
SESSIONS = """
create table account_session (
    id           uuid        not null primary key,
    token_hash   bytea       not null,
    user_id      uuid        references account_user (id) on delete cascade,
    created_at   timestamptz not null,
    seen_at      timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    address      text        not null default '',
    agent        text        not null default '',
    constraint account_session_token_once unique (token_hash)
);
create index ix_account_session_user on account_session (user_id) where user_id is not null;
create index ix_account_session_expires on account_session (expires_at);

create table account_api_key (
    id           uuid        not null primary key,
    public_id    text        not null,
    secret_hash  bytea       not null,
    name         text        not null,
    scopes       text[]      not null,
    created_by   uuid,
    created_at   timestamptz not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    used_at      timestamptz,
    constraint account_api_key_public_once unique (public_id)
);

create table account_token (
    token_hash bytea       not null primary key,
    user_id    uuid        not null references account_user (id) on delete cascade,
    purpose    text        not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    constraint account_token_purpose_known check (purpose in ('password', 'email'))
);
create index ix_account_token_user on account_token (user_id, purpose);
create index ix_account_token_expires on account_token (expires_at);

create table account_attempt (
    scope    text        not null,
    began_at timestamptz not null,
    count    integer     not null,
    constraint account_attempt_pk primary key (scope, began_at)
);
create index ix_account_attempt_began on account_attempt (began_at);
"""

# What happened is never changed: the trigger refuses it even to our own code.
AUDIT = """
create table account_audit (
    id           uuid        not null primary key,
    at           timestamptz not null,
    actor_id     uuid,
    actor_kind   text        not null,
    actor_name   text        not null default '',
    action       text        not null,
    subject_kind text        not null,
    subject_id   text        not null,
    before       jsonb,
    after        jsonb
);
create index ix_account_audit_at on account_audit (at, id);
create index ix_account_audit_subject on account_audit (subject_kind, subject_id, at, id);
create index ix_account_audit_actor on account_audit (actor_id, at, id) where actor_id is not null;

create function account_audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end
$$;
create trigger account_audit_append_only
    before update or delete or truncate on account_audit
    for each statement execute function account_audit_is_append_only();
"""


def upgrade() -> None:
    """Create the tables."""
    for sql in (IDEMPOTENCY, USERS, SESSIONS, AUDIT):
        run_sql(sql)
