"""Files people may see: pictures of goods, straight from the storage."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from hansa.runtime.http.gate import PUBLIC
from hansa.runtime.http.request import Request
from hansa.runtime.storage import LocalStorage, check_name

PUBLIC_FOLDER = "media"
SMALL_BYTES = 512 * 1024
FOR_EVER = "public, max-age=31536000, immutable"


@get("/media/{name:path}", opt={PUBLIC: "pictures of goods"}, include_in_schema=False)
async def media(request: Request, name: FromPath[str]) -> Response[bytes] | Stream | Redirect:
    """Send a file whose name holds its digest, so that it never changes.

    Only names below `media/` in the storage are served; documents and exchange files are elsewhere.
    """
    storage = request.context.storage
    wanted = check_name(f"{PUBLIC_FOLDER}/{name.lstrip('/')}")
    if not isinstance(storage, LocalStorage):
        return Redirect(await storage.url(wanted), status_code=302)
    facts = await storage.facts(wanted)
    headers = {"Cache-Control": FOR_EVER, "Content-Security-Policy": "default-src 'none'"}
    if facts.size <= SMALL_BYTES:
        return Response(await storage.get(wanted), media_type=facts.content_type, headers=headers)
    return Stream(storage.stream(wanted), media_type=facts.content_type, headers=headers)
