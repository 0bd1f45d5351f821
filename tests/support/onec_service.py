"""A 1C with an HTTP service inside a test: the same the program runs, on a free port."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.onec.intake import Intake, Record
from sandbox.onec.service import ROOT, Service, make_service
from sandbox.onec.world import World

__all__ = ["PASSWORD", "USER", "OnecService", "onec_service"]

USER, PASSWORD = "site", "a password shared in tests"


@dataclass(frozen=True)
class OnecService:
    """A running 1C and what a test may do with it."""

    address: str
    intake: Intake

    def misbehave(self, **moods: object) -> None:
        """Set switches of `sandbox.onec.moods`."""
        self.intake.moods = self.intake.moods.switched(moods)

    def accepted(self, kind: str = "order") -> list[Record]:
        """Give what it took, each message once."""
        with self.intake.lock:
            return [
                one
                for one in self.intake.records
                if one.outcome == "accepted" and not one.is_repeat and one.kind == kind
            ]

    def by_subject(self, kind: str = "order") -> dict[str, list[int]]:
        """Give the numbers of the messages it took, by subject."""
        found: dict[str, list[int]] = defaultdict(list)
        for one in self.accepted(kind):
            found[one.subject].append(one.number)
        return dict(found)


@contextlib.contextmanager
def onec_service(state: Path | None = None, *, port: int = 0) -> Iterator[OnecService]:
    """Run a 1C that takes messages."""
    intake = Intake(World(state), state)
    server = make_service(Service(intake, USER, PASSWORD), "127.0.0.1", port)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield OnecService(f"http://127.0.0.1:{server.server_address[1]}{ROOT}", intake)
    finally:
        server.shutdown()
        server.server_close()
        serving.join(timeout=10)
