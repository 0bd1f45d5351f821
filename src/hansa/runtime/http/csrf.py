"""Proof that a form was ours: a token that only our own pages can know.

The token is an HMAC of the browser's session token, so nothing is kept on the server, and a guest
needs no row in the database to send a form.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Forbidden
from hansa.runtime.http.visit import SESSION_COOKIE, Visit

FIELD = "csrf_token"
HEADER = b"x-csrf-token"
SESSION_TOKEN_BYTES = 32
SESSION_TOKEN_CHARACTERS_MAX = 128


@dataclass(eq=False)
class FormExpired(Forbidden):
    """A form came without the token, or with the token of a session that has ended."""

    code: ClassVar[str] = "form.expired"
    message: ClassVar[str] = (
        "This form is too old or was opened in another window. Go back, reload the page and send "
        "it again; nothing was changed."
    )


def session_token(visit: Visit) -> str:
    """Give the browser's session token; make one, and set its cookie, if it has none."""
    if visit.session_token is None:
        sent = visit.sent_cookies.get(SESSION_COOKIE, "")
        if sent and len(sent) <= SESSION_TOKEN_CHARACTERS_MAX:
            visit.session_token = sent
        else:
            use_session_token(visit, secrets.token_urlsafe(SESSION_TOKEN_BYTES))
    assert visit.session_token is not None
    return visit.session_token


def use_session_token(visit: Visit, token: str) -> None:
    """Give the browser another session token (at sign-in and sign-out)."""
    visit.session_token = token
    visit.session_token_is_new = True


def token(visit: Visit) -> str:
    """Give the token that forms of this browser carry."""
    known = visit.cached.get("csrf")
    session = session_token(visit)
    if known is None or known[0] != session:
        known = visit.cached["csrf"] = (session, token_for(visit.wiring.secret, session))
    return str(known[1])


def token_for(secret: bytes, session: str) -> str:
    """Compute the token of a session."""
    return hmac.new(secret, b"csrf:" + session.encode(), hashlib.sha256).hexdigest()


def is_right(visit: Visit, shown: str) -> bool:
    """Tell whether a token belongs to the session whose cookie came with it."""
    session = visit.sent_cookies.get(SESSION_COOKIE)
    if not session or not shown:
        return False
    return hmac.compare_digest(token_for(visit.wiring.secret, session).encode(), shown.encode())
