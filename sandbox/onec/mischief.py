"""What may go wrong between 1C and a site, as switches."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Mischief:
    """Misbehaviours; everything off is a well-behaved 1C."""

    repeat_query: bool = False
    """Ask for the orders twice and never say success."""
    chunk_twice: bool = False
    """Send the first chunk of each file twice."""
    cut_at_byte: int | None = None
    """Drop the connection after so many bytes of a body."""
    lose_answer: bool = False
    """Drop the connection before the answer of a query or file is read, then repeat."""
    duplicate_file: bool = False
    """Send and import each file twice."""
    reorder_files: bool = False
    """Import stock and prices before the goods."""
    wrong_password: bool = False
    """Log in with a password that is not the right one."""
    no_cookie: bool = False
    """Do not send the session's cookie."""
    stale_rests: bool = False
    """Send stock that was formed before the latest orders came."""
    post_instead_of_get: bool = False
    """Call every step by POST."""
    windows_1251: bool = False
    """Write own files in windows-1251."""
    sessid_in_query: bool = False
    """Repeat the session id in the address."""
    skip_complete: bool = False
    """Never say that the exchange is complete, as when only changes are sent."""

    def switched(self, name: str, value: str) -> "Mischief":
        """Give a copy with one switch set from text; numbers for bytes, anything for on."""
        if name not in {field.name for field in fields(self)}:
            raise ValueError(f"no misbehaviour is called {name}")
        if name == "cut_at_byte":
            return replace(self, cut_at_byte=int(value) if value.strip() else None)
        on = value.strip().lower() in {"1", "on", "true", "yes"}
        return replace(self, **{name: on})
