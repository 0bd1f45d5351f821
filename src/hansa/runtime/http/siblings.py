"""Calls between processes of one installation that have no user: a front asks its cells.

Whoever knows the secret key of the installation is one of us. A mark is good for the path and the
body it was made for, and for minutes, so that clocks of machines need not agree to the second.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from hansa.kernel.errors import Forbidden
from hansa.runtime.http.request import Request

HEADER = b"x-hansa-sibling"
GOOD_FOR = timedelta(minutes=5)
_PURPOSE = b"hansa.siblings"


@dataclass(eq=False)
class NotASibling(Forbidden):
    """The call does not come from a process of this installation, or is an old one."""

    code: ClassVar[str] = "cells.not_a_sibling"
    message: ClassVar[str] = "Only processes of this installation may ask this."


def mark_of(secret: bytes, *, path: str, content: bytes, now: datetime) -> bytes:
    """Give what a call carries in `HEADER`; `secret` is the key of the installation."""
    second = b"%d" % int(now.timestamp())
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    text = b"|".join((second, path.encode(), content))
    return second + b"." + hmac.new(key, text, hashlib.sha256).hexdigest().encode()


async def check_sibling(request: Request) -> None:
    """See that a call carries a mark that was made for it.

    Raises:
        NotASibling: it does not, or the mark is older than minutes.
    """
    visit = request.visit
    shown = visit.headers.get(HEADER, b"")
    second = shown.partition(b".")[0]
    if not (second.isdigit() and len(second) <= len("9999999999")):
        raise NotASibling
    at = datetime.fromtimestamp(int(second), request.received_at.tzinfo)
    content = await request.body()
    right = mark_of(visit.wiring.secret, path=visit.path, content=content, now=at)
    if abs(request.received_at - at) > GOOD_FOR or not hmac.compare_digest(right, shown):
        raise NotASibling
