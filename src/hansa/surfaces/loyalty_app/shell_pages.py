"""A native shell hands its sign-in over to the web view; see docs/how-to/native-shell.md."""

from typing import Any

from litestar import Response, get, post

from hansa.modules import loyalty
from hansa.runtime.http import NO_CSRF, Request, local_path
from hansa.surfaces.loyalty_app import access
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.forms import read_texts
from hansa.surfaces.loyalty_app.frame import root_of

OWN = frozenset({"none", "same-origin"})
LINKS = {
    "home": "",
    "card": "/card",
    "history": "/history",
    "percent": "/percent",
    "offers": "/offers",
    "offer": "/offers/{id}",
    "rewards": "/rewards",
    "reward": "/rewards/{id}",
    "orders": "/orders",
    "order": "/orders/{id}",
    "settings": "/settings",
}
"""Deep links: `hansa-loyalty://offer/ID` opens `/ru/loyalty/offers/ID`."""


@post(
    in_each_language("/shell/session"),
    opt={NO_CSRF: "the token is the proof, good once; pages of other sites are refused"},
)
async def take_over(request: Request) -> Response[Any]:
    """Begin a session with the token of the shell, and go on to the page it wants.

    Raises:
        HandoverWrong: the token was used, is older than a minute, or another site sent it.
    """
    if not _is_own(request):
        raise loyalty.sessions.HandoverWrong
    form = await read_texts(request)
    async with request.transaction() as tx:
        started = await loyalty.sessions.take_over(
            tx,
            token=form.text("token"),
            agent=access.agent_of(request),
            now=request.received_at,
        )
    access.keep_member(request, started)
    access.set_shell(request)
    root = root_of(request)
    wanted = local_path(form.text("next"), default=root)
    where = wanted if wanted == root or wanted.startswith((f"{root}/", f"{root}?")) else root
    return Response(None, status_code=303, headers={"Location": where})


@get(in_each_language("/links.json"))
async def links(request: Request) -> Response[dict[str, Any]]:
    """Give the table of deep links, so that a shell need not be released anew for a page."""
    root = root_of(request)
    table = {name: root + path for name, path in LINKS.items()}
    return Response(
        {"scheme": "hansa-loyalty", "links": table},
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=300"},
    )


def _is_own(request: Request) -> bool:
    """Tell whether the form comes from a shell or from our own page.

    A browser says where a form comes from: nobody can sign a visitor of another site in as
    somebody else. A web view that a shell sends somewhere says `none`; old ones say nothing and
    have no origin.
    """
    headers = request.visit.headers
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site.decode("latin-1") in OWN
    return headers.get(b"origin") in {None, b"null"}
