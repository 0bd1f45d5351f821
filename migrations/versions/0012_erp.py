"""Tables of the module erp."""

from hansa.runtime.database.migrate import run_sql

revision = "0012"
down_revision = "0011"

TABLES = """
"""


def upgrade() -> None:
    """Create the tables of erp."""
    if TABLES.strip():
        run_sql(TABLES)
