"""Tables of the module parties."""

from hansa.runtime.database.migrate import run_sql

revision = "0004"
down_revision = "0003"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of parties."""
    if TABLES.strip():
        run_sql(TABLES)
