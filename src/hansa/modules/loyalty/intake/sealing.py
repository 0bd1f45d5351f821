"""What must be read again but not by everybody: sealed with the installation's key."""

from dataclasses import dataclass, field

import msgspec

from hansa.modules import accounts
from hansa.modules.loyalty.intake.model import Credentials, Feed


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and unseals; nothing stays nothing."""

    key: bytes = field(repr=False)

    def seal(self, plain: bytes) -> bytes:
        """Encrypt."""
        return accounts.seal(self.key, plain) if plain else b""

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave.

        Raises:
            ValueError: it was sealed with another key.
        """
        return accounts.unseal(self.key, sealed) if sealed else b""

    def credentials(self, feed: Feed) -> Credentials:
        """Give the secrets of a feed."""
        plain = self.unseal(feed.sealed)
        return msgspec.json.decode(plain, type=Credentials) if plain else Credentials()
