"""JSON API of rollout: features, their history, audiences."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.kernel.identifiers import new_id
from hansa.modules.rollout import audiences, operations, queries
from hansa.modules.rollout.bodies import (
    AddedView,
    AnswerView,
    AudienceBody,
    AudienceView,
    FeatureList,
    FeatureView,
    KillBody,
    MemberView,
    PeopleBody,
    RulesBody,
    VersionView,
)
from hansa.modules.rollout.model import Audience, AudienceId, NoSuchFeature, Setting
from hansa.modules.rollout.people import Entry
from hansa.modules.rollout.service import Rollout
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Roll-out"]
HOME = "/api/v1/rollout"
Market = Annotated[str | None, QueryParameter(max_length=32)]
_AUDIENCES = "rollout.audiences"


@get(HOME + "/features", tags=TAGS, summary="List features")
async def list_features(request: Request) -> FeatureList:
    """Give every feature the code declares; there are few, so all at once."""
    authorise(request, "rollout.view")
    async with request.snapshot(single=True) as snap:
        settings = await queries.list_settings(snap)
    return FeatureList(
        [
            _view(request, settings.get(one.code, Setting(code=one.code)))
            for one in request.visit.wiring.features
        ]
    )


@get(HOME + "/features/{code:str}", tags=TAGS, summary="Show a feature")
async def show_feature(request: Request, code: FromPath[str]) -> FeatureView:
    """Give a feature and for whom it is on."""
    authorise(request, "rollout.view")
    async with request.snapshot(single=True) as snap:
        return _view(request, await queries.get_setting(snap, feature=code))


@put(HOME + "/features/{code:str}", tags=TAGS, summary="Say for whom a feature is on")
async def save_feature(
    request: Request, code: FromPath[str], data: JSONBody[RulesBody]
) -> Response[FeatureView]:
    """Replace the rules of a feature; holds everywhere within two seconds."""
    actor = authorise(request, "rollout.edit")

    async def save(tx: Transaction) -> FeatureView:
        setting = await operations.save_rules(
            tx,
            feature=code,
            rules=data.rules(),
            version=data.version,
            known=_codes(request),
            by=actor,
            now=request.received_at,
        )
        return _view(request, setting)

    answer = await request.once(save)
    await request.context.service(Rollout).refresh()
    return answer


@put(HOME + "/features/{code:str}/kill-switch", tags=TAGS, summary="Take a feature from everybody")
async def set_killed(
    request: Request, code: FromPath[str], data: JSONBody[KillBody]
) -> Response[FeatureView]:
    """Take it from everybody, or give it back to those its rules choose; the rules stay."""
    actor = authorise(request, "rollout.edit")

    async def save(tx: Transaction) -> FeatureView:
        setting = await operations.set_killed(
            tx,
            feature=code,
            is_killed=data.is_killed,
            known=_codes(request),
            by=actor,
            now=request.received_at,
        )
        return _view(request, setting)

    answer = await request.once(save)
    await request.context.service(Rollout).refresh()
    return answer


@get(HOME + "/features/{code:str}/answer", tags=TAGS, summary="Is it on for this person?")
async def explain(
    request: Request,
    code: FromPath[str],
    subject_id: Annotated[UUID | None, QueryParameter()] = None,
    market: Market = None,
) -> AnswerView:
    """Say whether a feature is on for a party or member, and which rule says so."""
    authorise(request, "rollout.view")
    _view(request, Setting(code=code))
    service = request.context.service(Rollout)
    return AnswerView.of(service.explain(code, subject_id, market=market), subject_id)


@get(HOME + "/features/{code:str}/versions", tags=TAGS, summary="List a feature's history")
async def list_versions(
    request: Request, code: FromPath[str], after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[VersionView]:
    """Give how the rules once were, the latest first."""
    authorise(request, "rollout.view")
    of = f"rollout.versions.{code}"
    cursor = request.read_cursor(after, of=of, types=(int,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_versions(
            snap, feature=code, before=cursor[0] if cursor else None, limit=limit + 1
        )
    shown, following = request.page_of(found, limit=limit, of=of, key=lambda one: [one.version])
    return ListPage([VersionView.of(one) for one in shown], following)


@post(
    HOME + "/features/{code:str}/versions/{version:int}/restoration",
    tags=TAGS,
    summary="Put earlier rules back",
)
async def restore(
    request: Request, code: FromPath[str], version: FromPath[int]
) -> Response[FeatureView]:
    """Put the rules back as they were at a version; that is a new version itself."""
    actor = authorise(request, "rollout.edit")

    async def put_back(tx: Transaction) -> FeatureView:
        setting = await operations.restore_version(
            tx,
            feature=code,
            version=version,
            known=_codes(request),
            by=actor,
            now=request.received_at,
        )
        return _view(request, setting)

    answer = await request.once(put_back)
    await request.context.service(Rollout).refresh()
    return answer


@get(HOME + "/audiences", tags=TAGS, summary="List audiences")
async def list_audiences(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[AudienceView]:
    """Give audiences by code."""
    authorise(request, "rollout.view")
    cursor = request.read_cursor(after, of=_AUDIENCES, types=(str,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_audiences(
            snap, after=cursor[0] if cursor else None, limit=limit + 1
        )
    shown, following = request.page_of(
        found, limit=limit, of=_AUDIENCES, key=lambda one: [one.code]
    )
    return ListPage([AudienceView.of(one) for one in shown], following)


@post(HOME + "/audiences", tags=TAGS, summary="Make an audience")
async def add_audience(request: Request, data: JSONBody[AudienceBody]) -> Response[AudienceView]:
    """Make an audience without anybody in it."""
    return await _save(request, AudienceId(new_id(request.received_at)), data)


@put(HOME + "/audiences/{audience_id:uuid}", tags=TAGS, summary="Rename an audience")
async def rename_audience(
    request: Request, audience_id: FromPath[UUID], data: JSONBody[AudienceBody]
) -> Response[AudienceView]:
    """Change what an audience is called."""
    authorise(request, "rollout.edit")
    async with request.snapshot(single=True) as snap:
        held = await queries.get_audience(snap, audience_id=audience_id)
    return await _save(request, held.id, data)


@get(HOME + "/audiences/{audience_id:uuid}", tags=TAGS, summary="Show an audience")
async def show_audience(request: Request, audience_id: FromPath[UUID]) -> AudienceView:
    """Give an audience."""
    authorise(request, "rollout.view")
    async with request.snapshot(single=True) as snap:
        return AudienceView.of(await queries.get_audience(snap, audience_id=audience_id))


@delete(HOME + "/audiences/{audience_id:uuid}", tags=TAGS, summary="Forget an audience")
async def remove_audience(request: Request, audience_id: FromPath[UUID]) -> None:
    """Forget an audience no feature asks for."""
    actor = authorise(request, "rollout.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await audiences.remove_audience(
            tx, audience_id=audience_id, by=actor, now=request.received_at
        )


@get(HOME + "/audiences/{audience_id:uuid}/members", tags=TAGS, summary="List who is in it")
async def list_members(
    request: Request,
    audience_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[MemberView]:
    """Give the numbers of those in an audience."""
    authorise(request, "rollout.view")
    of = f"rollout.members.{audience_id}"
    cursor = request.read_cursor(after, of=of, types=(UUID,))
    async with request.snapshot() as snap:
        await queries.get_audience(snap, audience_id=audience_id)
        found = await queries.list_members(
            snap, audience_id=audience_id, after=cursor[0] if cursor else None, limit=limit + 1
        )
    shown, following = request.page_of(found, limit=limit, of=of, key=lambda one: [one[0]])
    return ListPage([MemberView(*one) for one in shown], following)


@post(
    HOME + "/audiences/{audience_id:uuid}/members",
    tags=TAGS,
    summary="Put people in",
    status_code=200,
)
async def add_members(
    request: Request, audience_id: FromPath[UUID], data: JSONBody[PeopleBody]
) -> Response[AddedView]:
    """Put people in by number, e-mail or telephone; who cannot be found is told and left out."""
    actor = authorise(request, "rollout.edit")
    entries = [Entry(number, text) for number, text in enumerate(data.people, start=1)]

    async def add(tx: Transaction) -> AddedView:
        return AddedView.of(
            await audiences.add_people(
                tx, audience_id=audience_id, entries=entries, by=actor, now=request.received_at
            )
        )

    answer = await request.once(add)
    await request.context.service(Rollout).refresh()
    return answer


@delete(
    HOME + "/audiences/{audience_id:uuid}/members/{subject_id:uuid}",
    tags=TAGS,
    summary="Take somebody out",
)
async def take_member(
    request: Request, audience_id: FromPath[UUID], subject_id: FromPath[UUID]
) -> None:
    """Take somebody out of an audience; if they are not in it, nothing changes."""
    actor = authorise(request, "rollout.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await audiences.take_people(
            tx,
            audience_id=audience_id,
            subject_ids=[subject_id],
            by=actor,
            now=request.received_at,
        )
    await request.context.service(Rollout).refresh()


async def _save(
    request: Request, audience_id: AudienceId, data: AudienceBody
) -> Response[AudienceView]:
    actor = authorise(request, "rollout.edit")
    audience = Audience(
        id=audience_id,
        code=data.code,
        name=data.name,
        note=data.note,
        changed_at=request.received_at,
    )

    async def save(tx: Transaction) -> AudienceView:
        return AudienceView.of(
            await audiences.save_audience(tx, audience=audience, by=actor, now=request.received_at)
        )

    return await request.once(save)


def _codes(request: Request) -> list[str]:
    return [one.code for one in request.visit.wiring.features]


def _view(request: Request, setting: Setting) -> FeatureView:
    """Put a feature into words of the request's language.

    Raises:
        NoSuchFeature: no module declares it.
    """
    wiring = request.visit.wiring
    feature = next((one for one in wiring.features if one.code == setting.code), None)
    if feature is None:
        raise NoSuchFeature(setting.code)
    return FeatureView.of(
        setting,
        title=wiring.translator.sentence(request.language, feature.title),
        about=wiring.translator.sentence(request.language, feature.about),
    )


ROUTES = (
    list_features,
    show_feature,
    save_feature,
    set_killed,
    explain,
    list_versions,
    restore,
    list_audiences,
    add_audience,
    rename_audience,
    show_audience,
    remove_audience,
    list_members,
    add_members,
    take_member,
)
