"""Answers calls: pushes below `/push/`, browsers, the page, the control of its moods."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.acquirer.wire import Answer, Call
from sandbox.push.moods import Moods
from sandbox.push.pages import Shown, Telephone, page
from sandbox.push.tokens import TokenWrong, claims_of, decode
from sandbox.webpush.browsers import Browser, Browsers, CannotDecrypt, Pushed, written

BODY_MAX = 4096
TTL_MAX = 2_419_200
DAY_SECONDS = 86_400
REFUSALS_KEPT = 20
_VAPID = re.compile(r"vapid t=(?P<token>[\w.-]+), ?k=(?P<key>[\w-]+)")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = {"very-low", "low", "normal", "high"}


@dataclass
class Refused(Exception):
    """A push that is not taken."""

    status: int
    reason: str


@dataclass
class Service:
    """Browsers behind HTTP; `origin` is the address under which they are reached."""

    origin: str
    browsers: Browsers = field(default_factory=Browsers)
    moods: Moods = field(default_factory=Moods)
    refusals: list[str] = field(default_factory=list)

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, [unquote(one) for one in call.path.split("/")[1:]])
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match call.method, parts:
            case "POST", ["push", token]:
                return await self.moods.around(
                    lambda: self._push(call, token),
                    failed=lambda: Answer.of({"error": "internal"}, 500),
                    limited=lambda: Answer.of({"error": "too many"}, 429),
                )
            case "POST", ["browsers"]:
                given = msgspec.json.decode(call.body or b"{}", type=dict[str, Any])
                made = self.browsers.add(
                    str(given.get("name", "")), str(given.get("applicationServerKey", ""))
                )
                return Answer.of(self.view(made), 201)
            case "DELETE", ["browsers", token]:
                self.browsers.known[token].is_gone = True
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
                return Answer.of(self.browsers.known[token].pushed)
            case ["health"]:
                return Answer.of({"browsers": len(self.browsers.known)})
            case _:
                return Answer.of({"error": "not found"}, 404)

    def view(self, browser: Browser) -> dict[str, Any]:
        """Give a subscription as a browser's `PushSubscription.toJSON` does."""
        return {
            "endpoint": f"{self.origin}/push/{browser.token}",
            "keys": {"p256dh": written(browser.public), "auth": written(browser.auth)},
        }

    def _push(self, call: Call, token: str) -> Answer:
        try:
            pushed = self._checked(call, token)
        except Refused as refusal:
            self.refusals.append(f"{refusal.status}: {refusal.reason}")
            del self.refusals[:-REFUSALS_KEPT]
            return Answer.of({"error": refusal.reason}, refusal.status)
        browser = self.browsers.known[token]
        browser.pushed.append(pushed)
        location = f"{self.origin}/messages/{token}/{len(browser.pushed)}"
        return Answer(status=201, headers={"location": location})

    def _checked(self, call: Call, token: str) -> Pushed:
        browser = self.browsers.known.get(token)
        if browser is None:
            raise Refused(404, "no such subscription")
        if browser.is_gone:
            raise Refused(410, "the subscription has ended")
        if len(call.body) > BODY_MAX:
            raise Refused(413, "more than 4096 bytes")
        self._check_vapid(call.headers.get("authorization", ""), browser)
        ttl, topic = call.headers.get("ttl", ""), call.headers.get("topic", "")
        urgency = call.headers.get("urgency", "normal")
        if not ttl.isdecimal() or int(ttl) > TTL_MAX:
            raise Refused(400, "TTL is missing or too long")
        if topic and not _TOPIC.fullmatch(topic):
            raise Refused(400, "Topic is not 32 characters of base64url")
        if urgency not in _URGENCIES:
            raise Refused(400, "Urgency is unknown")
        if call.headers.get("content-encoding") != "aes128gcm":
            raise Refused(400, "Content-Encoding is not aes128gcm")
        try:
            payload = browser.read(call.body)
        except CannotDecrypt as error:
            raise Refused(400, f"the browser cannot read it: {error}") from error
        return Pushed(
            title=str(payload.get("title", "")),
            body=str(payload.get("body", "")),
            tag=str(payload.get("tag", "")),
            topic=topic,
            urgency=urgency,
            ttl=int(ttl),
            at=self.browsers.time(),
            payload=payload,
        )

    def _check_vapid(self, sent: str, browser: Browser) -> None:
        found = _VAPID.fullmatch(sent)
        if found is None:
            raise Refused(401, "no vapid authorization")
        if browser.application_key and found["key"] != browser.application_key:
            raise Refused(403, "another key than the one subscribed with")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(found["key"]))
            claims = claims_of(found["token"], key)
        except (TokenWrong, ValueError) as error:
            raise Refused(403, f"vapid: {error}") from error
        left = claims.get("exp", 0) - self.browsers.time()
        if claims.get("aud") != self.origin:
            raise Refused(403, "vapid: aud is not this service")
        if not 0 < left <= DAY_SECONDS:
            raise Refused(403, "vapid: exp is over or more than a day away")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https://", "http://127.0.0.1")):
            raise Refused(403, "vapid: sub is no contact")

    def _page(self) -> bytes:
        telephones = [
            Telephone(
                one.name,
                one.token,
                [
                    Shown(each.title, each.body, each.at, f"{each.urgency}, TTL {each.ttl} s")
                    for each in one.shown()
                ],
                one.is_gone,
            )
            for one in self.browsers.known.values()
        ]
        about = "What browsers show, after checking the signature and decrypting."
        return page("Practice Web Push", about, telephones, self.refusals)
