"""Static files under addresses that hold their digest, packed once at start, cached for ever."""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar.types import Receive, Scope, Send

FOR_EVER = b"public, max-age=31536000, immutable"
BRIEFLY = b"public, max-age=300"
DIGEST_CHARACTERS = 10
PACK_BYTES_MIN = 512

_PACKED_KINDS = ("text/", "application/javascript", "application/json", "image/svg+xml")
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".map": "application/json",
}


# Makes one text of a style sheet and its imports: folder, name, address of a file by name.
Bundle = Callable[[Path, str, Callable[[str], str]], str]


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file ready to be sent."""

    url: str
    content: bytes
    packed: bytes | None
    headers: list[tuple[bytes, bytes]]
    packed_headers: list[tuple[bytes, bytes]]
    etag: bytes


class StaticFiles:
    """All static files, in memory: together they are a few megabytes.

    `url("css/hansa.css")` gives `/static/0a1b2c3d4e/css/hansa.css`; relative addresses inside a
    style sheet stay inside `/static/`, where another digest or none is served for minutes only.
    """

    def __init__(
        self, folders: Iterable[Path], *, bundle: Bundle | None = None, watch: bool = False
    ) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._watch = watch
        self._files: dict[str, StaticFile] = {}
        self._seen: dict[str, float] = {}
        self._bundle = bundle
        for folder in self._folders:
            # Style sheets last: they name the addresses of fonts and of one another.
            for path in sorted(folder.rglob("*"), key=lambda path: (path.suffix == ".css", path)):
                if path.is_file():
                    self._load(folder, path)

    def _load(self, folder: Path, path: Path) -> StaticFile:
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        if path.suffix == ".css" and self._bundle is not None:
            content = self._bundle(folder, name, self.url).encode()
        digest = hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS]
        kind = _KINDS.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain"
        packed: bytes | None = None
        if kind.startswith(_PACKED_KINDS) and len(content) >= PACK_BYTES_MIN:
            packed = gzip.compress(content, 9, mtime=0)
            if len(packed) > len(content) * 0.95:
                packed = None
        common = [
            (b"content-type", kind.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"etag", f'"{digest}"'.encode()),
        ]
        file = StaticFile(
            url=f"/static/{digest}/{name}",
            content=content,
            packed=packed,
            headers=[*common, (b"content-length", str(len(content)).encode())],
            packed_headers=[
                *common,
                (b"content-encoding", b"gzip"),
                (b"vary", b"Accept-Encoding"),
                (b"content-length", str(len(packed or b"")).encode()),
            ],
            etag=f'"{digest}"'.encode(),
        )
        self._files[name] = file
        self._seen[name] = path.stat().st_mtime
        return file

    def url(self, name: str) -> str:
        """Give the address of a file.

        Raises:
            LookupError: there is no such file.
        """
        file = self._find(name)
        if file is None:
            raise LookupError(f"no static file {name!r}")
        return file.url

    def text(self, name: str) -> str:
        """Give the content of a text file."""
        file = self._find(name)
        if file is None:
            raise LookupError(f"no static file {name!r}")
        return file.content.decode()

    def _find(self, name: str) -> StaticFile | None:
        file = self._files.get(name)
        if self._watch and self._read_again(name):
            return self._files[name]
        return file

    def _read_again(self, name: str) -> bool:
        """Read a file again that was changed since; a style sheet if any of them was."""
        for folder in self._folders:
            path = folder / name
            if not path.is_file():
                continue
            sources = sorted(path.parent.glob("*.css")) if path.suffix == ".css" else [path]
            changed = max(source.stat().st_mtime for source in sources)
            if changed != self._seen.get(name):
                self._load(folder, path)
                self._seen[name] = changed
            return True
        return False

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a file."""
        parts: Any = scope
        if parts["method"] not in ("GET", "HEAD"):
            await _send(send, 405, [(b"allow", b"GET, HEAD")], b"")
            return
        path = parts["path"][len("/static/") :]
        digest, _, name = path.partition("/")
        file = self._files.get(name) if len(digest) == DIGEST_CHARACTERS else None
        cache = FOR_EVER if file is not None and file.url == parts["path"] else BRIEFLY
        if file is None:
            file = self._find(path)
        if file is None:
            await _send(send, 404, [(b"content-type", b"text/plain")], b"Not found\n")
            return
        sent = dict(parts["headers"])
        if sent.get(b"if-none-match") == file.etag:
            await _send(send, 304, [(b"etag", file.etag), (b"cache-control", cache)], b"")
            return
        if file.packed is not None and b"gzip" in sent.get(b"accept-encoding", b""):
            headers, content = file.packed_headers, file.packed
        else:
            headers, content = file.headers, file.content
        body = b"" if parts["method"] == "HEAD" else content
        await _send(send, 200, [*headers, (b"cache-control", cache)], body)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
