"""What a person shows to prove that it is them: the token of their app, or of a one-time code.

A card token is `HL1.` and 54 characters of base64url without padding: the member's id (16 bytes),
the instant it was made (seconds, 4 bytes, big endian), 4 bytes of chance, and the first 16 bytes
of HMAC-SHA256 over the prefix and the 24 bytes before. It is good for five minutes at the instant
at which the till scanned it, so a till without a connection may scan now and tell later.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hansa.modules.loyalty.members.faults import ProofInvalid
from hansa.modules.loyalty.members.model import MemberRef, Proof, ProofKind, RefKind
from hansa.modules.loyalty.members.naming import code_digest, token_signature

CARD_PREFIX = "HL1."
CARD_TOKEN_LIFETIME = timedelta(minutes=5)
CLOCK_DIFFERENCE = timedelta(minutes=1)
PHONE_PREFIX = "HP1."
PHONE_PROOF_LIFETIME = timedelta(minutes=30)
_SIGNATURE_BYTES = 16
_BODY_BYTES = 24
_TOKEN_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof has shown: a member, or a telephone by its hash, or that we answer for it."""

    kind: ProofKind
    member_id: UUID | None = None
    phone_value: bytes | None = None


def make_card_token(*, member_id: UUID, now: datetime) -> str:
    """Make what the app shows as a QR code; a till may scan it for five minutes."""
    instant = int(now.timestamp()).to_bytes(4, "big")
    body = member_id.bytes + instant + secrets.token_bytes(4)
    return CARD_PREFIX + _written(body + _signature(body))


def read_card_token(token: str, *, at: datetime) -> UUID:
    """Give the member who showed a token; `at` is when the till scanned it.

    Raises:
        ProofInvalid: it is none of ours, or was too old when it was scanned.
    """
    read = _read(token.removeprefix(CARD_PREFIX))
    body, signature = read[:_BODY_BYTES], read[_BODY_BYTES:]
    # Written again it must be the same: base64 has several spellings of one value.
    if len(read) != _BODY_BYTES + _SIGNATURE_BYTES or CARD_PREFIX + _written(read) != token:
        raise ProofInvalid
    if not hmac.compare_digest(signature, _signature(body)):
        raise ProofInvalid
    made_at = datetime.fromtimestamp(int.from_bytes(body[16:20], "big"), tz=at.tzinfo)
    if not made_at - CLOCK_DIFFERENCE <= at <= made_at + CARD_TOKEN_LIFETIME + CLOCK_DIFFERENCE:
        raise ProofInvalid
    return UUID(bytes=body[:16])


def scanned(text: str, *, at: datetime) -> MemberRef:
    """Give whom a till has scanned: the token of an app, or the static number of a card.

    Raises:
        ProofInvalid: a token that is none of ours, or was too old when it was scanned.
    """
    if text.startswith(CARD_PREFIX):
        return MemberRef(RefKind.ID, str(read_card_token(text, at=at)))
    return MemberRef(RefKind.CARD, "".join(text.split()).replace("-", "").upper())


def make_phone_proof(*, phone_value: bytes, now: datetime) -> str:
    """Make what shows that a telephone was proven by a code; good for half an hour."""
    ends = int((now + PHONE_PROOF_LIFETIME).timestamp())
    text = f"{ends}.{phone_value.hex()}"
    return f"{PHONE_PREFIX}{text}.{_phone_signature(text)}"


def check(proof: Proof, *, now: datetime) -> Shown:
    """Read a proof.

    Raises:
        ProofInvalid: it is none of ours or too old.
    """
    if proof.kind is ProofKind.VOUCHED:
        return Shown(proof.kind)
    if proof.kind is ProofKind.CARD:
        return Shown(proof.kind, member_id=read_card_token(proof.token, at=now))
    return Shown(proof.kind, phone_value=_read_phone_proof(proof.token, now))


def _read_phone_proof(token: str, now: datetime) -> bytes:
    text, _, signature = token[:_TOKEN_CHARACTERS_MAX].removeprefix(PHONE_PREFIX).rpartition(".")
    if not hmac.compare_digest(signature.encode(), _phone_signature(text).encode()):
        raise ProofInvalid
    ends, _, value = text.partition(".")
    if int(ends) < now.timestamp():
        raise ProofInvalid
    return bytes.fromhex(value)


def _phone_signature(text: str) -> str:
    return code_digest(f"phone-proof|{text}").hex()


def _signature(body: bytes) -> bytes:
    return token_signature(CARD_PREFIX.encode() + body)[:_SIGNATURE_BYTES]


def _written(body: bytes) -> str:
    return urlsafe_b64encode(body).decode().rstrip("=")


def _read(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text[:_TOKEN_CHARACTERS_MAX] + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return b""
