"""Where a benchmark keeps its database: a folder that is gone afterwards with all it holds."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Make a folder that an embedded server of another account reaches, too.

    Started by root, that server would keep its files elsewhere otherwise, and nobody removes them.
    """
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory
