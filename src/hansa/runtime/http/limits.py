"""Rate limits: a bucket of tokens per client and class of requests, kept in the process.

With N web processes a client may reach N times the limit; that is enough against floods and costs
nothing. What must be counted exactly (attempts to sign in) is counted in PostgreSQL by accounts.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar

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
