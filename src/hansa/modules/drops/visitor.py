"""Who stands in a line: the browser's session, or the token a program shows; a digest is kept."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from hansa.runtime.http import Request

TOKEN_HEADER = "X-Basket-Token"  # noqa: S105 - the name of a header, that of the baskets
PLACE_HEADER = "X-Drop-Place"
TOKEN_CHARACTERS_MAX = 128
PLACE_CHARACTERS_MAX = 200
_DIGEST_CHARACTERS = 32
_SEAL_BYTES = 16
_NOT_DRAWN = 0


def visitor_of(request: Request) -> str | None:
    """Give the digest of whoever asks, or None if they came with nothing they could come back with.

    Nobody gets a place by asking without a cookie: a flood of strangers would take all of them.
    """
    sent = request.headers.get(TOKEN_HEADER) or request.sent_session_token
    if sent and len(sent) <= TOKEN_CHARACTERS_MAX:
        return digest_of(sent)
    actor = request.actor
    return None if actor is None else digest_of(f"{actor.kind}:{actor.id}")


def digest_of(token: str) -> str:
    """Give what is kept of a session's secret."""
    return hashlib.sha256(b"drops:" + token.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def write_place(secret: bytes, *, drop_id: UUID, session: str, place: int | None) -> str:
    """Seal a place, so that it need not be looked up; None before the draw.

    The seal covers the session: in another browser the token says nothing.
    """
    number = place or _NOT_DRAWN
    seal = _seal(secret, drop_id, session, number)
    return f"{number}.{urlsafe_b64encode(seal).decode().rstrip('=')}"


def read_place(secret: bytes, token: str, *, drop_id: UUID, session: str) -> int | None:
    """Give the place a token says, 0 before the draw, or None: it is none of this visitor's."""
    number, dot, seal = token[:PLACE_CHARACTERS_MAX].partition(".")
    if not dot or not number.isascii() or not number.isdigit():
        return None
    try:
        shown = urlsafe_b64decode(seal + "=" * (-len(seal) % 4))
    except ValueError:
        return None
    if not hmac.compare_digest(shown, _seal(secret, drop_id, session, int(number))):
        return None
    return int(number)


def _seal(secret: bytes, drop_id: UUID, session: str, number: int) -> bytes:
    text = f"drop-place:{drop_id}:{session}:{number}"
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()[:_SEAL_BYTES]
