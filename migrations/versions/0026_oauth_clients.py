"""Clients that sign in by OAuth 2."""

from hansa.runtime.database.migrate import run_sql

revision = "0026"
down_revision = "0025"

# `partner_id` is a plain number: partners belong to loyalty. `terms_id` changes whenever what the
# client may do is changed, so that tokens that say otherwise can be named and refused.
TABLES = """
create table account_oauth_client (
    id                  uuid        not null primary key,
    public_id           text        not null,
    name                text        not null,
    partner_id          uuid,
    scopes              text[]      not null,
    is_sandbox          boolean     not null default false,
    spend_needs_key     boolean     not null default false,
    networks            text[]      not null default '{}',
    requests_per_minute integer,
    terms_id            uuid        not null,
    created_by          uuid,
    created_at          timestamptz not null,
    changed_at          timestamptz not null,
    revoked_at          timestamptz,
    used_at             timestamptz,
    constraint account_oauth_client_public_once unique (public_id),
    constraint account_oauth_client_rate_positive check (requests_per_minute > 0)
);
create index ix_account_oauth_client_partner on account_oauth_client (partner_id, id);

create table account_oauth_secret (
    id          uuid        not null primary key,
    client_id   uuid        not null references account_oauth_client (id),
    secret_hash bytea       not null,
    hint        text        not null,
    created_at  timestamptz not null,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    constraint account_oauth_secret_once unique (client_id, secret_hash)
);

create table account_oauth_key (
    id         uuid        not null primary key,
    client_id  uuid        not null references account_oauth_client (id),
    kid        text        not null,
    jwk        jsonb       not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint account_oauth_key_once unique (client_id, kid)
);

-- Signed assertions that were used: each once. A row goes when the assertion has run out anyway.
create table account_oauth_assertion (
    client_id  uuid        not null,
    jti_hash   bytea       not null,
    expires_at timestamptz not null,
    constraint account_oauth_assertion_once primary key (client_id, jti_hash)
);
create index ix_account_oauth_assertion_expires on account_oauth_assertion (expires_at);

-- Ids of clients, secrets, keys and terms that ended, kept for longer than a token may live.
create table account_oauth_ended (
    id       uuid        not null primary key,
    ended_at timestamptz not null
);
create index ix_account_oauth_ended_at on account_oauth_ended (ended_at);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
