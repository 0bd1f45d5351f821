"""Which tables other databases follow: reference data from the home cell, a part's from its cell.

The home cell alone writes reference data. Each list names whole tables, and says of those of which
only some columns travel which these are.
"""

from typing import Final

from hansa.runtime.database.following import Followed
from hansa.runtime.database.moving import Moved

_OWN = ("loyalty_member", "loyalty_programme")
"""Who has rows in one of these is an installation of its own and cannot begin to follow."""

_REFERENCE = (
    # Programs of partners and what of theirs has ended.
    "account_oauth_client",
    "account_oauth_ended",
    "account_oauth_key",
    "account_oauth_secret",
    "markets_market",
    # The coalition and its rules.
    "loyalty_programme",
    "loyalty_partner",
    "loyalty_participation",
    "loyalty_terms_version",
    "loyalty_rulebook",
    "loyalty_rule",
    "loyalty_offer",
    "loyalty_offer_version",
    "loyalty_guard_rules",
    "loyalty_settlement_rule",
    "rollout_feature",
    "rollout_audience",
    "rollout_member",
)
_ENDPOINTS = ("webhook_owner", "webhook_endpoint", "webhook_secret")
"""Where partners are told; what they are told is each cell's own."""
_BUDGET = ("campaign_id", "programme_id", "total", "changed_at")

CELL: Final = Followed(
    name="reference",
    tables=(*_REFERENCE, *_ENDPOINTS),
    columns={"loyalty_budget": _BUDGET},  # what is lent out of it is each cell's own
    empty=_OWN,
)

_BALANCES = (
    "loyalty_member",
    "loyalty_membership",
    "loyalty_reference",
    "loyalty_lot",
    "loyalty_receipt",
    "ledger_account",
    "ledger_batch",
    "ledger_chain",
    "ledger_entry",
    "ledger_hold",
    "ledger_period",
    "ledger_posting",
    "ledger_rolled",
    "ledger_transfer",
    "loyalty_closing",
    "loyalty_point_block",
    "loyalty_prepayment",
    "loyalty_settlement_alert",
    "loyalty_statement",
    "loyalty_statement_payment",
)

_SIGNED_IN = (
    "account_api_key",
    "account_role",
    "account_session",
    "account_user",
    "account_user_role",
)
"""Who is signed in and may do what, for the pages of a part."""

PARTS: Final = {
    "loyalty.balances": Followed(
        name="balances", tables=(*_REFERENCE, *_BALANCES), columns={}, empty=_OWN
    ),
    "loyalty.events": Followed(
        name="events",
        tables=(*_REFERENCE, *_SIGNED_IN, "loyalty_reference"),
        empty=_OWN,
        moved=Moved(
            tables=(*_ENDPOINTS, "webhook_message", "webhook_attempt"),
            subscriptions=("loyalty.webhooks.points", "loyalty.webhooks.members"),
            loops=("webhooks.delivery",),
        ),
    ),
}
"""Parts that may have a database of their own; what is moved there, they write themselves."""

APART: Final = frozenset(name for name, what in PARTS.items() if what.moved is not None)
"""Those that write: the main database leaves their work alone."""
