"""Tables of the module search."""

from hansa.runtime.database.migrate import run_sql

revision = "0008"
down_revision = "0007"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of search."""
    if TABLES.strip():
        run_sql(TABLES)
