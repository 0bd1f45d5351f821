"""The one HTTP client for everything outside: the same care for every destination.

Each call has time-outs and a size limit, is kept under the destination's rate, retried when that is
safe, stopped while the destination is down, written to the log without secrets, and refused while
the caller holds a transaction open.
"""

from hansa.runtime.outbound.client import Outbound
from hansa.runtime.outbound.destination import Answer, Destination, Patience
from hansa.runtime.outbound.failures import (
    AddressRefused,
    AnswerTooLarge,
    CircuitOpen,
    DestinationFailed,
    NoAnswer,
    TooManyRequests,
    TransactionOpen,
)

__all__ = [
    "AddressRefused",
    "Answer",
    "AnswerTooLarge",
    "CircuitOpen",
    "Destination",
    "DestinationFailed",
    "NoAnswer",
    "Outbound",
    "Patience",
    "TooManyRequests",
    "TransactionOpen",
]
