"""What an import has at hand: connection and file, outside ids, the log it writes, its counts."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.kernel.text import Localised
from hansa.modules.erp.commerceml import FileHeader, Refusal
from hansa.modules.erp.model import Action, Connection, ImportedFile, LogEntry
from hansa.modules.erp.rows import texts, to_json
from hansa.modules.erp.store import log as log_sql
from hansa.modules.erp.store import references as sql
from hansa.runtime.database import Transaction


class Identified(Protocol):
    """A record with an outside id and a place in its file."""

    @property
    def external_id(self) -> str:
        """Its id outside."""

    @property
    def ordinal(self) -> int:
        """Its place in the file."""


R = TypeVar("R", bound=Identified)

DETAILS_SHOWN_MAX = 300


class Reference(NamedTuple):
    """What stands behind an outside id, and the digest of what was last applied to it."""

    internal_id: UUID
    digest: bytes | None
    details: Mapping[str, Any]
    is_gone: bool


@dataclass(frozen=True, slots=True)
class NewReference:
    """An outside id to be kept."""

    external_id: str
    internal_id: UUID
    digest: bytes | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    is_gone: bool = False


def digest_of(*parts: object) -> bytes:
    """Give a short digest of contents, to recognise them unchanged."""
    return hashlib.blake2b(repr(parts).encode(errors="replace"), digest_size=12).digest()


class Desk:
    """One import: what it knows, what it did. Nothing here outlives the file."""

    def __init__(self, connection: Connection, file: ImportedFile) -> None:
        self.connection = connection
        self.file = file
        self.header: FileHeader | None = None
        self.counts: Counter[str] = Counter(file.counts)
        self.facts: dict[str, Any] = dict(file.facts)
        self.entries: list[LogEntry] = []
        self.arrived: list[str] = []
        self.pictures: list[tuple[UUID, str, tuple[str, ...]]] = []
        self._cached: dict[str, dict[str, Reference]] = {}

    @property
    def as_of(self) -> datetime:
        """The instant at which 1C formed the file, else at which its first byte came."""
        formed_at = self.header.formed_at if self.header is not None else None
        return self.connection.instant(formed_at) if formed_at else self.file.began_at

    @property
    def is_full(self) -> bool:
        """Say whether the section in hand is a full export."""
        return self.header is not None and not self.header.changes_only

    @property
    def seen_in(self) -> UUID | None:
        """The exchange, if it matters what it names."""
        return self.file.exchange_id if self.is_full else None

    @property
    def scope(self) -> str:
        """The catalogue or package that a full export is the whole of."""
        if self.header is None:
            return ""
        found = self.header.catalog_id or self.header.section_id or ""
        return found.strip("#")

    def named(self, text: str) -> Localised:
        """Give a text in the language of the connection."""
        return {self.connection.language: text}

    def name_scope(self, kind: str) -> None:
        """Remember that the file named things of a kind in the scope in hand."""
        if self.is_full:
            known = self.facts.setdefault(f"{kind}_scopes", [])
            if self.scope not in known:
                known.append(self.scope)

    # The log.

    def note(self, kind: str, action: Action, **values: Any) -> None:
        """Write a line of the log and count it."""
        self.entries.append(LogEntry(kind=kind, action=action, **values))
        self.counts[str(action)] += 1

    def refuse(self, kind: str, external_id: str, error: HansaError, *, title: str = "") -> None:
        """Log that something was refused by the module it is for."""
        self.note(
            kind,
            Action.REFUSED,
            external_id=external_id,
            title=title,
            code=error.code,
            reason=str(error),
        )

    def refused_row(self, refusal: Refusal) -> None:
        """Log what the reader could not read."""
        self.note(
            refusal.where.rpartition("/")[2] or refusal.where,
            Action.REFUSED,
            external_id=refusal.identifier or "",
            code=f"erp.{refusal.code}",
            reason=f"{refusal.where}: {refusal.reason}",
            ordinal=refusal.ordinal,
            line=refusal.line,
        )

    async def write_log(self, tx: Transaction, *, now: datetime) -> None:
        """Save the lines gathered so far."""
        if not self.entries:
            return
        entries, self.entries = self.entries, []
        await tx.execute(
            log_sql.ADD_ENTRIES,
            {
                "connection_id": self.connection.id,
                "exchange_id": self.file.exchange_id,
                "file_id": self.file.id,
                "ordinals": [entry.ordinal for entry in entries],
                "lines": [entry.line for entry in entries],
                "kinds": [entry.kind for entry in entries],
                "external_ids": [_plain(entry.external_id) for entry in entries],
                "internal_ids": [entry.internal_id for entry in entries],
                "titles": [_plain(entry.title) for entry in entries],
                "actions": [str(entry.action) for entry in entries],
                "codes": [entry.code for entry in entries],
                "reasons": [_plain(entry.reason) for entry in entries],
                "details": [to_json(entry.details) for entry in entries],
                "now": now,
            },
        )

    def last_of_each(self, kind: str, records: Sequence[R]) -> dict[str, R]:
        """Give records by outside id; of several the last counts, and that is logged."""
        found: dict[str, R] = {}
        for record in records:
            external_id = record.external_id
            if external_id in found:
                self.note(
                    kind,
                    Action.NOTED,
                    external_id=external_id,
                    code="erp.duplicate_id",
                    reason="The identifier comes several times in the file; the last one counts.",
                    ordinal=record.ordinal,
                )
            found[external_id] = record
        return found

    # Outside identifiers.

    async def known(
        self, tx: Transaction, kind: str, external_ids: Iterable[str]
    ) -> dict[str, Reference]:
        """Give what is known of these outside ids."""
        wanted = texts(external_ids)
        if not wanted:
            return {}
        rows = await tx.all(
            sql.REFERENCES,
            {"connection_id": self.connection.id, "kind": kind, "external_ids": wanted},
        )
        return {row.external_id: Reference(*row[1:]) for row in rows}

    async def all_of(self, tx: Transaction, kind: str) -> dict[str, Reference]:
        """Give everything known of a small kind; read once per file."""
        if kind not in self._cached:
            rows = await tx.all(
                sql.ALL_OF_KIND, {"connection_id": self.connection.id, "kind": kind}
            )
            self._cached[kind] = {row.external_id: Reference(*row[1:]) for row in rows}
        return self._cached[kind]

    async def keep(
        self, tx: Transaction, kind: str, references: Sequence[NewReference], *, scope: str = ""
    ) -> None:
        """Save outside ids with the digests of what was applied."""
        if not references:
            return
        await tx.execute(
            sql.SAVE_REFERENCES,
            {
                "connection_id": self.connection.id,
                "kind": kind,
                "scope": scope,
                "seen_in": self.seen_in,
                "external_ids": [one.external_id for one in references],
                "internal_ids": [one.internal_id for one in references],
                "digests": [one.digest for one in references],
                "details": [to_json(one.details) for one in references],
                "gone": [one.is_gone for one in references],
            },
        )
        cached = self._cached.get(kind)
        if cached is not None:
            for one in references:
                cached[one.external_id] = Reference(
                    one.internal_id, one.digest, one.details, one.is_gone
                )

    def forget(self) -> None:
        """Forget outside ids that were read: what made some of them was rolled back."""
        self._cached.clear()

    async def see(self, tx: Transaction, kind: str, external_ids: Iterable[str]) -> None:
        """Note that a full export named these unchanged things."""
        wanted = texts(external_ids)
        if self.seen_in is None or not wanted:
            return
        await tx.execute(
            sql.SEE_REFERENCES,
            {
                "connection_id": self.connection.id,
                "kind": kind,
                "scope": self.scope,
                "seen_in": self.seen_in,
                "external_ids": wanted,
            },
        )


def _plain(text: str) -> str:
    return text.replace("\0", "")[:DETAILS_SHOWN_MAX]
