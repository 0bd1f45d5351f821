"""OpenAPI 3.1 of the JSON API, with closed schemas, and the page to browse it."""

import json
from typing import Any

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, SecurityScheme, Server

import hansa
from hansa.runtime.http.gate import PUBLIC
from hansa.runtime.http.openapi import described
from hansa.runtime.http.request import Request
from hansa.runtime.http.static import StaticFiles

SCALAR = "vendor/scalar.js"
# Scalar writes styles of its own into the page; nothing else may be inline, nobody else asked.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "script-src 'self'; connect-src 'self'; font-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SETTINGS = {
    "withDefaultFonts": False,
    "telemetry": False,
    "proxyUrl": "",
    "agent": {"disabled": True},
    "hideClientButton": True,
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>API of Hansa</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<script id="api-reference" data-url="/api/openapi.json" data-configuration='{settings}'></script>
<script src="{script}"></script></body></html>
"""


def _plain(value: Any) -> Any:
    """Write a default value that JSON does not know by itself."""
    return msgspec.to_builtins(value, builtin_types=())


def openapi_config(public_url: str) -> OpenAPIConfig:
    """Describe the API; Litestar's own documentation pages (from a CDN) are off."""
    return OpenAPIConfig(
        title="Hansa",
        version=hansa.__version__,
        description=(
            "Unsafe calls need an `Idempotency-Key`. Failures are RFC 9457 problem documents with "
            "a stable `code`. Lists are paged by `after` and `limit`."
        ),
        servers=[Server(url=public_url)],
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="http", scheme="bearer", description="An API key: `hk_...`"
                ),
                "partner": SecurityScheme(
                    type="oauth2",
                    description="A token of a partner's program: `hat_...`",
                    flows=OAuthFlows(
                        client_credentials=OAuthFlow(
                            token_url=f"{public_url}/oauth/token", scopes={}
                        )
                    ),
                ),
                "session": SecurityScheme(
                    type="apiKey", name="hansa_session", security_scheme_in="cookie"
                ),
            }
        ),
        security=[{"key": []}, {"partner": []}, {"session": []}, {}],
        render_plugins=[],
        path="/api/schema",
    )


def documentation_routes(files: StaticFiles) -> list[HTTPRouteHandler]:
    """Make `/api/openapi.json` and `/api/docs`."""
    kept: dict[int, bytes] = {}

    @get("/api/openapi.json", opt={PUBLIC: "the API is no secret"}, include_in_schema=False)
    async def openapi(request: Request) -> Response[bytes]:
        """Give the description of the API."""
        app = request.app
        if id(app) not in kept:
            kept[id(app)] = json.dumps(described(app), ensure_ascii=False, default=_plain).encode()
        return Response(kept[id(app)], media_type="application/json")

    @get("/api/docs", opt={PUBLIC: "the API is no secret"}, include_in_schema=False)
    async def docs() -> Response[str]:
        """Show the description of the API."""
        settings: Any = json.dumps(SETTINGS)
        page = PAGE.format(settings=settings, script=files.url(SCALAR))
        return Response(
            page, media_type=MediaType.HTML, headers={"Content-Security-Policy": POLICY}
        )

    return [openapi, docs]
