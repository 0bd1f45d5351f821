"""What practice programs share when they stand beside a shop: what they know outlives them."""

import asyncio
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

T = TypeVar("T")
WITHIN_SECONDS = 120
PAUSE_SECONDS = 0.5


def read(path: Path | None, form: type[T]) -> T | None:
    """Give what was kept; None at the first start."""
    if path is None or not path.is_file():
        return None
    return msgspec.json.decode(path.read_bytes(), type=form)


def write(path: Path | None, known: object) -> None:
    """Keep what is known; a kill leaves the former."""
    if path is None:
        return
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(known))
    draft.replace(path)


async def until_answers(url: str) -> None:
    """Wait until whoever is at an address is ready.

    Raises:
        TimeoutError: two minutes were not enough.
    """
    parts = urlsplit(url)
    async with asyncio.timeout(WITHIN_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                answer = await client.get(f"{parts.scheme}://{parts.netloc}/health/ready")
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.is_success:
                return
            await asyncio.sleep(PAUSE_SECONDS)
