"""What is published about the exchange with 1C."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImported(Event):
    """A file of 1C was imported to its end, or could not be; `counts` say what was done."""

    type: ClassVar[str] = "erp.FileImported"
    connection_id: UUID
    file_id: UUID
    name: str
    is_done: bool
    counts: dict[str, int]
    finished_at: datetime

    def key(self) -> str:
        """Order the files of one connection."""
        return str(self.connection_id)
