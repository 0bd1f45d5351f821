"""Where to go next: only to our own pages."""

from litestar import Response

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


def go_to(request: Request, path: str) -> Response[None]:
    """Send the browser to another page after a form: 303, or `HX-Redirect` for htmx."""
    if request.is_htmx:
        return Response(None, status_code=204, headers={"HX-Redirect": path})
    return Response(None, status_code=303, headers={"Location": path})
