"""How a call to the outside can fail; each says whether it may have had an effect."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Invalid, Unavailable


class TransactionOpen(RuntimeError):
    """A call was tried while a database transaction is open: a fault in our code.

    The rows it locked would stay locked for as long as the other side takes, and the call could not
    be taken back if the transaction failed. Do it in a job, between two short transactions.
    """


@dataclass(eq=False)
class NoAnswer(Unavailable):
    """No connection, no answer in time, or an answer cut short.

    `maybe_done` is true if the request may have reached the other side: ask there before repeating
    what must happen once.
    """

    code: ClassVar[str] = "outbound.no_answer"
    message: ClassVar[str] = "{destination} does not answer. Try again later."
    destination: str
    reason: str
    maybe_done: bool


@dataclass(eq=False)
class DestinationFailed(Unavailable):
    """The other side answered 5xx, also when asked again."""

    code: ClassVar[str] = "outbound.failed"
    message: ClassVar[str] = "{destination} has a fault. Try again later."
    destination: str
    status: int
    body: bytes
    retry_after_seconds: float


@dataclass(eq=False)
class TooManyRequests(Unavailable):
    """The other side wants fewer requests; nothing was done. Wait `retry_after_seconds`."""

    code: ClassVar[str] = "outbound.too_many_requests"
    message: ClassVar[str] = "{destination} is busy. Try again later."
    destination: str
    retry_after_seconds: float


@dataclass(eq=False)
class CircuitOpen(Unavailable):
    """The destination failed several times in a row and is left alone for a while; nothing sent."""

    code: ClassVar[str] = "outbound.circuit_open"
    message: ClassVar[str] = "{destination} is out of order at the moment. Try again later."
    destination: str
    retry_after_seconds: float


@dataclass(eq=False)
class AnswerTooLarge(Unavailable):
    """The answer is longer than the destination may send."""

    code: ClassVar[str] = "outbound.answer_too_large"
    message: ClassVar[str] = "{destination} sent an answer that is too long."
    destination: str
    bytes_max: int


@dataclass(eq=False)
class AddressRefused(Invalid):
    """An address given by a user leads to this machine or a private network, or is no address."""

    code: ClassVar[str] = "outbound.address_refused"
    message: ClassVar[str] = "The address {url} cannot be used: {reason}."
    url: str
    reason: str
