"""Making a feed, changing it, and writing its mapping with a dry run on a sample."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules.loyalty import intake, programmes
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_feeds import EDIT, HOME, KINDS, VIEW, names_of, told
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff

COMMANDS = {
    "Accrue": "give points",
    "Order": "order",
    "Cancel": "cancelled order",
    "Return": "return",
    "HoldPoints": "hold points",
    "PostHold": "spend what is held",
    "VoidHold": "let go what is held",
    "Spend": "spend points",
    "Reverse": "take back a posting",
    "Balance": "question about a balance",
}
_SAMPLE_CHARACTERS_MAX = 100_000
_Text = Annotated[str, msgspec.Meta(max_length=131_072)]


class FeedFields(msgspec.Struct):
    """What a person decides of a feed; secrets that are left empty stay."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    code: Annotated[str, msgspec.Meta(max_length=41)] = ""
    participation: str = ""
    kind: str = ""
    cron: Annotated[str, msgspec.Meta(max_length=100)] = ""
    settings: _Text = "{}"
    is_active: bool = False
    secret_user: str = ""
    secret_token: str = ""
    secret_signing: str = ""
    secret_telling: str = ""


class MappingFields(msgspec.Struct):
    """A mapping and a sample to try it on."""

    written: _Text
    sample: Annotated[str, msgspec.Meta(max_length=_SAMPLE_CHARACTERS_MAX)] = ""
    action: Annotated[str, msgspec.Meta(pattern="^(try|save)$")] = "try"


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new feed."""
    staff(request, EDIT)
    return _settings_page(request, None, first_shown(request, settings="{}"))


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a feed; it is not in use yet, for it has no mapping."""
    by = staff(request, EDIT)
    form = await read_form(request, FeedFields)
    made = _new_feed(request, form)
    if form.value is None or made is None:
        return _settings_page(request, None, form, status_code=422)
    return await _save(request, form, made, None, by)


@get(HOME + "/{feed_id:uuid}/settings")
async def show_settings(request: Request, feed_id: FromPath[UUID]) -> Page:
    """Show the settings of a feed; its secrets are never shown."""
    staff(request, EDIT)
    async with request.snapshot(single=True) as snap:
        feed = await intake.get_feed(snap, feed_id=feed_id)
    form = first_shown(
        request,
        name=feed.name,
        cron=feed.cron,
        is_active="1" if feed.is_active else None,
        settings=_written(feed.settings),
    )
    return _settings_page(request, feed, form)


@post(HOME + "/{feed_id:uuid}/settings")
async def save_settings(request: Request, feed_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a feed."""
    by = staff(request, EDIT)
    form = await read_form(request, FeedFields)
    async with request.snapshot(single=True) as snap:
        feed = await intake.get_feed(snap, feed_id=feed_id)
    settings = _settings(form)
    if form.value is None or settings is None:
        return _settings_page(request, feed, form, status_code=422)
    changed = replace(
        feed,
        name=form.value.name,
        cron=form.value.cron,
        is_active=form.value.is_active,
        settings=settings,
    )
    return await _save(request, form, changed, feed, by)


async def _save(
    request: Request, form: Form[FeedFields], feed: intake.Feed, before: intake.Feed | None, by: Any
) -> Response[None] | Page:
    assert form.value is not None
    try:
        async with request.transaction() as tx:
            await intake.save_feed(
                tx,
                request.context,
                feed=feed,
                credentials=_credentials(request, form.value, feed),
                by=by,
                now=request.received_at,
            )
    except intake.FeedInvalid as error:
        form.add(error.field if error.field in FeedFields.__struct_fields__ else "settings", error)
        return _settings_page(request, before, form, status_code=422)
    return done(request, f"{HOME}/{feed.id}", "saved" if before else "created")


def _credentials(
    request: Request, typed: FeedFields, feed: intake.Feed
) -> intake.Credentials | None:
    held = request.context.service(intake.Intake).sealer.credentials(feed)
    signing = typed.secret_signing
    made = msgspec.structs.replace(
        held,
        user=typed.secret_user or held.user,
        token=typed.secret_token or held.token,
        secret=signing or held.secret,
        former_secret=held.secret if signing and held.secret else held.former_secret,
        tell_secret=typed.secret_telling or held.tell_secret,
    )
    return None if made == held else made


def _new_feed(request: Request, form: Form[FeedFields]) -> intake.Feed | None:
    if form.value is None:
        return None
    typed, settings = form.value, _settings(form)
    programme_id, _, partner_id = typed.participation.partition(" ")
    coalition = request.context.service(programmes.Directory).coalition
    known = {f"{programme} {partner}" for programme, partner in coalition.terms}
    if typed.participation not in known:
        form.add("participation", "Choose one of the values offered.")
    if typed.kind not in set(intake.FeedKind):
        form.add("kind", "Choose one of the values offered.")
    if settings is None or form.errors:
        return None
    return intake.Feed(
        id=new_id(request.received_at),
        code=typed.code,
        name=typed.name,
        partner_id=UUID(partner_id),
        programme_id=UUID(programme_id),
        kind=intake.FeedKind(typed.kind),
        cron=typed.cron,
        settings=settings,
    )


def _settings(form: Form[FeedFields]) -> intake.FeedSettings | None:
    try:
        return msgspec.json.decode(form.text("settings") or "{}", type=intake.FeedSettings)
    except (msgspec.DecodeError, UnicodeError) as error:
        form.add("settings", str(error))
        return None


def _written(settings: intake.FeedSettings) -> str:
    usual = msgspec.to_builtins(intake.FeedSettings())
    own = {name: one for name, one in msgspec.to_builtins(settings).items() if one != usual[name]}
    return msgspec.json.format(msgspec.json.encode(own), indent=2).decode()


def _settings_page(
    request: Request, feed: intake.Feed | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    coalition, language = (
        request.context.service(programmes.Directory).coalition,
        request.language,
    )
    choices = [
        (f"{programme} {partner}",
         f"{pick(terms.partner.name, language)} — {pick(terms.programme.name, language)}")
        for (programme, partner), terms in coalition.terms.items()
    ]  # fmt: skip
    translate = words(request)
    return show(
        request,
        "loyalty_feed_settings.html",
        status_code=status_code,
        feed=feed,
        home=HOME,
        form=form,
        participations=sorted(choices, key=lambda one: one[1]),
        kinds=[(str(kind), translate(label)) for kind, label in KINDS.items()],
    )


# -- mapping ---------------------------------------------------------------------------------------


@get(HOME + "/{feed_id:uuid}/mapping")
async def show_mapping(request: Request, feed_id: FromPath[UUID]) -> Page:
    """Show a feed's mapping, to be changed and tried."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        feed = await intake.get_feed(snap, feed_id=feed_id)
        mapping = await intake.get_mapping(snap, feed=feed)
    written = "" if mapping is None else mapping.written
    return _mapping_page(request, feed, first_shown(request, written=written), None)


@post(HOME + "/{feed_id:uuid}/mapping")
async def change_mapping(request: Request, feed_id: FromPath[UUID]) -> Response[None] | Page:
    """Try a mapping on a sample, or put it in force."""
    by = staff(request, EDIT)
    form = await read_form(request, MappingFields)
    async with request.snapshot(single=True) as snap:
        feed = await intake.get_feed(snap, feed_id=feed_id)
    if form.value is None:
        return _mapping_page(request, feed, form, None, status_code=422)
    typed = form.value
    try:
        if typed.action == "save":
            async with request.transaction() as tx:
                await intake.save_mapping(
                    tx, request.context, feed=feed, written=typed.written, by=by,
                    now=request.received_at,
                )  # fmt: skip
            return done(request, f"{HOME}/{feed_id}")
        sample = typed.sample.encode(_encoding(typed.written), "replace")
        trial = await intake.try_mapping(
            request.context, feed=feed, written=typed.written, sample=sample
        )
    except intake.MappingInvalid as error:
        form.add("written", error)
        return _mapping_page(request, feed, form, None, status_code=422)
    return _mapping_page(request, feed, form, trial)


def _encoding(written: str) -> str:
    """Give the encoding the mapping expects, so that a pasted sample is written in it."""
    return intake.encoding_of(written)


def _mapping_page(
    request: Request,
    feed: intake.Feed,
    form: Form[Any],
    trial: intake.Trial | None,
    *,
    status_code: int = 200,
) -> Page:
    partner, programme = names_of(request, feed)
    return show(
        request,
        "loyalty_feed_mapping.html",
        status_code=status_code,
        feed=feed,
        partner=partner,
        programme=programme,
        home=HOME,
        form=form,
        trial=None if trial is None else _trial(request, trial),
    )


def _trial(request: Request, trial: intake.Trial) -> dict[str, Any]:
    return {
        "is_cut": trial.is_cut,
        "broken": _sentence(request, trial.broken),
        "records": [
            {
                "row": one.row,
                "rule": one.rule,
                "refusal": _sentence(request, one.refusal),
                "warnings": ", ".join(one.warnings),
                "is_skipped": one.is_skipped,
                "commands": [
                    (words(request)(COMMANDS[name]), list(fields.items()))
                    for name, fields in one.commands
                ],
            }
            for one in trial.records
        ],
    }


def _sentence(request: Request, error: HansaError | None) -> str:
    return "" if error is None else told(request, error.message, error.data())


ROUTES = (
    show_new,
    create,
    show_settings,
    save_settings,
    show_mapping,
    change_mapping,
)
