"""Addresses of pictures in the sizes they are shown in."""

from hansa.modules import catalog

PLACEHOLDER = "/static/icons/placeholder.svg"


def picture(key: str | None, width: int = 320) -> str:
    """Give the address of a picture at one of the catalogue's widths, else the placeholder."""
    return f"/{catalog.sized(key, width)}" if key else PLACEHOLDER


def srcset(key: str | None) -> str:
    """Give the widths a browser may choose from; nothing for the placeholder, which fits any."""
    if not key:
        return ""
    return ", ".join(f"{picture(key, width)} {width}w" for width in reversed(catalog.WIDTHS))
