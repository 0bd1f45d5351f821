"""All components in all states, for whoever builds pages."""

from litestar import get

from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.shell import staff


@get("/_design")
async def show(request: Request) -> Page:
    """Show every component."""
    staff(request)
    return Page("design.html")
