"""The composition root: makes a process's context and the web application out of the settings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import litestar
from litestar import Litestar
from litestar.types import BeforeRequestHookHandler, ControllerRouterHandler

import hansa
from hansa.assembly.modules import all_modules, features_of, permissions_of, services_of
from hansa.modules import accounts, markets
from hansa.modules.accounts.authenticator import AccountsAuthenticator
from hansa.runtime.clock import Clock, SystemClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.html import Pages, PageSettings, read_catalogue
from hansa.runtime.html.stylesheets import bundle
from hansa.runtime.http.documentation import documentation_routes, openapi_config
from hansa.runtime.http.edge import Edge
from hansa.runtime.http.gate import gate
from hansa.runtime.http.health import HEALTH_ROUTES
from hansa.runtime.http.identity import Nobody
from hansa.runtime.http.limits import Buckets, ClientBuckets
from hansa.runtime.http.media import media
from hansa.runtime.http.openapi import DecimalSchemas
from hansa.runtime.http.problems import HANDLERS
from hansa.runtime.http.request import Request
from hansa.runtime.http.static import StaticFiles
from hansa.runtime.http.visit import Wiring
from hansa.runtime.module import Module
from hansa.runtime.outbound import Outbound, Patience
from hansa.runtime.settings import Settings
from hansa.runtime.storage import LocalStorage, S3Storage, Storage

PACKAGE = Path(hansa.__file__).parent
STATIC = PACKAGE / "runtime" / "html" / "static"


def build_context(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    storage: Storage | None = None,
) -> Context:
    """Make the context of a process; `settings.database_url` and `secret_key` must be filled in."""
    if database is None:
        assert settings.database_url is not None, "the caller starts the embedded server"
        database = Database(
            settings.database_url,
            connections_max=settings.database_pool_size,
            wait_seconds=settings.database_wait_seconds,
            statement_timeout_milliseconds=round(
                settings.database_statement_timeout_seconds * 1000
            ),
        )
    return Context(
        settings=settings,
        database=database,
        storage=storage or open_storage(settings),
        outbound=Outbound(
            patience=Patience(
                connect_seconds=settings.outbound_connect_timeout_seconds,
                read_seconds=settings.outbound_timeout_seconds,
                attempts=settings.outbound_attempts_max,
            )
        ),
        clock=clock or SystemClock(),
    )


def open_storage(settings: Settings) -> Storage:
    """Make the file store the settings name. A local one gives addresses such as `/media/...`."""
    scheme, _, rest = settings.files_url.partition("://")
    if scheme != "s3":
        return LocalStorage(Path(settings.files_url.removeprefix("file://")), base_url="")
    bucket, _, prefix = rest.partition("/")
    return S3Storage(
        bucket,
        prefix=prefix,
        endpoint=settings.storage_s3_endpoint,
        region=settings.storage_s3_region,
        access_key=settings.storage_s3_access_key.reveal(),
        secret_key=settings.storage_s3_secret_key.reveal(),
    )


def create_app(context: Context, modules: Sequence[Module] | None = None) -> Edge:
    """Make the web application: an ASGI callable whose lifespan opens and closes the context.

    Tests may pass fewer modules. The Litestar application is its attribute `litestar`; it knows no
    context, so that applications of one process with the same routes share it.
    """
    parts = list(all_modules() if modules is None else modules)
    settings = context.settings
    files = _static_files(settings.environment == "development")
    wiring = _wiring(context, parts, files)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await context.open(services_of(parts))
        try:
            _wire_services(wiring, context, parts)
            await prepare_roles(context, parts)
            yield
        finally:
            wiring.is_draining = True
            await context.close()

    return Edge(
        _routed(
            tuple(route for part in parts for route in part.routes),
            files,
            settings.http_body_limit_bytes,
            settings.public_url,
        ),
        wiring,
        lifespan=lifespan,
        files=files,
        buckets=Buckets(per_minute=settings.rate_limit_requests_per_minute),
        trusted_proxies=settings.trusted_proxies,
    )


@lru_cache
def _routed(
    routes: tuple[ControllerRouterHandler, ...],
    files: StaticFiles,
    body_bytes_max: int,
    public_url: str,
) -> Litestar:
    """Put routes together: a second of work, therefore done once for what is the same."""
    return Litestar(
        route_handlers=[*HEALTH_ROUTES, *documentation_routes(files), media, *routes],
        request_class=cast("type[litestar.Request[Any, Any, Any]]", Request),
        before_request=cast("BeforeRequestHookHandler", gate),
        exception_handlers=HANDLERS,
        request_max_body_size=body_bytes_max,
        openapi_config=openapi_config(public_url),
        plugins=[DecimalSchemas()],
        logging_config=None,
        debug=False,
    )


@lru_cache
def _static_files(is_watched: bool) -> StaticFiles:  # noqa: FBT001 - a key of the cache
    return StaticFiles([STATIC], bundle=bundle, watch=is_watched)


async def prepare_roles(context: Context, parts: Sequence[Module]) -> None:
    """Bring the built-in roles up to the permissions of the modules that are there.

    A part that is apart follows those of the main database.
    """
    if context.settings.is_apart or not any(part.name == "accounts" for part in parts):
        return
    codes = [permission.code for permission in permissions_of(parts)]
    async with context.database.transaction() as tx:
        await accounts.ensure_built_in_roles(tx, known_permissions=codes, now=context.clock.now())


def _wiring(context: Context, parts: Sequence[Module], files: StaticFiles) -> Wiring:
    settings = context.settings
    catalogue = read_catalogue(PACKAGE, settings.languages)
    pages = Pages(
        PageSettings(
            template_folders=sorted(
                folder for folder in PACKAGE.rglob("templates") if folder.is_dir()
            ),
            languages=settings.languages,
            files=files,
            catalogue=catalogue,
            reload=settings.environment == "development",
            extra_globals={"environment": settings.environment, "public_url": settings.public_url},
        )
    )
    return Wiring(
        context=context,
        authenticator=Nobody(),
        translator=catalogue,
        renderer=pages,
        languages=tuple(settings.languages),
        secret=settings.secret_key.reveal().encode(),
        is_production=settings.environment == "production",
        permissions=permissions_of(parts),
        features=features_of(parts),
        client_buckets=ClientBuckets(per_minute=settings.rate_limit_client_requests_per_minute),
    )


def _wire_services(wiring: Wiring, context: Context, parts: Sequence[Module]) -> None:
    """Give the web layer, which knows no module, what two of them do for it.

    A test may leave either out: then nobody is known, or every market code is taken as it is.
    """
    started = services_of(parts)
    if AccountsAuthenticator in started:
        wiring.authenticator = context.service(AccountsAuthenticator)
    if markets.MarketDirectory in started:
        wiring.markets = context.service(markets.MarketDirectory)
