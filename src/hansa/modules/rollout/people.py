"""Naming people: by number, e-mail or telephone, one by one or in a file."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules import parties
from hansa.runtime.database import Snapshot

ENTRY_CHARACTERS_MAX = 254
FAULTS_SHOWN = 50
LINES_MAX = 1_000_000
HEADINGS = {"id", "subject", "subject_id", "party_id", "member_id", "email", "e-mail", "phone",
            "telephone", "почта", "телефон"}  # fmt: skip

_TELEPHONE = re.compile(r"[+\d][\d\s().-]{4,30}")


@dataclass(eq=False)
class FileUnreadable(Invalid):
    """This is not a file of people."""

    code: ClassVar[str] = "rollout.file_unreadable"
    message: ClassVar[str] = "This file cannot be read: {reason}."

    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody as they were named; the name itself is never shown or logged."""

    line: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an entry is nobody: `not_understood` or `not_known`."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """Who the entries are, without repetitions, and which are nobody."""

    subject_ids: tuple[UUID, ...]
    faults: tuple[Fault, ...]


def read_text(text: str) -> tuple[Entry, ...]:
    """Read what somebody typed: one a line, or parted by commas or semicolons."""
    parts = (part.strip() for part in re.split(r"[\n,;]", text))
    return tuple(Entry(number, part) for number, part in enumerate(filter(None, parts), start=1))


def read_csv(lines: Iterable[str]) -> Iterator[Entry]:
    """Read a file: the first column names somebody; a heading and empty lines are left out.

    Raises:
        FileUnreadable: it is no text in columns, or too long.
    """
    rows = csv.reader(_parted_by_commas(lines), strict=True)
    number = 0
    while True:
        try:
            row = next(rows, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileUnreadable("it is not a CSV file in UTF-8") from error
        if row is None:
            return
        number += 1
        if number > LINES_MAX:
            raise FileUnreadable("it has more than a million lines")
        text = row[0].strip() if row else ""
        if text and not (number == 1 and text.lower() in HEADINGS):
            yield Entry(number, text)


def _parted_by_commas(lines: Iterable[str]) -> Iterator[str]:
    """Let files of Russian spreadsheets in, which part columns by semicolons."""
    for number, line in enumerate(lines):
        if "\x00" in line:
            raise FileUnreadable("it is not a CSV file in UTF-8")
        plain = line.removeprefix("\ufeff") if number == 0 else line
        yield plain.replace(";", ",")


async def find_people(snap: Snapshot, entries: Sequence[Entry], *, region: str = "RU") -> Found:
    """Find out who is meant: a number as it is, an e-mail or telephone by whose it is.

    Numbers are not looked up: they may be of parties or of members of a programme.
    """
    named: dict[int, UUID | parties.Identifier] = {}
    faults = []
    for entry in entries:
        meant = _meant(entry.text, region)
        if meant is None:
            faults.append(Fault(entry.line, "not_understood"))
        else:
            named[entry.line] = meant
    asked = {one for one in named.values() if isinstance(one, parties.Identifier)}
    owners = await parties.find_owners(snap, identifiers=list(asked)) if asked else {}
    found: dict[UUID, None] = {}
    for line, one in named.items():
        subject = one if isinstance(one, UUID) else owners.get(one)
        if subject is None:
            faults.append(Fault(line, "not_known"))
        else:
            found[subject] = None
    return Found(tuple(found), tuple(sorted(faults, key=lambda fault: fault.line)))


def _meant(text: str, region: str) -> "UUID | parties.Identifier | None":
    if len(text) > ENTRY_CHARACTERS_MAX:
        return None
    try:
        return UUID(text)
    except ValueError:
        pass
    kind = parties.IdentifierKind.EMAIL if "@" in text else parties.IdentifierKind.PHONE
    if kind is parties.IdentifierKind.PHONE and not _TELEPHONE.fullmatch(text):
        return None
    try:
        return parties.normalise(parties.Identifier(kind=kind, value=text), region=region)
    except parties.IdentifierInvalid:
        return None
