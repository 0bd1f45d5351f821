"""Members of loyalty programmes: who takes part, and by what they are named."""

from hansa.runtime.database.migrate import run_sql

revision = "0023"
down_revision = "0022"

# Names, telephones and card numbers are in the parties' tables alone. What names a member here is a
# keyed hash, so that whoever reads these tables learns nobody's telephone.
TABLES = """
create sequence loyalty_account_number start 1;

-- One per person over all programmes. `bucket` is the last byte of the id: everything of a member
-- is in one shard.
create table loyalty_member (
    bucket             smallint not null,
    id                 uuid not null,
    party_id           uuid,
    state              text not null default 'active',
    language           text not null default '',
    time_zone          text not null,
    joined_at          timestamptz not null,
    merged_into        uuid,
    blocked_reason     text not null default '',
    erased_at          timestamptz,
    changed_at         timestamptz not null,
    constraint pk_loyalty_member primary key (bucket, id),
    constraint ck_loyalty_member_bucket check (bucket = get_byte(uuid_send(id), 15)),
    constraint ck_loyalty_member_state check (state in ('active', 'blocked', 'merged', 'left')),
    constraint ck_loyalty_member_merged check ((state = 'merged') = (merged_into is not null)),
    constraint ck_loyalty_member_erased check (erased_at is null or party_id is null)
);
create unique index uq_loyalty_member_party on loyalty_member (party_id)
    where party_id is not null;
create index ix_loyalty_member_joined on loyalty_member (joined_at, id);

create table loyalty_membership (
    bucket             smallint not null,
    member_id          uuid not null,
    programme_id       uuid not null,
    account_id         bigint not null,
    state              text not null default 'active',
    enrolled_at        timestamptz not null,
    enrolled_by        uuid,
    merged_into        uuid,
    changed_at         timestamptz not null,
    constraint pk_loyalty_membership primary key (bucket, member_id, programme_id),
    constraint uq_loyalty_membership_account unique (account_id),
    constraint fk_loyalty_membership_member foreign key (bucket, member_id)
        references loyalty_member (bucket, id),
    constraint ck_loyalty_membership_state check (
        state in ('active', 'blocked', 'merged', 'left')),
    constraint ck_loyalty_membership_merged check ((state = 'merged') = (merged_into is not null))
);

-- What names a member now. The hash comes first in the key: it decides alone, and it is what a
-- distributed table would be spread by.
create table loyalty_reference (
    value              bytea not null,
    kind               text not null,
    scope              text not null default '',
    bucket             smallint not null,
    member_id          uuid not null,
    added_at           timestamptz not null,
    added_by           uuid,
    proven_by          text,
    proven_at          timestamptz,
    constraint pk_loyalty_reference primary key (value, kind, scope),
    constraint fk_loyalty_reference_member foreign key (bucket, member_id)
        references loyalty_member (bucket, id),
    constraint ck_loyalty_reference_kind check (kind in ('phone', 'card', 'partner')),
    constraint ck_loyalty_reference_scope check ((kind = 'partner') = (scope <> '')),
    constraint ck_loyalty_reference_proven check ((proven_by is null) = (proven_at is null))
);
create index ix_loyalty_reference_member on loyalty_reference (bucket, member_id);

-- What named a member once. `value` is null after the person was erased.
create table loyalty_reference_past (
    bucket             smallint not null,
    member_id          uuid not null,
    id                 uuid not null,
    kind               text not null,
    scope              text not null,
    value              bytea,
    added_at           timestamptz not null,
    ended_at           timestamptz not null,
    reason             text not null,
    constraint pk_loyalty_reference_past primary key (bucket, member_id, id),
    constraint fk_loyalty_reference_past_member foreign key (bucket, member_id)
        references loyalty_member (bucket, id)
);

-- A card, printed ahead without an owner or issued to a member.
create table loyalty_card (
    id                 uuid not null,
    value              bytea,
    programme_id       uuid not null,
    last_digits        text not null,
    state              text not null,
    bucket             smallint,
    member_id          uuid,
    printed_at         timestamptz not null,
    issued_at          timestamptz,
    expires_at         timestamptz,
    ended_at           timestamptz,
    replaced_by        uuid,
    constraint pk_loyalty_card primary key (id),
    constraint uq_loyalty_card_value unique (value),
    constraint fk_loyalty_card_member foreign key (bucket, member_id)
        references loyalty_member (bucket, id),
    constraint ck_loyalty_card_state check (
        state in ('printed', 'active', 'lost', 'replaced', 'expired', 'ended')),
    constraint ck_loyalty_card_owner check ((state = 'printed') = (member_id is null)),
    constraint ck_loyalty_card_bucket check ((bucket is null) = (member_id is null))
);
create index ix_loyalty_card_member on loyalty_card (bucket, member_id)
    where member_id is not null;
create index ix_loyalty_card_expiry on loyalty_card (expires_at)
    where state = 'active' and expires_at is not null;

-- Two members made one. `absorbed` and `kept` hold how both were, to part them exactly.
create table loyalty_member_merge (
    id                 uuid not null,
    keep_id            uuid not null,
    absorb_id          uuid not null,
    party_merge_id     uuid,
    absorbed           jsonb not null,
    kept               jsonb not null,
    made_at            timestamptz not null,
    made_by            uuid,
    undone_at          timestamptz,
    undone_by          uuid,
    constraint pk_loyalty_member_merge primary key (id),
    constraint ck_loyalty_member_merge_two check (keep_id <> absorb_id)
);
create index ix_loyalty_member_merge_keep on loyalty_member_merge (keep_id, made_at);
create index ix_loyalty_member_merge_absorb on loyalty_member_merge (absorb_id, made_at);

-- A question for a one-time code. The code is derived from the id by our secret and kept nowhere;
-- the telephone is sealed until it was sent.
create table loyalty_sign_in (
    id                 uuid not null,
    phone_value        bytea not null,
    address_value      bytea not null,
    sealed_phone       bytea,
    language           text not null,
    attempts           integer not null default 0,
    made_at            timestamptz not null,
    expires_at         timestamptz not null,
    sent_at            timestamptz,
    used_at            timestamptz,
    constraint pk_loyalty_sign_in primary key (id),
    constraint ck_loyalty_sign_in_attempts check (attempts >= 0)
);
create index ix_loyalty_sign_in_phone on loyalty_sign_in (phone_value, made_at);
create index ix_loyalty_sign_in_address on loyalty_sign_in (address_value, made_at);
create index ix_loyalty_sign_in_made on loyalty_sign_in (made_at);

-- Codes for people to read where nothing can be sent: the demo and development, never production.
create table loyalty_code_shown (
    id                 uuid not null,
    phone              text not null,
    code               text not null,
    shown_at           timestamptz not null,
    constraint pk_loyalty_code_shown primary key (id)
);
create index ix_loyalty_code_shown on loyalty_code_shown (shown_at);
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
