"""Secrets that must be read again are kept encrypted."""

import pytest

from hansa.modules.accounts.secrets_kept import seal, unseal

KEY = b"k" * 32
SECRET = b"JBSWY3DPEHPK3PXP"


def test_sealed_secret_comes_back_and_shows_nothing() -> None:
    sealed = seal(KEY, SECRET)

    assert unseal(KEY, sealed) == SECRET
    assert SECRET not in sealed
    assert seal(KEY, SECRET) != sealed


@pytest.mark.parametrize("place", [0, 12, -1])
def test_changed_seal_is_refused(place: int) -> None:
    sealed = bytearray(seal(KEY, SECRET))
    sealed[place] ^= 1

    with pytest.raises(ValueError, match="another key"):
        unseal(KEY, bytes(sealed))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="another key"):
        unseal(b"l" * 32, seal(KEY, SECRET))
