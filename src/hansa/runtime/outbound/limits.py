"""Keeping under a destination's rate, and leaving it alone while it is down."""

import time
from collections.abc import Callable

from prometheus_client import Gauge

from hansa.runtime.outbound.failures import CircuitOpen

Monotonic = Callable[[], float]

_CIRCUIT = Gauge(
    "hansa_outbound_circuit_open",
    "1 while a destination is left alone",
    ["destination"],
    multiprocess_mode="max",
)


class Rate:
    """A token bucket: `burst` at once, `per_second` on average. Waiters are served in turn."""

    def __init__(
        self, per_second: float | None, burst: int, *, clock: Monotonic = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = max(1, burst)
        self._tokens = float(self._burst)
        self._clock = clock
        self._at = clock()

    def take(self) -> float:
        """Take a token, which may be a coming one; give the seconds to wait for it."""
        if self._per_second is None:
            return 0
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_second)

    def give_back(self) -> None:
        """Return a token that was not used."""
        self._tokens += 1

    def hold_back(self, seconds: float) -> None:
        """Let nothing pass for some seconds: the other side asked for it."""
        if self._per_second is not None:
            self._tokens = min(self._tokens, -seconds * self._per_second)


class Circuit:
    """Closed: all may pass. Open: none. Half-open, after a while: one, whose fate decides."""

    def __init__(
        self,
        destination: str,
        *,
        measured: bool = True,
        failures_to_open: int,
        open_seconds: float,
        open_seconds_max: float,
        clock: Monotonic = time.monotonic,
    ) -> None:
        self._destination = destination
        self._failures_to_open = failures_to_open
        self._first_open_seconds = open_seconds
        self._open_seconds = open_seconds
        self._open_seconds_max = open_seconds_max
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False
        self._gauge = _CIRCUIT.labels(destination) if measured else None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        if self._open_until is None:
            return "closed"
        return "half-open" if self._probing or self._clock() >= self._open_until else "open"

    def enter(self) -> None:
        """Ask to pass; whoever passes must report `succeeded`, `failed` or `abandoned`.

        Raises:
            CircuitOpen: not now.
        """
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left > 0 or self._probing:
            raise CircuitOpen(self._destination, max(left, 1.0))
        self._probing = True

    def succeeded(self) -> None:
        """The destination works: close."""
        self._failures = 0
        self._open_until = None
        self._probing = False
        self._open_seconds = self._first_open_seconds
        self._show(0)

    def failed(self) -> None:
        """The destination did not work: open after several in a row, or after a failed probe."""
        self._failures += 1
        if self._probing:
            self._open_seconds = min(self._open_seconds * 2, self._open_seconds_max)
        elif self._failures < self._failures_to_open:
            return
        self._probing = False
        self._open_until = self._clock() + self._open_seconds
        self._show(1)

    def abandoned(self) -> None:
        """The call ended without telling anything of the destination (it was cancelled)."""
        self._probing = False

    def _show(self, value: int) -> None:
        if self._gauge is not None:
            self._gauge.set(value)
