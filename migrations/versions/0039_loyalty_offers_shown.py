"""Who has seen which offer today: kept for days, so that a display counts once."""

from hansa.runtime.database.migrate import run_sql

revision = "0039"
down_revision = "0038"

TABLES = """
create table loyalty_offer_shown (
    day       date not null,
    offer_id  uuid not null,
    member_id uuid not null,
    constraint pk_loyalty_offer_shown primary key (day, offer_id, member_id)
);
"""


def upgrade() -> None:
    """Add the table."""
    run_sql(TABLES)
