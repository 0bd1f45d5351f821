"""People who sign in for a partner of a coalition."""

from hansa.runtime.database.migrate import run_sql

revision = "0036"
down_revision = "0035"

TABLES = """
alter table account_user add column partner_id uuid;
alter table account_user drop constraint account_user_kind_known;
alter table account_user add constraint account_user_kind_known
    check (kind in ('staff', 'shopper', 'partner'));
alter table account_user add constraint account_user_partner_known
    check ((kind = 'partner') = (partner_id is not null));
create index ix_account_user_partner on account_user (partner_id, id) where partner_id is not null;
"""


def upgrade() -> None:
    """Add the column."""
    run_sql(TABLES)
