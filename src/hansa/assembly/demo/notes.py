"""What the demo writes down beside its data: for practice programs, and for its own next start."""

from typing import TypeVar

import msgspec

from hansa.runtime.settings import Settings

Note = TypeVar("Note", bound=msgspec.Struct)


def read_note(settings: Settings, name: str, kind: type[Note]) -> Note:
    """Give what was written down by that name; nothing yet is an empty one."""
    path = settings.data_dir / name
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.is_file() else kind()


def write_note(settings: Settings, name: str, note: msgspec.Struct) -> None:
    """Write down, in place of what was."""
    (settings.data_dir / name).write_bytes(msgspec.json.encode(note))
