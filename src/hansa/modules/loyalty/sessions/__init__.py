"""Where members are signed in to the app: browsers by a cookie, native shells by a key.

Owns: loyalty_app_session, loyalty_app_handover.
Promises: of cookies and keys only digests are kept; a hand-over opens one session, within a minute;
what a shell opened ends with the shell; what has ended opens nothing from the next request on.
Publishes nothing. Locks: rows by their tokens.

These are not the sessions of `accounts`: those belong to users with an e-mail address and a
password, and carry what staff may do. A member has a telephone and neither, may be a shopper with
an account or not, and stays signed in for a season; so a member's cookie opens the app and nothing
else, and signing out of the shop does not take the card away at a till.
"""

from hansa.modules.loyalty.sessions import api, api_places
from hansa.modules.loyalty.sessions.jobs import JOBS, PERIODIC, TidySessions, run_tidy_sessions
from hansa.modules.loyalty.sessions.joining import (
    RULES_DOCUMENT,
    RULES_VERSION,
    home_programme,
    join_or_find,
)
from hansa.modules.loyalty.sessions.model import (
    LIFETIME,
    Handover,
    HandoverWrong,
    KeyWrong,
    NoProgramme,
    NotJoined,
    Session,
    SessionKind,
    Started,
    bucket_in,
)
from hansa.modules.loyalty.sessions.operations import (
    end_session,
    find_and_note,
    hand_over,
    start_session,
    take_over,
)
from hansa.modules.loyalty.sessions.queries import find_session, list_sessions

ROUTES = (*api.ROUTES, *api_places.ROUTES)

__all__ = [
    "JOBS",
    "LIFETIME",
    "PERIODIC",
    "ROUTES",
    "RULES_DOCUMENT",
    "RULES_VERSION",
    "Handover",
    "HandoverWrong",
    "KeyWrong",
    "NoProgramme",
    "NotJoined",
    "Session",
    "SessionKind",
    "Started",
    "TidySessions",
    "bucket_in",
    "end_session",
    "find_and_note",
    "find_session",
    "hand_over",
    "home_programme",
    "join_or_find",
    "list_sessions",
    "run_tidy_sessions",
    "start_session",
    "take_over",
]
