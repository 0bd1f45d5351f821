"""Signatures are those of the specification: known vectors, and the library of its authors."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from hansa.modules.webhooks import signing, writing
from hansa.modules.webhooks.model import (
    BODY_BYTES_MAX,
    MessageInvalid,
    NewMessage,
    SecretKind,
    check_message,
)
from sandbox.webhooks.signatures import fault_of

ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
# The vector that the specification's own libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
# RFC 8032, section 7.1, test 1: the key pair; the message is ours.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
NOW = datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=UTC)


def an_event(**changes: object) -> NewMessage:
    values: dict[str, object] = {
        "owner": UUID(int=1),
        "type": "loyalty.points.changed",
        "subject": "member-1",
        "data": {"points": 12, "имя": "Анна"},
        "occurred_at": NOW,
        "source": "/loyalty",
    }
    return NewMessage(**(values | changes))  # type: ignore[arg-type]


def test_a_signature_is_that_of_the_known_vector() -> None:
    assert signing.signature(SECRET, message_id=ID, at=AT, body=BODY) == SIGNATURE


def test_a_private_key_signs_what_its_public_half_verifies() -> None:
    kept = signing.PRIVATE_PREFIX + base64.b64encode(SEED).decode()

    version, _, text = signing.signature(kept, message_id=ID, at=AT, body=BODY).partition(",")

    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    content = f"{ID}.1614265330.".encode() + BODY
    assert version == "v1a"
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(text), content)


def test_the_authors_library_takes_what_we_sign_and_refuses_what_was_changed() -> None:
    made = signing.make_secret(SecretKind.HMAC)
    now = datetime.now(UTC)
    body = writing.body_of(UUID(int=7), an_event(), writing.data_of(an_event()))
    headers = signing.headers_of([made.kept], message_id=str(UUID(int=7)), at=now, body=body)

    event = Webhook(made.shown).verify(body, headers)

    assert event["data"] == {"points": 12, "имя": "Анна"}
    with pytest.raises(WebhookVerificationError):
        Webhook(made.shown).verify(body.replace(b"12", b"99"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.make_secret(SecretKind.HMAC).shown).verify(body, headers)
    late = signing.headers_of(
        [made.kept], message_id=str(UUID(int=7)), at=now - timedelta(hours=1), body=body
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(made.shown).verify(body, late)


def test_two_secrets_sign_and_either_receiver_is_content() -> None:
    old, new = (signing.make_secret(SecretKind.HMAC) for _ in range(2))
    pair = signing.make_secret(SecretKind.ED25519)
    now = datetime.now(UTC)
    headers = signing.headers_of(
        [new.kept, old.kept, pair.kept], message_id="m-1", at=now, body=BODY
    )

    assert headers["webhook-signature"].count(" ") == 2
    for secret in (old, new):
        assert Webhook(secret.shown).verify(BODY, headers)
    for shown in (old.shown, new.shown, pair.shown):
        assert fault_of(headers, BODY, [shown], tolerance_seconds=300) == ""
    assert fault_of(headers, BODY + b" ", [pair.shown], tolerance_seconds=300)


def test_secrets_are_long_and_random_and_only_public_halves_are_shown() -> None:
    shared = [signing.make_secret(SecretKind.HMAC) for _ in range(50)]
    pair = signing.make_secret(SecretKind.ED25519)

    assert len({one.shown for one in shared}) == 50
    for one in shared:
        assert 24 <= len(base64.b64decode(one.shown.removeprefix("whsec_"))) <= 64
    assert pair.shown == pair.public_key
    assert pair.shown.startswith("whpk_")
    assert pair.kept.startswith("whsk_")
    assert pair.kept not in repr(pair)
    assert shared[0].kept not in repr(shared[0])


def test_a_body_is_a_cloud_event_whose_id_is_the_messages() -> None:
    new = an_event()

    event = json.loads(writing.body_of(UUID(int=7), new, writing.data_of(new)))

    assert event == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000007",
        "source": "/loyalty",
        "type": "loyalty.points.changed",
        "subject": "member-1",
        "time": "2026-11-21T12:00:00.123Z",
        "datacontenttype": "application/json",
        "data": {"points": 12, "имя": "Анна"},
    }
    without = an_event(subject="")
    assert "subject" not in json.loads(
        writing.body_of(UUID(int=7), without, writing.data_of(without))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ""},
        {"type": "points."},
        {"type": "points *"},
        {"type": "x" * 121},
        {"source": ""},
        {"key": ""},
        {"key": "k" * 201},
        {"occurred_at": datetime(2026, 11, 21)},  # noqa: DTZ001 - a time without a zone
    ],
)
def test_what_is_no_event_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MessageInvalid):
        check_message(an_event(**changes))


@pytest.mark.parametrize("data", [object(), "x" * BODY_BYTES_MAX])
def test_data_that_json_cannot_say_or_that_are_too_long_are_refused(data: object) -> None:
    with pytest.raises(MessageInvalid):
        writing.data_of(an_event(data=data))
