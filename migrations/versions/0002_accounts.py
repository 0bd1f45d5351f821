"""Tables of the module accounts."""

from hansa.runtime.database.migrate import run_sql

revision = "0002"
down_revision = "0001"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of accounts."""
    if TABLES.strip():
        run_sql(TABLES)
