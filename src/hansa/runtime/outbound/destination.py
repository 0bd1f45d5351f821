"""What is known of a destination, and what an answer holds."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from hansa.runtime.masking import mask_url

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for an outside system and how often to try; `attempts` includes the first.

    The settings `outbound_*` give it for every destination that does not say otherwise.
    """

    connect_seconds: float = 3
    read_seconds: float = 15
    attempts: int = 3


@dataclass(frozen=True, kw_only=True)
class Destination:
    """An outside system and how to treat it.

    With `base_url` it is one an administrator configured, which may be in a private network.
    Without, the address comes from a user with each call, and private networks are refused.
    `rate_per_second` counts for this process. None means: as patient as with all others. An answer
    above `answer_bytes_max` is refused, or with `cuts_answers` the rest of it is not read. Without
    `log_target` the log tells the host alone: the path is a secret.
    """

    name: str
    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_seconds: float | None = None
    read_seconds: float | None = None
    total_seconds: float = 60
    attempts: int | None = None
    pause_seconds: float = 0.3
    pause_seconds_max: float = 10
    rate_per_second: float | None = None
    burst: int = 10
    connections_max: int = 20
    answer_bytes_max: int = 10 * 1024 * 1024
    cuts_answers: bool = False
    failures_to_open: int = 5
    open_seconds: float = 15
    open_seconds_max: float = 300
    log_bodies: bool = False
    log_target: bool = True
    verify: bool = True
    proxy: str | None = None
    propagate_trace: bool = False
    idempotency_header: str = "Idempotency-Key"

    def shown(self, target: str) -> str:
        """Give an address as it may stand in the log."""
        if self.log_target:
            return mask_url(target)
        try:
            return urlsplit(target).hostname or ""
        except ValueError:
            return ""

    def patience(self, usual: Patience) -> Patience:
        """Give what this destination says, and the usual where it says nothing."""
        return Patience(
            connect_seconds=self.connect_seconds or usual.connect_seconds,
            read_seconds=self.read_seconds or usual.read_seconds,
            attempts=self.attempts or usual.attempts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer below 500 (and not 429), read whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of success

    def json(self, kind: type[T]) -> T:
        """Decode the body.

        Raises:
            msgspec.ValidationError, msgspec.DecodeError: it is not what it should be.
        """
        return msgspec.json.decode(self.body, type=kind)

    def retry_after_seconds(self, default: float) -> float:
        """Give the wait that `Retry-After` asks for, as a number or a date; a day at most."""
        text, seconds = self.headers.get("retry-after", ""), default
        with suppress(ValueError):
            seconds = float(text)
        with suppress(ValueError, TypeError):
            at: datetime = parsedate_to_datetime(text)
            seconds = (at - datetime.now(UTC)).total_seconds()
        return 0.0 if not seconds > 0 else min(seconds, 86_400.0)
