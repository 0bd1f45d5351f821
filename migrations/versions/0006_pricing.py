"""Tables of the module pricing."""

from hansa.runtime.database.migrate import run_sql

revision = "0006"
down_revision = "0005"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of pricing."""
    if TABLES.strip():
        run_sql(TABLES)
