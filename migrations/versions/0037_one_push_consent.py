"""One consent to push messages: what was asked for under two names is `marketing.push`."""

from hansa.runtime.database.migrate import run_sql

revision = "0037"
down_revision = "0036"

# The app wrote both at one instant: of those one stays. All other decisions count in their order.
ONE_NAME = """
delete from parties_consent c
 where c.purpose = 'loyalty.push'
   and exists (
           select
             from parties_consent o
            where o.party_id = c.party_id
              and o.purpose = 'marketing.push'
              and o.decided_at = c.decided_at
              and o.is_granted = c.is_granted);
update parties_consent
   set purpose = 'marketing.push'
 where purpose = 'loyalty.push';
"""


def upgrade() -> None:
    """Rename what was decided."""
    run_sql(ONE_NAME)
