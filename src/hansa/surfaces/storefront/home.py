"""The front page."""

from litestar import get

from hansa.kernel.text import pick
from hansa.modules import drops, search
from hansa.runtime.html import Page
from hansa.runtime.http import Request, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.cards import show_cards
from hansa.surfaces.storefront.shell import Menu, page, profile_of

_NEW_ITEMS = 8
_BRAND = "/media/brand"
_TILES = {
    "women": "women",
    "men": "men",
    "shoes": "shoes",
    "accessories": "bags",
}


@get(in_each_language("/"))
async def show(request: Request) -> Page:
    """Show what is new and where to go."""
    shopper_or_guest(request)
    shelf = request.context.service(search.Shelf)
    profile = await profile_of(request)
    language = request.language
    departments = await request.context.service(Menu).departments()
    counts = {
        one.slug: one.count
        for one in await search.list_branches(shelf, profile_id=profile.id, language=language)
    }
    listing = await search.list_items(
        shelf,
        query=search.ListingQuery(
            profile_id=profile.id,
            language=language,
            in_stock=True,
            sort=search.Sort.NEW,
            limit=_NEW_ITEMS,
        ),
    )
    has_artwork = await _has_artwork(request)
    first = departments[0] if departments else None
    drop = await _next_drop(request)
    otherwise = f"/{language}/c/{first.slug}" if first else f"/{language}/search"
    return await page(
        request,
        "home.html",
        tab="home",
        is_indexed=True,
        drop_url=f"/{language}/drops/{drop.code}" if drop else otherwise,
        new_url=otherwise,
        hero=_picture("hero", (700, 1000, 1400)) if has_artwork else None,
        banner=_picture("banner", (400, 800, 1200)) if has_artwork else None,
        tiles=[
            {
                "href": f"/{language}/c/{one.slug}",
                "label": pick(one.name, language),
                "count": counts.get(one.slug, 0),
                **_picture(f"tile-{_TILES[one.slug]}", (320, 640)),
            }
            for one in departments
            if has_artwork and one.slug in _TILES
        ],
        items=show_cards(request, listing.items, listing.currency, level=3),
    )


async def _next_drop(request: Request) -> drops.Drop | None:
    """Give the drop that is open, or opens next."""
    for drop in await request.context.service(drops.Directory).all():
        is_over = drop.phase_at(request.received_at) is drops.Phase.CLOSED
        if drop.is_published and request.market in drop.markets and not is_over:
            return drop
    return None


async def _has_artwork(request: Request) -> bool:
    """Say whether the brand's pictures are in the storage; a bare installation has none."""
    return await request.context.storage.exists("media/brand/hero-1400.webp")


def _picture(name: str, widths: tuple[int, ...]) -> dict[str, str]:
    return {
        "src": f"{_BRAND}/{name}-{widths[-1]}.webp",
        "srcset": ", ".join(f"{_BRAND}/{name}-{width}.webp {width}w" for width in widths),
    }
