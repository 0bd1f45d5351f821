"""Whose basket a request is about."""

import hashlib

from hansa.modules.checkout.model import Owner
from hansa.runtime.http import Request, shopper_or_guest

TOKEN_HEADER = "X-Basket-Token"  # noqa: S105 - the name of a header
TOKEN_CHARACTERS_MAX = 128
NOBODY = Owner(session_id="")


def owner_of(request: Request, *, sets_cookie: bool = True) -> Owner:
    """Give whose basket it is: the signed-in party's, else the browser session's.

    Programs without cookies send `X-Basket-Token`. Without `sets_cookie` a visitor nothing is known
    of owns nothing, and gets no cookie. Only a digest of the session is kept.
    """
    actor = shopper_or_guest(request)
    if actor is not None and actor.party_id is not None:
        return Owner(party_id=actor.party_id)
    sent = request.headers.get(TOKEN_HEADER)
    if sent and len(sent) <= TOKEN_CHARACTERS_MAX:
        return guest(sent)
    if request.sent_session_token is None and not sets_cookie:
        return NOBODY
    return guest(request.session_token)


def guest(token: str) -> Owner:
    """Give the owner a session's secret stands for."""
    return Owner(session_id=hashlib.sha256(b"basket:" + token.encode()).hexdigest())
