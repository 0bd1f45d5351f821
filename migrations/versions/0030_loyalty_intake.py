"""Adapters for partners who cannot adopt the API."""

from hansa.runtime.database.migrate import run_sql

revision = "0030"
down_revision = "0029"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
