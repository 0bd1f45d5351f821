"""Segments in the back office: saved filters with a count of those who meet them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import loyalty, notifications
from hansa.modules.notifications import Segment
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/segments"
VIEW, EDIT = "notifications.view", "notifications.edit"
_CURSOR = "office.segments"
_Line = Annotated[str, msgspec.Meta(max_length=200)]
_Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
_NUMBERS = (
    "balance_min", "balance_max", "expiring_days", "expiring_min", "active_within_days",
    "inactive_for_days", "joined_within_days", "random_from", "random_until",
)  # fmt: skip


class SegmentFields(msgspec.Struct):
    """What is typed of a segment; what is empty lets everybody through."""

    name: _Line = ""
    programme_id: UUID | None = None
    balance_min: int | None = None
    balance_max: int | None = None
    expiring_days: _Days | None = None
    expiring_min: int | None = None
    active_within_days: _Days | None = None
    inactive_for_days: _Days | None = None
    joined_within_days: _Days | None = None
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    partner_id: UUID | None = None
    offer_id: UUID | None = None
    language: _Line = ""
    random_from: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    random_until: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    has_device: bool = False


@get(HOME)
async def list_segments(request: Request) -> Page:
    """Show segments by name."""
    staff(request, VIEW)
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str, UUID))
    async with request.snapshot() as snap:
        found = await notifications.list_segments(snap, after=after, limit=PAGE_ROWS + 1)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.name, one.id)
    )
    names = dict(_programmes(request))
    return show(
        request,
        "segments.html",
        rows=[
            {
                "url": f"{HOME}/{one.id}",
                "id": one.id,
                "name": one.name,
                "programme": names.get(str(one.programme_id), ""),
                "filters": len(_set_filters(one)),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new segment."""
    staff(request, EDIT)
    programmes = _programmes(request)
    chosen = programmes[0][0] if programmes else None
    return await _page(request, None, first_shown(request, programme_id=chosen, has_device="1"))


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Save a segment."""
    staff(request, EDIT)
    return await _save(request, None)


@get(HOME + "/{segment_id:uuid}")
async def show_segment(request: Request, segment_id: FromPath[UUID]) -> Page:
    """Show the filters of a segment."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        held = await notifications.get_segment(snap, segment_id=segment_id)
    kept = held.criteria
    typed = {name: _written(getattr(kept, name)) for name in _NUMBERS}
    form = first_shown(
        request,
        **typed,
        name=held.name,
        programme_id=str(held.programme_id),
        percent=None if kept.percent_min is None else f"{kept.percent_min / 100:g}",
        partner_id=_written(kept.partner_id),
        offer_id=_written(kept.offer_id),
        language=kept.language,
        has_device="1" if held.has_device else None,
    )
    return await _page(request, held, form)


@post(HOME + "/{segment_id:uuid}")
async def save(request: Request, segment_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a segment; campaigns that run keep their filters."""
    staff(request, EDIT)
    async with request.snapshot() as snap:
        held = await notifications.get_segment(snap, segment_id=segment_id)
    return await _save(request, held)


async def count_of(snap: Snapshot, request: Request, segment: Segment) -> str:
    """Write how many people meet the filters; of very many only that they are many."""
    count = await loyalty.desk.count_segment(
        snap,
        programme_id=segment.programme_id,
        criteria=segment.criteria,
        now=request.received_at,
    )
    written = format_number(count, request.language)
    is_all = count < loyalty.desk.COUNT_MAX
    return written if is_all else words(request)("more than %s") % written


async def _save(request: Request, held: Segment | None) -> Response[None] | Page:
    by = staff(request, EDIT)
    form = await read_form(request, SegmentFields)
    typed = form.value
    if typed is not None and typed.programme_id is None:
        form.add("programme_id", "This field is required.")
    if form.value is not None and typed is not None and typed.programme_id is not None:
        segment = Segment(
            id=held.id if held else new_id(request.received_at),
            name=typed.name,
            programme_id=typed.programme_id,
            criteria=loyalty.desk.Criteria(
                **{name: getattr(typed, name) for name in _NUMBERS},
                percent_min=None if typed.percent is None else round(typed.percent * 100),
                partner_id=typed.partner_id,
                offer_id=typed.offer_id,
                language=typed.language or None,
            ),
            has_device=typed.has_device,
        )
        try:
            async with request.transaction() as tx:
                await notifications.save_segment(
                    tx, segment=segment, by=by, now=request.received_at
                )
        except HansaError as refusal:
            field = str(getattr(refusal, "field", ""))
            form.add(field if field in SegmentFields.__struct_fields__ else WHOLE, refusal)
        else:
            return done(request, f"{HOME}/{segment.id}", "saved" if held else "created")
    return await _page(request, held, form, status_code=422)


async def _page(
    request: Request, held: Segment | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    people = ""
    if held is not None:
        async with request.snapshot() as snap:
            people = await count_of(snap, request, held)
    coalition = request.context.service(loyalty.programmes.Directory).coalition
    say = words(request)
    return show(
        request,
        "segment.html",
        status_code=status_code,
        held=held,
        form=form,
        people=people,
        programmes=_programmes(request),
        partners=[("", say("Any"))]
        + [
            (str(one.id), pick(one.name, request.language))
            for one in sorted(coalition.partners.values(), key=lambda one: one.number)
        ],
        languages=[("", say("Any")), ("ru", "Русский"), ("en", "English")],
    )


def _programmes(request: Request) -> list[tuple[str, str]]:
    coalition = request.context.service(loyalty.programmes.Directory).coalition
    return [
        (str(one.id), pick(one.name, request.language))
        for one in sorted(coalition.programmes.values(), key=lambda one: one.number)
    ]


def _set_filters(segment: Segment) -> list[str]:
    plain = msgspec.to_builtins(segment.criteria)
    return [name for name, value in plain.items() if value is not None]


def _written(value: object) -> str | None:
    return None if value is None else str(value)
