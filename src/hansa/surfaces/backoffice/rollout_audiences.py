"""Audiences in the back office: who is in one, found, added by hand or by file, taken out."""

import io
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.rollout import Added, Audience, AudienceId
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.html.forms import uploads
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.rollout_people import FAULTS, names_of_people
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/rollout/audiences"
UPLOAD_BYTES_MAX = 20 * 1024 * 1024
_CURSOR = "office.rollout.audiences"
_MEMBERS = "office.rollout.members"
_EXPORT_STEP = 5_000


class AudienceFields(msgspec.Struct):
    """What an audience is called."""

    code: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Annotated[str, msgspec.Meta(max_length=100)]
    note: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class PeopleFields(msgspec.Struct):
    """Who is to be put in."""

    people: Annotated[str, msgspec.Meta(max_length=50_000)]


class SearchFields(msgspec.Struct):
    """Who is looked for."""

    who: Annotated[str, msgspec.Meta(max_length=254)]


@get(HOME)
async def list_audiences(request: Request) -> Page:
    """Show audiences by code."""
    staff(request, "rollout.view")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str,))
    async with request.snapshot(single=True) as snap:
        found = await rollout.list_audiences(
            snap, after=after[0] if after else None, limit=PAGE_ROWS + 1
        )
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: [one.code])
    return show(
        request,
        "rollout_audiences.html",
        rows=[_row(request, one) for one in shown],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new audience."""
    staff(request, "rollout.edit")
    return show(request, "rollout_audience_new.html", form=first_shown(request))


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Make an audience."""
    by = staff(request, "rollout.edit")
    form = await read_form(request, AudienceFields)
    audience_id = AudienceId(new_id(request.received_at))
    await _save(request, form, audience_id, by)
    if form.errors:
        return show(request, "rollout_audience_new.html", status_code=422, form=form)
    return done(request, f"{HOME}/{audience_id}", "created")


@get(HOME + "/{audience_id:uuid}")
async def show_audience(request: Request, audience_id: FromPath[UUID]) -> Page:
    """Show who is in an audience."""
    staff(request, "rollout.view")
    return await _page(request, audience_id)


@post(HOME + "/{audience_id:uuid}")
async def rename(request: Request, audience_id: FromPath[UUID]) -> Response[None] | Page:
    """Change what an audience is called."""
    by = staff(request, "rollout.edit")
    form = await read_form(request, AudienceFields)
    async with request.snapshot(single=True) as snap:
        held = await rollout.get_audience(snap, audience_id=audience_id)
    await _save(request, form, held.id, by)
    if form.errors:
        return await _page(request, audience_id, forms={"naming": form}, status_code=422)
    return done(request, f"{HOME}/{audience_id}")


@post(HOME + "/{audience_id:uuid}/people")
async def add_people(request: Request, audience_id: FromPath[UUID]) -> Page:
    """Put people in whose numbers, e-mails or telephones were typed; tell who was not found."""
    by = staff(request, "rollout.edit")
    form = await read_form(request, PeopleFields)
    added = None
    if form.value is not None:
        async with request.transaction() as tx:
            try:
                added = await rollout.add_people(
                    tx,
                    audience_id=audience_id,
                    entries=rollout.read_text(form.value.people),
                    by=by,
                    now=request.received_at,
                )
            except rollout.TooManyPeople as refusal:
                form.add("people", refusal)
    if form.errors:
        return await _page(request, audience_id, forms={"adding": form}, status_code=422)
    await request.context.service(rollout.Rollout).refresh()
    return await _page(request, audience_id, added=added)


@post(HOME + "/{audience_id:uuid}/file", request_max_body_size=UPLOAD_BYTES_MAX)
async def import_file(request: Request, audience_id: FromPath[UUID]) -> Page:
    """Put the people of a CSV file in; one that cannot be read changes nothing."""
    by = staff(request, "rollout.edit")
    sent = await uploads(request, "file")
    form: Form[Any] = Form(request=request)
    added = None
    if not sent:
        form.add("file", "This field is required.")
    else:
        try:
            added = await _import(request, audience_id, sent[0], by)
        except (rollout.FileUnreadable, rollout.TooManyPeople) as refusal:
            form.add("file", refusal)
    if form.errors:
        return await _page(request, audience_id, forms={"adding": form}, status_code=422)
    await request.context.service(rollout.Rollout).refresh()
    return await _page(request, audience_id, added=added)


async def _import(request: Request, audience_id: UUID, file: UploadFile, by: Actor) -> Added:
    file.file.seek(0)
    lines = io.TextIOWrapper(file.file, encoding="utf-8", newline="")
    try:
        async with request.transaction() as tx:
            return await rollout.add_people(
                tx,
                audience_id=audience_id,
                entries=rollout.read_csv(lines),
                source=file.filename.rpartition("/")[2],
                by=by,
                now=request.received_at,
            )
    finally:
        lines.detach()  # the upload closes its file itself


@post(HOME + "/{audience_id:uuid}/search")
async def find_member(request: Request, audience_id: FromPath[UUID]) -> Page:
    """Say whether somebody is in it; by POST, so that who it is stands in no address."""
    staff(request, "rollout.view")
    form = await read_form(request, SearchFields)
    found: list[dict[str, Any]] | None = None
    if form.value is not None:
        async with request.snapshot() as snap:
            people = await rollout.find_people(snap, rollout.read_text(form.value.who))
            for fault in people.faults:
                form.add("who", FAULTS[fault.why])
            held = await rollout.find_members(
                snap, audience_id=audience_id, subject_ids=people.subject_ids
            )
            found = await names_of_people(request, snap, [one for one, _ in held])
    return await _page(request, audience_id, forms={"searching": form}, found=found)


@post(HOME + "/{audience_id:uuid}/people/{subject_id:uuid}/remove")
async def take_out(
    request: Request, audience_id: FromPath[UUID], subject_id: FromPath[UUID]
) -> Response[None]:
    """Take somebody out."""
    by = staff(request, "rollout.edit")
    async with request.transaction() as tx:
        await rollout.take_people(
            tx,
            audience_id=audience_id,
            subject_ids=[subject_id],
            by=by,
            now=request.received_at,
        )
    await request.context.service(rollout.Rollout).refresh()
    return done(request, f"{HOME}/{audience_id}")


@post(HOME + "/{audience_id:uuid}/remove")
async def remove(request: Request, audience_id: FromPath[UUID]) -> Response[None]:
    """Forget an audience no feature asks for."""
    by = staff(request, "rollout.edit")
    async with request.transaction() as tx:
        await rollout.remove_audience(tx, audience_id=audience_id, by=by, now=request.received_at)
    return done(request, HOME)


@get(HOME + "/{audience_id:uuid}/members.csv")
async def download(request: Request, audience_id: FromPath[UUID]) -> Stream:
    """Give the numbers of all who are in it as a file that can be imported again."""
    staff(request, "rollout.view")
    async with request.snapshot(single=True) as snap:
        audience = await rollout.get_audience(snap, audience_id=audience_id)

    async def lines() -> AsyncIterator[bytes]:
        yield b"subject_id,added_at\r\n"
        after: UUID | None = None
        while True:
            async with request.snapshot(single=True) as part:
                found = await rollout.list_members(
                    part, audience_id=audience_id, after=after, limit=_EXPORT_STEP
                )
            if found:
                text = "".join(f"{one},{at.isoformat()}\r\n" for one, at in found)
                yield text.encode()
            if len(found) < _EXPORT_STEP:
                return
            after = found[-1][0]

    return Stream(
        lines(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{audience.code}.csv"'},
    )


async def _save(request: Request, form: Form[Any], audience_id: AudienceId, by: Actor) -> None:
    typed = form.value
    if typed is None:
        return
    audience = Audience(
        id=audience_id,
        code=typed.code,
        name=typed.name,
        note=typed.note,
        changed_at=request.received_at,
    )
    async with request.transaction() as tx:
        try:
            await rollout.save_audience(tx, audience=audience, by=by, now=request.received_at)
        except HansaError as refusal:
            form.add(getattr(refusal, "field", "code"), refusal)


async def _page(
    request: Request,
    audience_id: UUID,
    *,
    forms: Mapping[str, Form[Any]] | None = None,
    found: list[dict[str, Any]] | None = None,
    added: Added | None = None,
    status_code: int = 200,
) -> Page:
    """Make the page; `forms` are those that were sent: `naming`, `adding`, `searching`."""
    sent = forms or {}
    after = request.read_cursor(request.query_params.get("after"), of=_MEMBERS, types=(UUID,))
    async with request.snapshot() as snap:
        audience = await rollout.get_audience(snap, audience_id=audience_id)
        using = await rollout.features_using(snap, audience_id=audience_id)
        held = await rollout.list_members(
            snap, audience_id=audience_id, after=after[0] if after else None, limit=PAGE_ROWS + 1
        )
        members, cursor = request.page_of(
            held, limit=PAGE_ROWS, of=_MEMBERS, key=lambda one: [one[0]]
        )
        people = await names_of_people(request, snap, [one for one, _ in members])
    zone = zone_of(request)
    home = f"{HOME}/{audience_id}"
    first = first_shown(request, code=audience.code, name=audience.name, note=audience.note)
    return show(
        request,
        "rollout_audience.html",
        status_code=status_code,
        audience=_row(request, audience),
        using=using,
        naming=sent.get("naming", first),
        adding=sent.get("adding", first_shown(request)),
        searching=sent.get("searching", first_shown(request)),
        found=found,
        added=added,
        faults=[
            {"line": one.line, "why": words(request)(FAULTS[one.why])}
            for one in (added.faults if added else ())
        ],
        members=[
            person | {"since": format_moment(since, request.language, zone)}
            for person, (_, since) in zip(people, members, strict=True)
        ],
        first_url=home if after else None,
        next_url=f"{home}?after={cursor}" if cursor else None,
    )


def _row(request: Request, audience: Audience) -> dict[str, Any]:
    return {
        "id": audience.id,
        "url": f"{HOME}/{audience.id}",
        "code": audience.code,
        "name": audience.name,
        "note": audience.note,
        "members": format_number(audience.members, request.language),
        "changed": format_moment(audience.changed_at, request.language, zone_of(request)),
    }


ROUTES = (
    list_audiences,
    show_new,
    create,
    show_audience,
    rename,
    add_people,
    import_file,
    find_member,
    take_out,
    remove,
    download,
)
