"""What makes an app of the pages: manifest, service worker, push, data to take along."""

from typing import Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from hansa.modules import loyalty, notifications
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.runtime.http.bodies import answer
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.frame import (
    app_page,
    assets_of,
    name_of,
    root_of,
    version_of,
)

HISTORY_MAX = 5_000


class SubscriptionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A browser's subscription to messages, as it gives it itself."""

    endpoint: str
    key_public: str
    key_auth: str
    time_zone: str = ""


class TokenBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """By what a native shell can be reached; `push-token` of the bridge."""

    channel: Literal["fcm", "edna"]
    address: str
    app_version: str = ""
    time_zone: str = ""


class EndpointBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which subscription has ended."""

    endpoint: str


@get(in_each_language("/manifest.webmanifest"))
async def manifest(request: Request) -> Response[dict[str, Any]]:
    """Describe the app so that it can be installed."""
    root, name = root_of(request), name_of(request, None)
    assets = assets_of(request)
    return Response(
        {
            "id": f"{root}?app",
            "name": name,
            "short_name": name,
            "lang": request.language,
            "start_url": f"{root}?source=app",
            "scope": root,
            "display": "standalone",
            "orientation": "portrait-primary",
            "background_color": "#faf8f5",
            "theme_color": "#faf8f5",
            "categories": ["shopping", "lifestyle"],
            "icons": [
                _icon(assets["icons/loyalty-192.png"], 192, "any"),
                _icon(assets["icons/loyalty-512.png"], 512, "any"),
                _icon(assets["icons/loyalty-mask-512.png"], 512, "maskable"),
            ],
            "shortcuts": [{"name": _card_word(request), "url": f"{root}/card"}],
        },
        media_type="application/manifest+json",
        headers={"Cache-Control": "public, max-age=3600"},
    )


@get(in_each_language("/worker.js"))
async def worker(request: Request) -> Response[str]:
    """Give the service worker of this language; it is another one when the shell is another."""
    root, assets = root_of(request), assets_of(request)
    setup = {
        "version": version_of(assets),
        "root": root,
        "offline": f"{root}/offline",
        "assets": [address for name, address in assets.items() if not name.endswith(".png")],
        "icon": assets["icons/loyalty-192.png"],
        "name": name_of(request, None),
    }
    visit = request.visit
    code = visit.wiring.renderer.page(visit, "loyalty_app/worker.txt", {})
    text = f"const SETUP = {msgspec.json.encode(setup).decode()};\n{code}"
    return Response(
        text,
        media_type="text/javascript; charset=utf-8",
        headers={"Service-Worker-Allowed": root, "Cache-Control": "no-cache"},
    )


@get(in_each_language("/offline"))
async def offline(request: Request) -> Page:
    """Give the page of the worker for whatever it has not kept."""
    return app_page(request, "offline.html")


@get(in_each_language("/push/key"))
async def push_key(request: Request) -> Response[dict[str, str]]:
    """Give what a browser needs to subscribe."""
    await enter(request)
    key = await request.context.service(notifications.Channels).webpush.public_key()
    return Response({"key": key}, media_type="application/json")


@post(in_each_language("/push/subscription"), status_code=204)
async def subscribe(request: Request, data: JSONBody[SubscriptionBody]) -> None:
    """Keep a browser's subscription."""
    visitor = await enter(request)
    device = notifications.NewDevice(
        channel=notifications.ChannelName.WEBPUSH,
        address=data.endpoint,
        key_public=data.key_public,
        key_auth=data.key_auth,
        installation=str(visitor.session.id),
        app_version=version_of(assets_of(request)),
        language=request.language,
        time_zone=data.time_zone,
    )
    await _register(request, visitor, device)


@post(in_each_language("/push/token"), status_code=204)
async def keep_token(request: Request, data: JSONBody[TokenBody]) -> None:
    """Keep by what the shell around the page can be reached."""
    visitor = await enter(request)
    device = notifications.NewDevice(
        channel=notifications.ChannelName(data.channel),
        address=data.address,
        installation=str(visitor.session.parent_id or visitor.session.id),
        app_version=data.app_version,
        language=request.language,
        time_zone=data.time_zone,
    )
    await _register(request, visitor, device)


async def _register(request: Request, visitor: Visitor, device: notifications.NewDevice) -> None:
    party_id = visitor.member.party_id
    if party_id is None:
        raise notifications.NotAMember
    async with request.transaction() as tx:
        await notifications.register_device(
            tx,
            member_id=visitor.member.id,
            party_id=party_id,
            device=device,
            practice_origin=request.context.settings.webpush_practice_url,
            now=request.received_at,
        )


@post(in_each_language("/push/end"), status_code=204)
async def unsubscribe(request: Request, data: JSONBody[EndpointBody]) -> None:
    """Forget a browser's subscription."""
    visitor = await enter(request)
    async with request.transaction() as tx:
        known = await notifications.list_devices(tx, member_ids=[visitor.member.id])
        for device in known.get(visitor.member.id, ()):
            if device.address == data.endpoint:
                await notifications.remove_device(
                    tx, member_id=visitor.member.id, device_id=device.id
                )


@get(in_each_language("/my-data.json"))
async def my_data(request: Request) -> Response[Any]:
    """Give everything that is kept of the member, as a file."""
    visitor = await enter(request)
    member_id = visitor.member.id
    async with request.snapshot() as snap:
        consents = await loyalty.members.list_consents(snap, member_id=member_id)
        links = await loyalty.members.list_links(snap, member_id=member_id)
        cards = await loyalty.members.list_cards(snap, member_id=member_id)
        history = await loyalty.points.read_history(
            snap, membership=visitor.membership, before=None, limit=HISTORY_MAX
        )
        lots = await loyalty.points.list_lots(snap, membership=visitor.membership)
        orders = await loyalty.rewards.list_orders(
            snap, programme_id=visitor.programme.id, member_id=member_id, limit=HISTORY_MAX
        )
    file = answer(
        {
            "member": {
                "id": member_id,
                "joined_at": visitor.member.joined_at,
                "language": visitor.member.language,
                "time_zone": visitor.member.time_zone,
            },
            "programme": visitor.programme.code,
            "consents": consents,
            "links": links,
            "cards": cards,
            "history": history,
            "lots": lots,
            "orders": orders,
        },
        status=200,
    )
    file.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return file


def _icon(address: str, size: int, purpose: str) -> dict[str, str]:
    return {
        "src": address,
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }


def _card_word(request: Request) -> str:
    return request.visit.wiring.translator.sentence(request.language, "My card")
