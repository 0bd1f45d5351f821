"""Proof that a partner has told us something, and that it is we who tell it."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from hansa.modules.loyalty.intake.model import Credentials, FeedSettings

_STANDARD_PREFIX = "whsec_"
_DIGITS_MAX = 13


@dataclass(frozen=True, slots=True)
class Proven:
    """A proven message and the number its teller gave it, if any."""

    id: str


def prove(
    settings: FeedSettings,
    credentials: Credentials,
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
) -> Proven | None:
    """Check the signature of a message; None if it is missing, wrong or too old.

    Header names are in lower case. Either of two secrets counts while one is exchanged.
    """
    secrets = [one for one in (credentials.secret, credentials.former_secret) if one]
    if settings.signature == "standard":
        number, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not number or not _is_fresh(timestamp, settings.tolerance_seconds, now):
            return None
        signed = f"{number}.{timestamp}.".encode() + body
        sent = [
            one.removeprefix("v1,")
            for one in headers.get("webhook-signature", "").split()
            if one.startswith("v1,")
        ]
        good = [_standard(secret, signed) for secret in secrets]
        return Proven(number) if _one_fits(sent, good) else None
    timestamp = ""
    if settings.timestamp_header:
        timestamp = headers.get(settings.timestamp_header.lower(), "")
        if not _is_fresh(timestamp, settings.tolerance_seconds, now):
            return None
    signed = f"{timestamp}.".encode() + body if timestamp else body
    given = headers.get(settings.signature_header.lower(), "").removeprefix(
        settings.signature_prefix
    )
    digests = [hmac.new(one.encode(), signed, hashlib.sha256) for one in secrets]
    good = [one.hexdigest() for one in digests]
    good += [base64.b64encode(one.digest()).decode() for one in digests]
    if not _one_fits([given], good):
        return None
    return Proven(headers.get(settings.id_header.lower(), "") if settings.id_header else "")


def standard_headers(secret: str, *, number: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign what we tell, as Standard Webhooks do."""
    signed = f"{number}.{timestamp}.".encode() + body
    return {
        "webhook-id": number,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_standard(secret, signed)}",
    }


def _standard(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(_STANDARD_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _is_fresh(timestamp: str, tolerance: int, now: float) -> bool:
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > _DIGITS_MAX:
        return False
    return abs(now - int(timestamp)) <= tolerance


def _one_fits(sent: list[str], good: list[str]) -> bool:
    return any(
        hmac.compare_digest(one.encode(), other.encode()) for one in sent[:10] for other in good
    )
