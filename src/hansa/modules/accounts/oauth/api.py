"""The token endpoint of OAuth 2 and its description (RFC 8414)."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_401_UNAUTHORIZED

from hansa.modules.accounts.oauth import granting
from hansa.modules.accounts.oauth.public_keys import ALGORITHMS
from hansa.modules.accounts.oauth.tokens import tokens_of
from hansa.runtime.http.gate import NO_ACTOR, NO_CSRF, NO_KEY, PUBLIC
from hansa.runtime.http.request import Request

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
UNSTORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenView(msgspec.Struct):
    """RFC 6749 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class RefusalView(msgspec.Struct):
    """RFC 6749 5.2."""

    error: str
    error_description: str


class MetadataView(msgspec.Struct):
    """RFC 8414 2."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    service_documentation: str


@post(
    TOKEN_PATH,
    status_code=HTTP_200_OK,
    include_in_schema=False,
    opt={
        PUBLIC: "the client proves itself here",
        NO_ACTOR: "the header holds the client's secret, not a token",
        NO_CSRF: "a program asks, with its own proof",
        NO_KEY: "each call gives a new token",
    },
)
async def give_token(request: Request) -> Response[Any]:
    """Give a token for client credentials, by secret or by signed assertion (RFC 6749, RFC 7523).

    The form holds `grant_type=client_credentials`, `scope` if not all are wanted, and the proof.
    """
    headers = request.visit.headers
    issuer = request.context.settings.public_url
    try:
        asked = granting.read_request(
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            body=await request.body(),
            authorization=headers.get(b"authorization"),
        )
        grant = await granting.grant(
            request.context.database,
            asked,
            audiences=(issuer, issuer + TOKEN_PATH),
            address=request.client_address,
            now=request.received_at,
        )
    except granting.TokenRefused as refusal:
        return _refused(request, refusal)
    view = TokenView(
        access_token=tokens_of(request.visit.wiring.secret).write(grant),
        token_type="Bearer",  # noqa: S106 - its kind
        expires_in=grant.expires_at - int(request.received_at.timestamp()),
        scope=" ".join(grant.scopes),
    )
    return Response(view, status_code=HTTP_200_OK, headers=UNSTORED)


def _refused(request: Request, refusal: granting.TokenRefused) -> Response[Any]:
    request.visit.error_code = f"oauth.{refusal.error}"
    view = RefusalView(refusal.error, refusal.reason)
    if refusal.error != "invalid_client":
        return Response(view, status_code=HTTP_400_BAD_REQUEST, headers=UNSTORED)
    headers = {**UNSTORED, "WWW-Authenticate": 'Basic realm="Hansa"'}
    return Response(view, status_code=HTTP_401_UNAUTHORIZED, headers=headers)


@get(
    "/.well-known/oauth-authorization-server",
    opt={PUBLIC: "tells programs where to ask", NO_ACTOR: "the same for everybody"},
    include_in_schema=False,
)
async def show_metadata(request: Request) -> MetadataView:
    """Describe the authorization server."""
    issuer = request.context.settings.public_url
    return MetadataView(
        issuer=issuer,
        token_endpoint=issuer + TOKEN_PATH,
        token_endpoint_auth_methods_supported=list(METHODS),
        token_endpoint_auth_signing_alg_values_supported=list(ALGORITHMS),
        grant_types_supported=[granting.GRANT_TYPE],
        response_types_supported=[],
        scopes_supported=request.visit.wiring.permission_codes,
        service_documentation=f"{issuer}/api/docs",
    )


ROUTES = [give_token, show_metadata]
