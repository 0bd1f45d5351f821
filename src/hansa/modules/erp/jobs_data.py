"""The jobs of erp, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile(Job):
    """Import a file. Those of one connection are imported one at a time, in order of arrival."""

    type: ClassVar[str] = "erp.import_file"
    connection_id: UUID
    file_id: UUID

    def lock(self) -> str:
        """One at a time for a connection."""
        return f"erp:{self.connection_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishExchange(Job):
    """Take away what a full exchange did not name; of one file, or of all its portioned files."""

    type: ClassVar[str] = "erp.finish_exchange"
    connection_id: UUID
    exchange_id: UUID
    file_id: UUID | None = None

    def lock(self) -> str:
        """Behind the imports of the connection."""
        return f"erp:{self.connection_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRemoval(Job):
    """Carry out a removal that was decided."""

    type: ClassVar[str] = "erp.apply_removal"
    connection_id: UUID
    removal_id: UUID

    def lock(self) -> str:
        """Behind the imports of the connection."""
        return f"erp:{self.connection_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPictures(Job):
    """Turn pictures that came with goods into media of products."""

    type: ClassVar[str] = "erp.attach_pictures"
    file_id: UUID
    product_ids: tuple[UUID, ...]
    titles: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishIdleExchanges(Job):
    """Finish exchanges whose 1C went silent without saying that it was over."""

    type: ClassVar[str] = "erp.finish_idle_exchanges"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetOld(Job):
    """Delete old log lines and the contents of old files."""

    type: ClassVar[str] = "erp.forget_old"
