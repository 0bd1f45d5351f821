"""Messages in the back office: what is told by itself, the rules, and what one member got."""

from datetime import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import loyalty, notifications
from hansa.modules.notifications import Policy, Text
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.campaigns import EDIT, REASONS, SEND, VIEW
from hansa.surfaces.backoffice.presenting import (
    LANGUAGES,
    address,
    asked,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/messages"
TEMPLATES = {
    "points.earned": "Points earned",
    "points.spent": "Points spent",
    "percent.changed": "The percent has changed",
    "task.completed": "A task is completed",
    "points.expiring": "Points expire soon",
}
CHANNELS = {"webpush": "Browsers", "fcm": "Firebase", "edna": "EDNA"}
STATES = {
    "waiting": ("waits", "accent"),
    "sending": ("is being sent", "accent"),
    "sent": ("sent", "good"),
    "failed": ("failed", "bad"),
    "dropped": ("not sent", ""),
}
_CURSOR = "office.messages"
_FAILED_SHOWN, _FOUND_SHOWN, _MESSAGES_SHOWN = 20, 20, 30
_Line = Annotated[str, msgspec.Meta(max_length=400)]
_Time = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d(:\d\d)?$")]


class RuleFields(msgspec.Struct):
    """Quiet hours and caps."""

    quiet_from: _Time
    quiet_until: _Time
    day_max: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    week_max: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    time_zone: _Line


class TemplateFields(msgspec.Struct):
    """The text of a template in each language."""

    title_ru: _Line = ""
    body_ru: _Line = ""
    title_en: _Line = ""
    body_en: _Line = ""
    is_on: bool = False


@get(HOME)
async def show_messages(request: Request) -> Page:
    """Show templates, rules, how many can be reached, and what failed."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        policy = await notifications.get_policy(snap)
    form = first_shown(
        request,
        quiet_from=f"{policy.quiet_from:%H:%M}",
        quiet_until=f"{policy.quiet_until:%H:%M}",
        day_max=str(policy.day_max),
        week_max=str(policy.week_max),
        time_zone=policy.time_zone,
    )
    return await _messages_page(request, form)


@post(HOME + "/rules")
async def save_rules(request: Request) -> Response[None] | Page:
    """Change quiet hours and caps; they hold from the next message on."""
    by = staff(request, EDIT)
    form = await read_form(request, RuleFields)
    if form.value is not None:
        try:
            typed = msgspec.structs.asdict(form.value)
            quiet = {
                name: time.fromisoformat(typed[name]) for name in ("quiet_from", "quiet_until")
            }
            policy = Policy(**{**typed, **quiet})
            async with request.transaction() as tx:
                await notifications.save_policy(tx, policy=policy, by=by, now=request.received_at)
        except HansaError as refusal:
            form.add(str(getattr(refusal, "field", WHOLE)), refusal)
        else:
            return done(request, HOME)
    return await _messages_page(request, form, status_code=422)


@get(HOME + "/templates/{code:str}")
async def show_template(request: Request, code: FromPath[str]) -> Page:
    """Show a template."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        held = await _template(await notifications.list_templates(snap), code)
    typed = {
        f"{part}_{language}": getattr(text, part)
        for language, text in held.texts.items()
        for part in ("title", "body")
    }
    form = first_shown(request, **typed, is_on="1" if held.is_on else None)
    return _template_page(request, held, form)


@post(HOME + "/templates/{code:str}")
async def save_template(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Change a template, or switch it off."""
    by = staff(request, EDIT)
    form = await read_form(request, TemplateFields)
    async with request.snapshot() as snap:
        held = await _template(await notifications.list_templates(snap), code)
    typed = form.value
    if typed is not None:
        texts = {
            language: Text(title=form.text(f"title_{language}"), body=form.text(f"body_{language}"))
            for language in LANGUAGES
            if form.text(f"title_{language}") or form.text(f"body_{language}")
        }
        try:
            async with request.transaction() as tx:
                await notifications.save_template(
                    tx, code=code, texts=texts, is_on=typed.is_on, by=by, now=request.received_at
                )
        except HansaError as refusal:
            field = str(getattr(refusal, "field", ""))
            form.add(f"{field}_ru" if field in {"title", "body"} else WHOLE, refusal)
        else:
            return done(request, HOME)
    return _template_page(request, held, form, status_code=422)


@post(HOME + "/{message_id:uuid}/repeat")
async def repeat(request: Request, message_id: FromPath[UUID]) -> Response[None]:
    """Try a message that failed once more."""
    staff(request, SEND)
    async with request.transaction() as tx:
        await notifications.send_again(tx, message_id=message_id, now=request.received_at)
    return done(request, HOME, "retried")


@get(HOME + "/members")
async def find_member(request: Request) -> Page:
    """Find a member by name, telephone, card or number."""
    staff(request, VIEW)
    search = asked(request, "q")
    async with request.snapshot() as snap:
        found = (
            await loyalty.members.find_members(snap, search=search, limit=_FOUND_SHOWN)
            if search
            else ((), None)
        )[0]
    return show(
        request,
        "message_members.html",
        search=search,
        rows=[
            {
                "id": one.member.id,
                "name": one.party.display_name if one.party else "",
                "url": f"{HOME}/members/{one.member.id}",
            }
            for one in found
        ],
    )


@get(HOME + "/members/{member_id:uuid}")
async def show_member(request: Request, member_id: FromPath[UUID]) -> Page:
    """Show the devices of a member and what was sent to them."""
    staff(request, VIEW)
    before = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(int,))
    async with request.snapshot() as snap:
        member = await loyalty.members.get_member(snap, member_id=member_id)
        devices = (await notifications.list_devices(snap, member_ids=[member.id])).get(
            member.id, ()
        )
        found = await notifications.list_messages(
            snap,
            member_id=member.id,
            before=before[0] if before else None,
            limit=_MESSAGES_SHOWN + 1,
        )
    shown, cursor = request.page_of(
        found, limit=_MESSAGES_SHOWN, of=_CURSOR, key=lambda one: (one.number,)
    )
    zone, language, say = zone_of(request), request.language, words(request)
    return show(
        request,
        "message_member.html",
        member_id=member.id,
        devices=[
            {
                "id": one.id,
                "channel": say(CHANNELS[one.channel]),
                "app": one.app_version,
                "language": one.language,
                "zone": one.time_zone,
                "seen": format_moment(one.seen_at, language, zone),
                "is_stale": one.is_stale(request.received_at),
            }
            for one in devices
        ],
        messages=[_message(request, one) for one in shown],
        first_url=address(request) if before else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _message(request: Request, message: notifications.SentMessage) -> dict[str, Any]:
    say, zone = words(request), zone_of(request)
    _, text = notifications.choose(message.texts, (request.language,))
    label, tone = STATES[message.state]
    reason = REASONS.get(message.reason)
    return {
        "id": message.id,
        "title": text.title,
        "body": text.body,
        "label": say(label),
        "tone": tone,
        "reason": say(reason) if reason else message.reason,
        "at": format_moment(message.created_at, request.language, zone),
        "opened": format_moment(message.opened_at, request.language, zone),
        "due": format_moment(message.due_at, request.language, zone)
        if message.state == "waiting"
        else "",
        "deliveries": ", ".join(
            f"{say(CHANNELS[one.channel])}: {one.state}" for one in message.deliveries
        ),
    }


async def _messages_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    async with request.snapshot() as snap:
        templates = await notifications.list_templates(snap)
        counts = await notifications.count_devices(snap, now=request.received_at)
        failed = await notifications.list_failed(snap, limit=_FAILED_SHOWN)
    say, language, zone = words(request), request.language, zone_of(request)
    connected = request.context.service(notifications.Channels).names()
    known = {one.channel.value: one for one in counts}
    return show(
        request,
        "messages.html",
        status_code=status_code,
        form=form,
        templates=[
            {
                "code": one.code,
                "url": f"{HOME}/templates/{one.code}",
                "name": say(TEMPLATES[one.code]),
                "text": notifications.choose(one.texts, (language,))[1].body,
                "is_on": one.is_on,
            }
            for one in templates.values()
        ],
        channels=[
            {
                "name": say(label),
                "is_connected": code in connected,
                "live": format_number(known[code].live if code in known else 0, language),
                "stale": format_number(known[code].stale if code in known else 0, language),
            }
            for code, label in CHANNELS.items()
        ],
        failed=[
            {
                "id": one.id,
                "member_url": f"{HOME}/members/{one.member_id}",
                "member": str(one.member_id),
                "reason": one.reason,
                "at": format_moment(one.ended_at, language, zone),
                "repeat_url": f"{HOME}/{one.id}/repeat",
            }
            for one in failed
        ],
    )


async def _template(known: dict[str, notifications.Template], code: str) -> notifications.Template:
    found = known.get(code)
    if found is None:
        raise notifications.NoSuchTemplate
    return found


def _template_page(
    request: Request, held: notifications.Template, form: Form[Any], *, status_code: int = 200
) -> Page:
    return show(
        request,
        "message_template.html",
        status_code=status_code,
        held=held,
        heading=words(request)(TEMPLATES[held.code]),
        form=form,
        places=", ".join(f"{{{one}}}" for one in sorted(held.places)),
        url=f"{HOME}/templates/{held.code}",
    )
