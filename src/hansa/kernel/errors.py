"""The six kinds of expected failure.

A concrete error lives beside the function that raises it, has a stable `code`, carries data and
knows no HTTP; `runtime.http.problems` alone maps a kind to a status. It is declared with
`@dataclass(eq=False)`, not frozen: `contextlib` sets `__traceback__` on an exception that passes
through a context manager, which a frozen dataclass refuses.
"""

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(eq=False)
class HansaError(Exception):
    """An expected failure, told to a person.

    `message` is an English sentence with `{field}` places filled from the error's own fields; it
    is also the key under which translations are kept.
    """

    code: ClassVar[str] = "hansa.error"
    message: ClassVar[str] = "Something went wrong."

    def __str__(self) -> str:
        return self.message.format(**self.data())

    def data(self) -> dict[str, object]:
        """Give the error's own fields by name, for messages and problem documents."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


class Invalid(HansaError):
    """What was sent cannot be understood or breaks a format."""

    code = "hansa.invalid"


class Forbidden(HansaError):
    """Whoever asks may not do this."""

    code = "hansa.forbidden"
    message = "You may not do this. Ask an administrator for the right to do so."


class NotFound(HansaError):
    """The thing named does not exist, or whoever asks may not know that it does."""

    code = "hansa.not_found"
    message = "There is nothing at this address."


class Conflict(HansaError):
    """The thing changed meanwhile, or already exists."""

    code = "hansa.conflict"


class Rejected(HansaError):
    """A business rule says no."""

    code = "hansa.rejected"


class Unavailable(HansaError):
    """Not now; the same request may succeed later."""

    code = "hansa.unavailable"
    message = "This is not available right now. Try again in a moment."
