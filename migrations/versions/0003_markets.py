"""Tables of the module markets."""

from hansa.runtime.database.migrate import run_sql

revision = "0003"
down_revision = "0002"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of markets."""
    if TABLES.strip():
        run_sql(TABLES)
