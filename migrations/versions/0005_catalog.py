"""Tables of the module catalog."""

from hansa.runtime.database.migrate import run_sql

revision = "0005"
down_revision = "0004"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of catalog."""
    if TABLES.strip():
        run_sql(TABLES)
