"""An event once published can be read for ever: fields are only added."""

from __future__ import annotations

import msgspec
import pytest

from tests.codebase.event_samples import FOLDER, event_types, sample_file

SAMPLES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("event_type", sorted(event_types()))
def test_event_has_a_sample(event_type: str) -> None:
    assert sample_file(event_type).is_file(), "run `make fix`"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_old_event_is_still_read(path) -> None:
    known = event_types()
    assert path.stem in known, "events may be replaced, never removed, while samples are there"
    kept = msgspec.json.decode(path.read_bytes())

    event = msgspec.json.decode(path.read_bytes(), type=known[path.stem])

    again = msgspec.json.decode(msgspec.json.encode(event))
    assert {name: again.get(name) for name in kept} == kept
    assert event.key()


def test_types_are_named_after_their_module() -> None:
    for event_type, event in event_types().items():
        assert event_type == f"{event.__module__.rsplit('.', 1)[-1]}.{event.__name__}"
