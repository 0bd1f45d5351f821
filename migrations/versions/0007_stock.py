"""Tables of the module stock."""

from hansa.runtime.database.migrate import run_sql

revision = "0007"
down_revision = "0006"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of stock."""
    if TABLES.strip():
        run_sql(TABLES)
