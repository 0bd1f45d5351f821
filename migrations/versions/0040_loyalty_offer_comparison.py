"""What offers bring, measured against those who were held back."""

from hansa.runtime.database.migrate import run_sql

revision = "0040"
down_revision = "0039"

TABLES = """
create table loyalty_offer_comparison (
    offer_id    uuid primary key,
    result      jsonb not null,
    measured_at timestamptz not null
);
"""


def upgrade() -> None:
    """Add the table."""
    run_sql(TABLES)
