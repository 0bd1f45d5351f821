"""What does not sell by itself: the shops, delivery and payment, and what robots read."""

from litestar import MediaType, Response, get

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import catalog, checkout, stock
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import PUBLIC, Request, shopper_or_guest
from hansa.surfaces.storefront.addresses import LANGUAGES, in_each_language
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.shell import BRAND, market_of, page

_SITEMAP_ADDRESSES_MAX = 40_000
_ROBOTS = """User-agent: *
Disallow: /office
Disallow: /api
Disallow: /ru/basket
Disallow: /en/basket
Disallow: /ru/checkout
Disallow: /en/checkout
Disallow: /ru/account
Disallow: /en/account
Sitemap: {public_url}/sitemap.xml
"""


@get(in_each_language("/shops"))
async def shops(request: Request) -> Page:
    """List the market's shops with address and hours."""
    shopper_or_guest(request)
    async with request.snapshot(single=True) as snap:
        found = await stock.list_warehouses(snap)
    here = [
        {
            "name": pick(one.name, request.language),
            "address": one.address,
            "hours": one.hours,
            "phone": one.phone,
        }
        for one in found
        if one.kind is stock.WarehouseKind.SHOP and one.is_active and request.market in one.channels
    ]
    return await page(request, "shops.html", is_indexed=True, shops=here)


@get(in_each_language("/delivery"))
async def delivery(request: Request) -> Page:
    """Say what delivery costs in this market and how one pays."""
    shopper_or_guest(request)
    translate = translator(request)
    market = market_of(request)
    offers = await request.context.service(checkout.Offers).of(market.code)
    rows = []
    for method in offers.delivery:
        price = format_money(Money(method.price_minor, market.currency), request.language)
        words = [price if method.price_minor else translate("free")]
        if method.free_from_minor is not None and method.price_minor:
            limit = format_money(Money(method.free_from_minor, market.currency), request.language)
            words.append(translate("free from {amount}").format(amount=limit))
        if hint := pick(method.hint, request.language):
            words.append(hint)
        rows.append((pick(method.name, request.language), ", ".join(words)))
    return await page(request, "delivery.html", is_indexed=True, deliveries=rows)


@get("/robots.txt", media_type=MediaType.TEXT, opt={PUBLIC: "robots must read it"})
async def robots(request: Request) -> str:
    """Say what robots may read."""
    return _ROBOTS.format(public_url=request.context.settings.public_url)


@get("/sitemap.xml", opt={PUBLIC: "robots must read it"})
async def sitemap(request: Request) -> Response[str]:
    """List the addresses of departments and products in every language."""
    public_url = request.context.settings.public_url
    async with request.snapshot() as snap:
        categories = await catalog.list_categories(snap)
        products = await catalog.list_products(
            snap, status=catalog.Status.ACTIVE, limit=_SITEMAP_ADDRESSES_MAX // len(LANGUAGES)
        )
    paths = ["/", *(f"/c/{one.slug}" for one in categories if not one.is_hidden)]
    now = request.received_at
    paths += [f"/p/{one.slug}" for one in products.products if one.is_shown_at(now)]
    rows = [
        f"<url><loc>{public_url}/{language}{path}</loc></url>"
        for path in paths
        for language in LANGUAGES
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return Response(f"{head}\n{''.join(rows)}\n</urlset>\n", media_type="application/xml")


@get("/manifest.webmanifest", opt={PUBLIC: "browsers read it to install the shop"})
async def manifest(request: Request) -> Response[dict[str, object]]:
    """Describe the shop as an application that can be installed."""
    return Response(
        {
            "name": BRAND.get(request.language, BRAND["en"]),
            "short_name": BRAND.get(request.language, BRAND["en"]),
            "start_url": f"/{request.language}/",
            "display": "standalone",
            "background_color": "#faf8f5",
            "theme_color": "#faf8f5",
            "icons": [
                {"src": "/media/brand/icon-192.png", "sizes": "192x192", "type": "image/png"},
                {"src": "/media/brand/icon-512.png", "sizes": "512x512", "type": "image/png"},
            ],
        },
        media_type="application/manifest+json",
    )


@get("/", opt={PUBLIC: "leads to the shop in the visitor's language"})
async def entrance(request: Request) -> Response[None]:
    """Lead to the shop in the visitor's language."""
    return Response(None, status_code=302, headers={"Location": f"/{request.language}/"})
