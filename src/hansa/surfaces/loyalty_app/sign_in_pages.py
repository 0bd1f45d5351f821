"""Onboarding, signing in by a code, signing out."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post

from hansa.modules import loyalty, parties
from hansa.runtime.html import Form, Page
from hansa.runtime.http import Request, TooManyRequests, go_to, local_path
from hansa.surfaces.loyalty_app import access
from hansa.surfaces.loyalty_app.access import NotOpenYet, SignInFirst
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.forms import read_identifier, read_texts
from hansa.surfaces.loyalty_app.frame import app_page, root_of

CODE_SECONDS = 300
AGAIN_SECONDS = 60
ATTEMPTS_MAX = 5
STEPS = 3
_YEAR_SECONDS = 31_536_000


@get(in_each_language("/welcome"))
async def welcome(request: Request) -> Page:
    """Show what the app is for, in three steps that can be passed over."""
    asked = request.query_params.get("step", "1")
    step = int(asked) if asked in {"1", "2", "3"} else 1
    return app_page(request, "welcome.html", step=step, steps=STEPS)


@get(in_each_language("/sign-in"))
async def show_sign_in(request: Request) -> Page:
    """Ask for the telephone."""
    return _phone_page(request, Form({"next": request.query_params.get("next", "")}))


@post(in_each_language("/sign-in"))
async def ask_code(request: Request) -> Page:
    """Send a code to the telephone and ask for it."""
    form = await read_texts(request)
    try:
        asked = await loyalty.members.start_sign_in(
            request.context,
            phone=form.text("phone"),
            address=request.client_address,
            language=request.language,
            now=request.received_at,
        )
    except parties.IdentifierInvalid as wrong:
        form.add("phone", wrong)
    except (TooManyRequests, loyalty.members.CodesNotSent) as refusal:
        form.add("", refusal)
    else:
        form.values |= {"challenge": str(asked.id), "sent": request.received_at.isoformat()}
        return _code_page(request, form)
    return _phone_page(request, form, status_code=422)


@post(in_each_language("/sign-in/code"))
async def answer_code(request: Request) -> Response[Any] | Page:
    """Sign whoever has the code in; whoever is new is asked to agree to the rules first."""
    form = await read_texts(request)
    challenge = read_identifier(form.text("challenge"))
    if challenge is None:
        return _phone_page(request, form, status_code=422)
    try:
        signed_in = await loyalty.members.finish_sign_in(
            request.context,
            challenge_id=challenge,
            code=_digits(form.text("code")),
            now=request.received_at,
        )
    except loyalty.members.CodeWrong as wrong:
        form.values["tried"] = str(_number(form.text("tried")) + 1)
        form.add("code", wrong)
        return _code_page(request, form, status_code=422)
    return await _come_in(request, form, signed_in)


@post(in_each_language("/sign-in/join"))
async def join(request: Request) -> Response[Any] | Page:
    """Take whoever has proven a telephone and agrees to the rules into the programme."""
    form = await read_texts(request)
    proof = loyalty.members.Proof(kind=loyalty.members.ProofKind.CODE, token=form.text("proof"))
    return await _come_in(request, form, loyalty.members.SignedIn(member_id=None, proof=proof))


@get(in_each_language("/sign-in/hint"))
async def code_hint(request: Request) -> Page:
    """Show the code of the demo, in which no telephone rings. Anywhere else, show nothing."""
    challenge = read_identifier(request.query_params.get("challenge", ""))
    shown = ""
    if challenge is not None and request.context.settings.environment == "demo":
        async with request.snapshot(single=True) as snap:
            codes = await loyalty.members.list_shown_codes(snap)
        shown = next((one.code for one in codes if one.id == challenge), "")
    return Page(
        "loyalty_app/code_hint.html", code=shown, challenge=challenge, root=root_of(request)
    )


async def _come_in(
    request: Request, form: Form[Any], signed_in: loyalty.members.SignedIn
) -> Response[Any] | Page:
    try:
        started = await _begin(request, form, signed_in)
    except loyalty.sessions.NotJoined:
        return app_page(
            request,
            "join.html",
            form=form,
            proof=signed_in.proof.token,
            version=loyalty.sessions.RULES_VERSION,
        )
    except (
        loyalty.sessions.NoProgramme,
        loyalty.members.MemberBlocked,
        loyalty.members.ProofInvalid,
    ) as refusal:
        form.add("", refusal)
        return _phone_page(request, form, status_code=422)
    access.keep_member(request, started)
    return go_to(request, local_path(form.text("next"), default=root_of(request)))


async def _begin(
    request: Request, form: Form[Any], signed_in: loyalty.members.SignedIn
) -> loyalty.sessions.Started:
    now = request.received_at
    programme = loyalty.sessions.home_programme(access.coalition_of(request))
    async with request.transaction() as tx:
        member_id = await loyalty.sessions.join_or_find(
            tx,
            signed_in=signed_in,
            phone=form.text("phone"),
            programme=programme,
            agrees=form.checked("agrees"),
            language=request.language,
            source="app",
            now=now,
        )
        return await loyalty.sessions.start_session(
            tx,
            member_id=member_id,
            kind=loyalty.sessions.SessionKind.BROWSER,
            agent=access.agent_of(request),
            now=now,
        )


@post(in_each_language("/sign-out"))
async def sign_out(request: Request) -> Response[Any]:
    """End this browser's session; the page that follows clears what the worker kept."""
    visitor = await access.recognise(request)
    if visitor is not None:
        async with request.transaction() as tx:
            await loyalty.sessions.end_session(
                tx,
                member_id=visitor.session.member_id,
                session_id=visitor.session.id,
                now=request.received_at,
            )
    access.drop_member(request)
    return go_to(request, f"{root_of(request)}/signed-out")


@get(in_each_language("/signed-out"))
async def signed_out(request: Request) -> Page:
    """Say good-bye; the script of this page clears caches and tells the shell."""
    return app_page(request, "signed_out.html")


@get(in_each_language("/rules"))
async def rules(request: Request) -> Page:
    """Show the rules one agrees to."""
    return app_page(request, "rules.html", version=loyalty.sessions.RULES_VERSION)


def to_sign_in(request: Request, _: SignInFirst) -> Response[Any]:
    """Lead whoever is not signed in to the page to sign in, the first time by the welcome."""
    root = root_of(request)
    seen = request.visit.sent_cookies.get(access.SEEN_COOKIE) == "1"
    if request.method != "GET" or request.is_htmx:
        return go_to(request, f"{root}/sign-in")
    if not seen and not access.is_hosted(request) and request.visit.path == root:
        answer = go_to(request, f"{root}/welcome")
        answer.set_cookie(access.SEEN_COOKIE, "1", max_age=_YEAR_SECONDS, samesite="lax")
        return answer
    access.remember_shell(request)
    query = request.scope["query_string"].decode("latin-1")
    where = request.visit.path + (f"?{query}" if query else "")
    if request.visit.path == root:
        return go_to(request, f"{root}/sign-in")
    return go_to(request, f"{root}/sign-in?next={quote(where, safe='/')}")


def not_open_yet(request: Request, _: NotOpenYet) -> Page:
    """Tell a member that the app is opened step by step."""
    return app_page(request, "not_open.html", status_code=403)


def _phone_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    return app_page(
        request,
        "sign_in.html",
        status_code=status_code,
        form=form,
    )


def _code_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    tried = _number(form.text("tried"))
    return app_page(
        request,
        "code.html",
        status_code=status_code,
        form=form,
        attempts_left=max(0, ATTEMPTS_MAX - tried),
        again_seconds=_again_in(form.text("sent"), request.received_at),
        shows_codes=request.context.settings.environment == "demo",
    )


def _again_in(sent: str, now: datetime) -> int:
    """Give in how many seconds another code may be asked for."""
    try:
        since = (now - datetime.fromisoformat(sent)).total_seconds()
    except (ValueError, TypeError):
        return 0
    return max(0, round(AGAIN_SECONDS - since))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 1 else 0


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())
