"""Firebase Cloud Messaging, HTTP v1: one request a message, a token of the service account.

Google counts messages a minute for the whole project; at 429 it says when to come back, else it
wants a minute.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hansa.modules.notifications.channels import jwt
from hansa.modules.notifications.channels.calling import BUSY, UNAUTHORISED, call, excerpt
from hansa.modules.notifications.channels.protocol import (
    Gone,
    Later,
    Outcome,
    Push,
    Refused,
    Sent,
    Urgency,
)
from hansa.modules.notifications.model import Device
from hansa.runtime.context import Context
from hansa.runtime.outbound import Answer, Destination

NAME, TOKENS = "fcm", "fcm-tokens"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
QUOTA_SECONDS = 60.0
CONNECTIONS_MAX = 50
MESSAGES_PER_SECOND = 500.0
RENEWED_BEFORE = timedelta(minutes=5)
_CLAIM_SECONDS = 3600
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_TOKEN_FIELD = "message.token"  # noqa: S105 - the name of a field


class ServiceAccount(msgspec.Struct):
    """The file that Firebase gives an administrator."""

    project_id: str
    private_key: str
    client_email: str
    token_uri: str
    private_key_id: str = ""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int


class _Taken(msgspec.Struct):
    name: str = ""


class _Violation(msgspec.Struct):
    field: str = ""


class _Detail(msgspec.Struct):
    type: str = msgspec.field(name="@type", default="")
    error_code: str = msgspec.field(name="errorCode", default="")
    violations: list[_Violation] = msgspec.field(name="fieldViolations", default_factory=list)


class _Error(msgspec.Struct):
    status: str = ""
    message: str = ""
    details: list[_Detail] = []


class _Failure(msgspec.Struct):
    error: _Error


class Fcm:
    """Sends to telephones through Firebase."""

    def __init__(self, context: Context, account: ServiceAccount, key: rsa.RSAPrivateKey) -> None:
        self._context = context
        self._account = account
        self._key = key
        self._token = ""
        self._ends_at: datetime | None = None
        self._renewing = asyncio.Lock()
        project = quote(account.project_id, safe="")
        self._target = f"/v1/projects/{project}/messages:send"
        context.outbound.configure(
            Destination(
                name=NAME,
                base_url=context.settings.fcm_url.rstrip("/"),
                read_seconds=10,
                total_seconds=15,
                attempts=1,
                rate_per_second=MESSAGES_PER_SECOND,
                burst=CONNECTIONS_MAX,
                connections_max=CONNECTIONS_MAX,
            )
        )
        where = urlsplit(account.token_uri)
        self._token_target = where.path
        context.outbound.configure(
            Destination(
                name=TOKENS,
                base_url=f"{where.scheme}://{where.netloc}",
                read_seconds=10,
                total_seconds=15,
                attempts=1,
            )
        )

    async def send(self, push: Push, device: Device) -> Outcome:
        """Send a message to an app. A token that Google has revoked is renewed once."""
        content = msgspec.json.encode({"message": _message(push, device)})
        outcome: Outcome = Later(reason="no access token")
        for _ in range(2):
            token = await self._access_token()
            if isinstance(token, Later | Refused):
                return token
            answer = await call(
                self._context.outbound,
                NAME,
                self._target,
                headers={
                    "authorization": f"Bearer {token}",
                    "content-type": "application/json",
                },
                content=content,
            )
            outcome = _outcome(answer)
            is_revoked = (
                isinstance(answer, Answer)
                and answer.status == UNAUTHORISED
                and isinstance(outcome, Later)
            )
            if not is_revoked:
                break
            self._forget(token)
        return outcome

    def _forget(self, token: str) -> None:
        if self._token == token:
            self._token, self._ends_at = "", None

    async def _access_token(self) -> str | Later | Refused:
        async with self._renewing:
            now = self._context.clock.now()
            if self._ends_at is not None and now < self._ends_at - RENEWED_BEFORE:
                return self._token
            issued = int(now.timestamp())
            claims: dict[str, str | int] = {
                "iss": self._account.client_email,
                "scope": SCOPE,
                "aud": self._account.token_uri,
                "iat": issued,
                "exp": issued + _CLAIM_SECONDS,
            }
            assertion = jwt.sign(self._key, claims, key_id=self._account.private_key_id)
            answer = await call(
                self._context.outbound,
                TOKENS,
                self._token_target,
                headers={"content-type": "application/x-www-form-urlencoded"},
                content=urlencode({"grant_type": GRANT, "assertion": assertion}).encode(),
            )
            if isinstance(answer, Later | Refused):
                return answer
            if not answer.ok:
                return Refused(reason=f"access token: {excerpt(answer)}")
            try:
                given = answer.json(_Token)
            except msgspec.DecodeError:
                return Later(reason="access token: an answer that is not understood")
            self._token = given.access_token
            self._ends_at = now + timedelta(seconds=given.expires_in)
            return self._token


def make(context: Context) -> Fcm | None:
    """Make the adapter, or nothing if this installation has no service account.

    Raises:
        ValueError: what is set is no service account.
    """
    text = context.settings.fcm_service_account.reveal()
    if not text:
        return None
    try:
        account = msgspec.json.decode(text, type=ServiceAccount)
        key = load_pem_private_key(account.private_key.encode(), None)
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(
            "fcm_service_account is not the JSON of a service account with a private key"
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the key of fcm_service_account is no RSA key")  # noqa: TRY004 - a setting
    return Fcm(context, account, key)


def _message(push: Push, device: Device) -> dict[str, Any]:
    """Write a message; each platform is told which earlier one it replaces and until when."""
    is_high = push.urgency is Urgency.HIGH
    seconds = str(push.ttl_seconds)
    values = {**push.values, "id": str(push.message_id), "link": push.link}
    return {
        "token": device.address,
        "notification": {"title": push.title, "body": push.body},
        "data": values,
        "android": {
            "priority": "HIGH" if is_high else "NORMAL",
            "ttl": f"{seconds}s",
            "notification": {"tag": push.topic},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": push.topic,
                "apns-priority": "10" if is_high else "5",
            },
            "payload": {"aps": {"thread-id": push.topic}},
        },
        "webpush": {"headers": {"TTL": seconds, "Urgency": push.urgency, "Topic": push.topic}},
    }


def _outcome(answer: Answer | Later | Refused) -> Outcome:
    match answer:
        case Later():
            is_quota = answer.reason == BUSY and answer.retry_after_seconds <= 1
            wait = QUOTA_SECONDS if is_quota else answer.retry_after_seconds
            return replace(answer, retry_after_seconds=wait)
        case Refused():
            return answer
        case Answer():
            return _taken(answer) if answer.ok else _failure(answer)


def _failure(answer: Answer) -> Outcome:
    try:
        error = answer.json(_Failure).error
    except msgspec.DecodeError:
        return Refused(reason=excerpt(answer))
    code = next((one.error_code for one in error.details if one.type == _FCM_ERROR), "")
    reason = f"{code or error.status or answer.status}: {error.message}"[:200]
    # Of another project's token (SENDER_ID_MISMATCH) nobody here can ever make use.
    is_dead = code in {"UNREGISTERED", "SENDER_ID_MISMATCH"}
    if is_dead or (code == "INVALID_ARGUMENT" and _is_token(error.details)):
        return Gone(reason=code)
    if answer.status == UNAUTHORISED and code != "THIRD_PARTY_AUTH_ERROR":
        return Later(reason=reason)
    return Refused(reason=reason)


def _taken(answer: Answer) -> Outcome:
    try:
        return Sent(reference=answer.json(_Taken).name)
    except msgspec.DecodeError:
        return Later(reason="an answer that is not understood", is_unknown=True)


def _is_token(details: Sequence[_Detail]) -> bool:
    """Tell whether the token is what is wrong, not a field that we have filled."""
    fields = [violation.field for one in details for violation in one.violations]
    return all(field == _TOKEN_FIELD for field in fields)
