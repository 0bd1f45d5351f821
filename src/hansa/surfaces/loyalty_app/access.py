"""Who looks: the member of the app's own cookie, in the programme the app is about."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Forbidden
from hansa.modules import loyalty, rollout
from hansa.runtime.http import PUBLIC, Request
from hansa.runtime.http.gate import NO_ACTOR

FEATURE = "loyalty.app"
MEMBER_COOKIE = "hansa_member"
SHELL_COOKIE = "hansa_shell"
SEEN_COOKIE = "hansa_welcomed"
SHELL_HEADER = b"x-hansa-shell"
AGENT_CHARACTERS_MAX = 200
OPEN = {
    PUBLIC: "the app's own cookie says who it is; `enter` lets nobody else in",
    NO_ACTOR: "the shop's account has no say here",
}


@dataclass(eq=False)
class SignInFirst(Forbidden):
    """Nobody is signed in to the app; answered by its page to sign in."""

    code: ClassVar[str] = "loyalty.sign_in_first"
    message: ClassVar[str] = "Sign in first."


@dataclass(eq=False)
class NotOpenYet(Forbidden):
    """The app is not on for this member yet; answered by a page that says so."""

    code: ClassVar[str] = "loyalty.app_not_open_yet"
    message: ClassVar[str] = "The app is being opened step by step, and your turn is to come."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A member who is signed in, with the membership the app is about."""

    session: loyalty.sessions.Session
    member: loyalty.members.Member = field(repr=False)
    membership: loyalty.members.Membership
    programme: loyalty.programmes.Programme
    coalition: loyalty.programmes.Coalition = field(repr=False)

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Programme and member, as reads of points and offers take them."""
        return self.programme.id, self.member.id

    @property
    def zone(self) -> str:
        """The time zone days are told in."""
        return self.member.time_zone or self.programme.time_zone


def coalition_of(request: Request) -> loyalty.programmes.Coalition:
    """Give programmes and partners, a second old at most."""
    return request.context.service(loyalty.programmes.Directory).coalition


async def enter(request: Request) -> Visitor:
    """Give the member who is signed in.

    Raises:
        SignInFirst: nobody is, or they have left the programme.
        NotOpenYet: the app is not on for them.
        NoProgramme: there is none.
    """
    visitor = await recognise(request)
    if visitor is None:
        raise SignInFirst
    subject = visitor.member.party_id or visitor.member.id
    if not rollout.is_on(request.context, FEATURE, subject):
        raise NotOpenYet
    return visitor


async def recognise(request: Request) -> Visitor | None:
    """Give the member who is signed in, whether or not the app is on for them, or None."""
    session = await loyalty.sessions.find_and_note(
        request.context,
        token=request.visit.sent_cookies.get(MEMBER_COOKIE, ""),
        kind=loyalty.sessions.SessionKind.BROWSER,
        now=request.received_at,
    )
    if session is None:
        return None
    coalition = coalition_of(request)
    programme = loyalty.sessions.home_programme(coalition)
    async with request.snapshot() as snap:
        member = await loyalty.members.get_member(snap, member_id=session.member_id)
    membership = member.membership(programme.id)
    if membership is None or membership.state is loyalty.members.MemberState.LEFT:
        return None
    return Visitor(
        session=session,
        member=member,
        membership=membership,
        programme=programme,
        coalition=coalition,
    )


def is_hosted(request: Request) -> bool:
    """Tell whether a native shell shows the page: it said so now, or when it came."""
    return (
        request.query_params.get("shell") == "1"
        or request.visit.headers.get(SHELL_HEADER) == b"1"
        or request.visit.sent_cookies.get(SHELL_COOKIE) == "1"
    )


def remember_shell(request: Request) -> None:
    """Keep in mind that a shell shows the pages, as long as the web view lives."""
    if is_hosted(request) and request.visit.sent_cookies.get(SHELL_COOKIE) != "1":
        set_shell(request)


def set_shell(request: Request) -> None:
    """Keep in mind that a shell opened this web view."""
    _set_cookie(request, SHELL_COOKIE, "1", None)


def keep_member(request: Request, started: loyalty.sessions.Started) -> None:
    """Give the browser the cookie of a session just begun."""
    _set_cookie(request, MEMBER_COOKIE, started.token, started.expires_at)


def drop_member(request: Request) -> None:
    """Take the cookie back, and everything the browser keeps of the member with it."""
    _set_cookie(request, MEMBER_COOKIE, "", request.received_at)


def agent_of(request: Request) -> str:
    """Give what the browser calls itself, for the list of devices."""
    agent = request.visit.headers.get(b"user-agent", b"").decode("latin-1")
    return "".join(one for one in agent if one.isprintable())[:AGENT_CHARACTERS_MAX]


def _set_cookie(request: Request, name: str, value: str, until: datetime | None) -> None:
    visit = request.visit
    secure = "; Secure" if visit.is_https or visit.wiring.is_production else ""
    lasts = ""
    if until is not None:
        seconds = max(0, int((until - request.received_at).total_seconds()))
        lasts = f"; Max-Age={seconds}"
    visit.cookies.append(f"{name}={value}; Path=/{lasts}; HttpOnly; SameSite=Lax{secure}".encode())
