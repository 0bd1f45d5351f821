"""The key pair by which push services know this installation (VAPID, RFC 8292).

Made once, kept encrypted in the database. Another pair makes every subscription of a browser
worthless, so it is never renewed by itself.
"""

import base64
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hansa.modules import accounts
from hansa.modules.notifications.store import devices as store
from hansa.runtime.database import Database

NAME = "vapid"
_SCALAR_BYTES = 32


async def installation_key(
    database: Database, *, secret: bytes, now: datetime
) -> ec.EllipticCurvePrivateKey:
    """Give the pair of this installation, made at first use.

    Raises:
        ValueError: it was kept under another `secret_key`.
    """
    async with database.snapshot(single=True) as snap:
        row = await snap.maybe(store.GET_KEY, {"name": NAME})
    if row is None:
        made = ec.generate_private_key(ec.SECP256R1())
        scalar = made.private_numbers().private_value.to_bytes(_SCALAR_BYTES, "big")
        async with database.transaction() as tx:
            await tx.execute(
                store.KEEP_KEY,
                {
                    "name": NAME,
                    "public": written(made.public_key()),
                    "sealed": accounts.seal(secret, scalar),
                    "now": now,
                },
            )
            row = await tx.one(store.GET_KEY, {"name": NAME})
    scalar = accounts.unseal(secret, bytes(row.sealed))
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def written(key: ec.EllipticCurvePublicKey) -> str:
    """Write a public key as browsers and push services take it."""
    raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
