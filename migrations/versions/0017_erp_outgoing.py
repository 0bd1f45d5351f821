"""Tables of erp: messages on their way to the ERP."""

from hansa.runtime.database.migrate import run_sql

revision = "0017"
down_revision = "0016"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
