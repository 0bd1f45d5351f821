"""Verifying signatures as the specification says: any one that holds is enough."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SHARED, PUBLIC = "whsec_", "whpk_"


def fault_of(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, tolerance_seconds: float
) -> str:
    """Say what is wrong with a delivery, or nothing. Without a tolerance any time is good."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isdigit():
        return "webhook-id or webhook-timestamp is missing"
    if tolerance_seconds and abs(time.time() - int(timestamp)) > tolerance_seconds:
        return "webhook-timestamp is too far from now"
    content = f"{message_id}.{timestamp}.".encode() + body
    for signature in headers.get("webhook-signature", "").split(" "):
        version, _, text = signature.partition(",")
        if any(_holds(version, text, content, secret) for secret in secrets):
            return ""
    return "no signature holds"


def _holds(version: str, text: str, content: bytes, secret: str) -> bool:
    try:
        given = base64.b64decode(text, validate=True)
        if version == "v1" and secret.startswith(SHARED):
            key = base64.b64decode(secret.removeprefix(SHARED), validate=True)
            return hmac.compare_digest(hmac.new(key, content, hashlib.sha256).digest(), given)
        if version == "v1a" and secret.startswith(PUBLIC):
            key = base64.b64decode(secret.removeprefix(PUBLIC), validate=True)
            Ed25519PublicKey.from_public_bytes(key).verify(given, content)
            return True
    except (ValueError, InvalidSignature):
        return False
    return False
