"""Rate limits: a bucket of tokens per client and class of requests, kept in the process.

With N web processes a client may reach N times the limit; that is enough against floods and costs
nothing. What must be counted exactly (attempts to sign in) is counted in PostgreSQL by accounts.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Rejected

BUCKETS_MAX = 50_000


@dataclass(eq=False)
class TooManyRequests(Rejected):
    """The client sends faster than allowed."""

    code: ClassVar[str] = "request.too_many"
    message: ClassVar[str] = "Too many requests. Wait {retry_seconds} seconds and try again."

    retry_seconds: int


class Buckets:
    """Token buckets: each refills at `per_minute` and holds ten seconds' worth at most.

    The least recently used bucket is forgotten when there are too many: memory is bounded, and a
    forgotten client starts with a full bucket.
    """

    def __init__(self, *, per_minute: int, burst: int | None = None) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst if burst is not None else max(20, per_minute // 6))
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.is_on = per_minute > 0

    def take(self, who: str, at_seconds: float) -> None:
        """Take a token; `at_seconds` is any clock that only goes forward.

        Raises:
            TooManyRequests: the bucket is empty; carries how long to wait.
        """
        tokens, seen = self._buckets.get(who, (self._burst, at_seconds))
        tokens = min(self._burst, tokens + (at_seconds - seen) * self._per_second)
        if tokens < 1:
            self._buckets[who] = (tokens, at_seconds)
            raise TooManyRequests(max(1, round((1 - tokens) / self._per_second)))
        self._buckets[who] = (tokens - 1, at_seconds)
        self._buckets.move_to_end(who)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)


Header = tuple[bytes, bytes]


class _ClientBucket:
    """What is left to one program, and the sentence that tells it the rule."""

    __slots__ = ("burst", "per_minute", "per_second", "policy", "seen", "tokens")

    def __init__(self, per_minute: int, at_seconds: float) -> None:
        self.per_minute = per_minute
        self.per_second = per_minute / 60
        self.burst = float(min(per_minute, max(20, per_minute // 6)))
        self.tokens = self.burst
        self.seen = at_seconds
        window = math.ceil(self.burst / self.per_second)
        self.policy: Header = (
            b"ratelimit-policy",
            f'"client";q={self.burst:.0f};w={window}'.encode(),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether there was a token (else how long to wait), and the headers that say what is left.

    The headers are those of draft-ietf-httpapi-ratelimit-headers: the quota `q` is what the full
    bucket holds, the window `w` the seconds it takes to fill.
    """

    retry_seconds: int
    headers: tuple[Header, Header]


class ClientBuckets:
    """A bucket per program that signs in; each has a limit of its own or the default.

    A limit of 0 is none. Bounded like `Buckets`.
    """

    def __init__(self, *, per_minute: int = 0) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[UUID, _ClientBucket] = OrderedDict()

    def take(self, who: UUID, per_minute: int | None, at_seconds: float) -> Taken | None:
        """Take a token; None where there is no limit."""
        limit = self._per_minute if per_minute is None else per_minute
        if limit <= 0:
            return None
        bucket = self._buckets.get(who)
        if bucket is None or bucket.per_minute != limit:
            bucket = self._buckets[who] = _ClientBucket(limit, at_seconds)
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
        tokens = bucket.tokens + (at_seconds - bucket.seen) * bucket.per_second
        tokens = min(bucket.burst, tokens)
        bucket.seen = at_seconds
        retry_seconds = 0
        if tokens < 1:
            retry_seconds = max(1, math.ceil((1 - tokens) / bucket.per_second))
        else:
            tokens -= 1
        bucket.tokens = tokens
        self._buckets.move_to_end(who)
        full_in = math.ceil((bucket.burst - tokens) / bucket.per_second)
        left = b'"client";r=%d;t=%d' % (tokens, full_in)
        return Taken(retry_seconds, (bucket.policy, (b"ratelimit", left)))
