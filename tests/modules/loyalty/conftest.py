"""What every test of loyalty needs: the key by which names are hashed."""

from __future__ import annotations

import pytest

from hansa.modules.loyalty import members


@pytest.fixture(autouse=True)
def _key_of_names() -> None:
    """Tests that start no services name members too."""
    members.use_secret(b"a key that only tests use, long enough")
