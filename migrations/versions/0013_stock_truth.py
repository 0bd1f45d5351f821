"""Tables of stock: bindings, corrections, watermarks."""

from hansa.runtime.database.migrate import run_sql

revision = "0013"
down_revision = "0012"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
