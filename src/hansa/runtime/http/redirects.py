"""Where to go next: our own pages, or the page of a payment service."""

from html import escape
from typing import Any

from litestar import MediaType, Response

from hansa.runtime.http.request import Request


def local_path(wanted: str | None, *, default: str) -> str:
    r"""Give the wanted path if it is a path on this site, else the default.

    `//host`, `/\host`, addresses with a scheme and control characters are not.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return default
    if "\\" in wanted or " " in wanted or not wanted.isprintable():
        return default
    return wanted


def go_to(request: Request, path: str) -> Response[Any]:
    """Send the browser to another page after a form: 303, or `HX-Redirect` for htmx.

    To another site it goes by way of a page of our own: browsers take a redirection after a form
    for sending the form there, which the page's policy forbids.
    """
    if request.is_htmx:
        return Response(None, status_code=204, headers={"HX-Redirect": path})
    if path.startswith(("http://", "https://")):
        return _leave(request, path)
    return Response(None, status_code=303, headers={"Location": path})


def _leave(request: Request, address: str) -> Response[str]:
    words = request.visit.wiring.translator.sentence(request.language, "Go on")
    page = (
        f'<!doctype html><html lang="{request.language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,"><title>{escape(words)}</title>'
        f'<main><p><a href="{escape(address)}">{escape(words)}</a></p></main></html>'
    )
    headers = {"Refresh": f"0; url={address}", "Cache-Control": "no-store"}
    return Response(page, status_code=200, media_type=MediaType.HTML, headers=headers)
