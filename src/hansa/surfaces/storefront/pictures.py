"""Addresses of pictures in the sizes they are shown in."""

WIDTHS = (200, 400, 800)


def picture(key: str | None, width: int = 400) -> str:
    """Give the address of a picture at a width; the placeholder if there is none."""
    if not key:
        return f"/media/placeholder-{width}.webp"
    return f"/{_at(key, width)}"


def srcset(key: str | None) -> str:
    """Give the widths a browser may choose from."""
    return ", ".join(f"{picture(key, width)} {width}w" for width in WIDTHS)


def _at(key: str, width: int) -> str:
    """A picture `media/x/coat.webp` lies at `media/x/coat-400.webp` and so on."""
    stem, dot, ending = key.rpartition(".")
    return f"{stem}-{width}{dot}{ending}" if dot else key
