"""Slack's signature of calls to us, version 0."""

import hashlib
import hmac

TOLERANCE_SECONDS = 300
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
SIGNATURE_HEADER = "X-Slack-Signature"
_DIGITS_MAX = 12


def is_signed(*, secret: str, body: bytes, timestamp: str, signature: str, now: float) -> bool:
    """Say whether a body, as it came, was signed with the secret within five minutes of `now`."""
    if not secret or not timestamp.isascii() or not timestamp.isdecimal():
        return False
    if len(timestamp) > _DIGITS_MAX or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())
