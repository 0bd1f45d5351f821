"""Which buckets members made here may have: all of them, or in a cell of several a part."""

import secrets
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.members.model import BUCKETS, bucket_of
from hansa.runtime.settings.cells import Span


class _Here:
    """The buckets of this process."""

    def __init__(self) -> None:
        self.span = Span(0, BUCKETS - 1)


_HERE = _Here()


def use_buckets(span: Span) -> None:
    """Make members of these buckets from now on; told by the service `Naming`."""
    _HERE.span = span


def new_id_here(now: datetime) -> UUID:
    """Make a number whose bucket, its last byte, is one of ours: so it says where it was made."""
    made = new_id(now)
    span = _HERE.span
    if span.first <= bucket_of(made) <= span.last:
        return made
    bucket = span.first + secrets.randbelow(span.last - span.first + 1)
    return UUID(bytes=made.bytes[:15] + bytes([bucket]))


def share_of(total: int) -> int:
    """Give the part of something shared by all members that is for those of ours."""
    return _HERE.span.share_of(total)
