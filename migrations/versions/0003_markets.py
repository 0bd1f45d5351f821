"""Tables of the module markets."""

from hansa.runtime.database.migrate import run_sql

revision = "0003"
down_revision = "0002"

TABLES = """
create table markets_market (
    code text primary key constraint markets_market_code_check
        check (code ~ '^[a-z][a-z0-9-]{1,15}$'),
    name jsonb not null,
    currency char(3) not null,
    country char(2) not null,
    languages text[] not null constraint markets_market_languages_check
        check (cardinality(languages) > 0),
    default_language text not null
        constraint markets_market_default_language_check check (default_language = any (languages)),
    tax_rate numeric(6,5) not null
        constraint markets_market_tax_rate_check check (tax_rate >= 0 and tax_rate < 1),
    prices_include_tax boolean not null,
    phone_region char(2) not null,
    time_zone text not null,
    legal_entity jsonb not null default '{}',
    is_open boolean not null default true,
    position integer not null default 0,
    updated_at timestamptz not null,
    updated_by uuid
);
"""


def upgrade() -> None:
    """Create the tables of markets."""
    run_sql(TABLES)
