"""Answers calls: the token endpoint, `messages:send`, the page, the control of its moods."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.fcm.project import DATA_BYTES_MAX, TTL_SECONDS_MAX, Arrived, Project
from sandbox.push import pages
from sandbox.push.moods import Moods
from sandbox.push.tokens import TokenWrong, claims_of

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_CHARACTERS_MIN = 100
REFUSALS_KEPT = 20


@dataclass
class Refused(Exception):
    """An error as Google writes it; `code` is FCM's own, `field` what is wrong in the request."""

    http: int
    status: str
    message: str
    code: str = ""
    field: str = ""

    def answer(self) -> Answer:
        """Write it."""
        details: list[dict[str, Any]] = []
        if self.code:
            details.append({"@type": FCM_ERROR, "errorCode": self.code})
        if self.field:
            violation = {"field": self.field, "description": self.message}
            details.append({"@type": BAD_REQUEST, "fieldViolations": [violation]})
        error = {"code": self.http, "message": self.message, "status": self.status}
        return Answer.of({"error": {**error, "details": details}}, self.http)


@dataclass
class Service:
    """A project behind HTTP. `third_party`: so many messages fail for Apple's certificate."""

    project: Project
    moods: Moods = field(default_factory=Moods)
    token_moods: Moods = field(default_factory=Moods)
    third_party: int = 0
    refusals: list[str] = field(default_factory=list)

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, [unquote(one) for one in call.path.split("/")[1:]])
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match call.method, parts:
            case "POST", ["v1", "projects", project, "messages:send"]:
                return await self.moods.around(
                    lambda: self._send(call, project),
                    failed=Refused(500, "INTERNAL", "Internal error", "INTERNAL").answer,
                    limited=Refused(429, "RESOURCE_EXHAUSTED", "Quota", "QUOTA_EXCEEDED").answer,
                )
            case "POST", ["token"]:
                return await self.token_moods.around(
                    lambda: self._grant(call),
                    failed=lambda: Answer.of({"error": "internal_failure"}, 500),
                    limited=lambda: Answer.of({"error": "rate_limited"}, 429),
                )
            case "POST", ["telephones"]:
                given = msgspec.json.decode(call.body or b"{}", type=dict[str, Any])
                made = self.project.add(str(given.get("name", "")))
                return Answer.of({"token": made.token}, 201)
            case "DELETE", ["telephones", token]:
                self.project.telephones[token].is_gone = True
                return Answer(status=204)
            case _, ["control"]:
                return self.moods.control(call)
            case _:
                return self._look(parts)

    def _look(self, parts: list[str]) -> Answer:
        match parts:
            case [""]:
                return Answer(body=self._page(), content_type="text/html; charset=utf-8")
            case ["messages", token]:
                return Answer.of(self.project.telephones[token].arrived)
            case ["health"]:
                return Answer.of({"telephones": len(self.project.telephones)})
            case _:
                return Answer.of({"error": "not found"}, 404)

    def _grant(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        now, token_uri = self.project.time(), f"{self.project.origin}/token"
        try:
            claims = claims_of(form.get("assertion", ""), self.project.key.public_key())
        except TokenWrong as error:
            return Answer.of({"error": "invalid_grant", "error_description": str(error)}, 400)
        is_right = (
            form.get("grant_type") == GRANT
            and claims.get("iss") == self.project.email
            and claims.get("aud") == token_uri
            and claims.get("scope") == SCOPE
            and claims.get("iat", 0) - 60 <= now < claims.get("exp", 0) <= now + 3700
        )
        if not is_right:
            said = "Invalid JWT: check iss, aud, scope, iat, exp"
            return Answer.of({"error": "invalid_grant", "error_description": said}, 400)
        granted = {"access_token": self.project.grant(), "expires_in": 3600}
        return Answer.of({**granted, "token_type": "Bearer"})

    def _send(self, call: Call, project: str) -> Answer:
        try:
            return Answer.of({"name": self._taken(call, project)})
        except Refused as refusal:
            self.refusals.append(f"{refusal.http} {refusal.code or refusal.status}")
            del self.refusals[:-REFUSALS_KEPT]
            return refusal.answer()

    def _taken(self, call: Call, project: str) -> str:
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.project.may(bearer):
            raise Refused(401, "UNAUTHENTICATED", "Request had invalid credentials.")
        if project != self.project.id:
            raise Refused(404, "NOT_FOUND", "Project not found", field="project")
        message = msgspec.json.decode(call.body, type=dict[str, Any]).get("message", {})
        _check(message)
        token = message.get("token", "")
        telephone = self.project.telephones.get(token)
        if telephone is None and len(token) < TOKEN_CHARACTERS_MIN:
            said = "The registration token is not a valid FCM registration token"
            raise Refused(400, "INVALID_ARGUMENT", said, "INVALID_ARGUMENT")
        if telephone is None or telephone.is_gone:
            said = "Requested entity was not found."
            raise Refused(404, "NOT_FOUND", said, "UNREGISTERED")
        if telephone.project != self.project.id:
            raise Refused(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH")
        if self.third_party > 0:
            self.third_party -= 1
            said = "Auth error from APNS or Web Push Service"
            raise Refused(401, "UNAUTHENTICATED", said, "THIRD_PARTY_AUTH_ERROR")
        name = f"projects/{project}/messages/{len(telephone.arrived) + 1}"
        shown = message.get("notification", {})
        tag = message.get("android", {}).get("notification", {}).get("tag", "")
        telephone.arrived.append(
            Arrived(
                name,
                str(shown.get("title", "")),
                str(shown.get("body", "")),
                str(tag),
                self.project.time(),
                message,
            )
        )
        return name

    def _page(self) -> bytes:
        telephones = [
            pages.Telephone(
                one.name,
                one.token,
                [pages.Shown(each.title, each.body, each.at, each.name) for each in one.shown()],
                one.is_gone,
            )
            for one in self.project.telephones.values()
        ]
        about = f"Project {self.project.id}: what telephones show."
        return pages.page("Practice Firebase", about, telephones, self.refusals)


def _check(message: dict[str, Any]) -> None:
    """Refuse what Google refuses: data that is no text, too much of it, a life too long."""
    for number, (_, value) in enumerate(sorted(message.get("data", {}).items())):
        if not isinstance(value, str):
            where = f"message.data[{number}].value"
            said = f"Invalid value at '{where}' (TYPE_STRING), {value}"
            raise Refused(400, "INVALID_ARGUMENT", said, field=where)
    if len(msgspec.json.encode(message)) - len(message.get("token", "")) > DATA_BYTES_MAX:
        said = "Message too big"
        raise Refused(400, "INVALID_ARGUMENT", said, "INVALID_ARGUMENT", field="message")
    ttl = str(message.get("android", {}).get("ttl", "0s")).removesuffix("s")
    if not ttl.isdecimal() or int(ttl) > TTL_SECONDS_MAX:
        said = "Invalid ttl"
        raise Refused(400, "INVALID_ARGUMENT", said, field="message.android.ttl")
