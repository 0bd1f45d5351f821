"""Rows of messages as values."""

from hansa.modules.erp.outgoing.model import Message, MessageKind, MessageState
from hansa.runtime.database import Row


def message_of(row: Row) -> Message:
    """Make a message of its row."""
    return Message(
        **(row._asdict() | {"kind": MessageKind(row.kind), "state": MessageState(row.state)})
    )
