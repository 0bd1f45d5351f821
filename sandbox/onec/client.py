"""The client side of the exchange protocol: one method a step."""

import base64
import socket
import ssl
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx

from sandbox.onec.mischief import Mischief

CHUNK_BYTES = 65_536

# 1C imports in this order: first what others point to.
_ORDER = (
    "import",
    "groups",
    "units",
    "pricelists",
    "storages",
    "propertiesgoods",
    "propertiesoffers",
    "goods",
    "offers",
    "prices",
    "rests",
    "contragents",
)


class Refused(Exception):
    """The site answered `failure`, or not as the protocol says."""

    def __init__(self, step: str, reason: str, status: int = 200) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.status = status


class Dropped(Exception):
    """The connection was cut on purpose; nobody knows what the site made of it."""


@dataclass(frozen=True)
class Terms:
    """What the site answered to `init`."""

    zip_allowed: bool
    file_limit: int
    session_id: str | None = None
    version: str | None = None


class OneC:
    """One 1C at one site. Usable as a context manager."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        mischief: Mischief | None = None,
        timeout_seconds: float = 120.0,
        version: str = "2.08",
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.url = url
        self.user = user
        self.password = password
        self.mischief = mischief or Mischief()
        self.version = version
        self.terms = Terms(zip_allowed=False, file_limit=CHUNK_BYTES)
        self.cookie: tuple[str, str] | None = None
        self.session_id: str | None = None
        self._tell = tell or (lambda _text: None)
        self._http = httpx.Client(timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    # The steps of the protocol.

    def check_auth(self, kind: str = "catalog") -> None:
        """Log in; keep the cookie that the site names."""
        self.cookie = self.session_id = None
        lines = self._lines("checkauth", self._call("GET", kind, "checkauth"))
        if len(lines) < 3:  # noqa: PLR2004 - verdict, name and value of the cookie
            raise Refused("checkauth", "the answer names no cookie")
        self.cookie = (lines[1], lines[2])
        for line in lines[3:]:
            if line.startswith("sessid="):
                self.session_id = line.partition("=")[2]

    def init(self, kind: str = "catalog") -> Terms:
        """Begin an exchange; learn what the site takes."""
        response = self._call("GET", kind, "init", version=self.version)
        lines = [line.strip() for line in response.text.splitlines() if line.strip()]
        told = dict(line.split("=", 1) for line in lines if "=" in line)
        if response.status_code != httpx.codes.OK or "file_limit" not in told:
            raise Refused("init", _reason(lines, response), response.status_code)
        self.session_id = told.get("sessid", self.session_id)
        self.terms = Terms(
            told.get("zip") == "yes",
            max(1, int(told["file_limit"])),
            told.get("sessid"),
            told.get("version"),
        )
        return self.terms

    def send_file(
        self,
        source: Path | bytes,
        name: str | None = None,
        *,
        chunk: int = CHUNK_BYTES,
        kind: str = "catalog",
    ) -> int:
        """Send a file in pieces under its name; give the number of pieces."""
        if isinstance(source, bytes):
            if name is None:
                raise ValueError("bytes need a name")
            pieces: Iterable[bytes] = _split(source, min(chunk, self.terms.file_limit))
        else:
            name = name or source.name
            pieces = _read(source, min(chunk, self.terms.file_limit))
        count = 0
        for piece in pieces:
            times = 2 if self.mischief.chunk_twice and count == 0 else 1
            for _ in range(times):
                self._post_piece(kind, name, piece)
            count += 1
        self._tell(f"sent {name} in {count} pieces")
        return count

    def import_file(
        self,
        name: str,
        *,
        kind: str = "catalog",
        on_progress: Callable[[str], None] | None = None,
        attempts_max: int = 100_000,
    ) -> str:
        """Have a sent file imported, asking again while the site says progress."""
        for _ in range(attempts_max):
            response = self._call("GET", kind, "import", filename=name)
            lines = self._lines("import", response, also="progress")
            text = " ".join(lines[1:])
            if lines[0] == "success":
                self._tell(f"imported {name} {text}".rstrip())
                return text
            if on_progress is not None:
                on_progress(text)
        raise Refused("import", f"still progress after {attempts_max} calls")

    def query_orders(self) -> bytes:
        """Ask for orders; give the XML as it came."""
        if self.mischief.lose_answer:
            self._drop("GET", "sale", {"mode": "query"}, b"")
        response = self._call("GET", "sale", "query")
        if self.mischief.repeat_query:
            response = self._call("GET", "sale", "query")
        content = response.content
        if response.status_code != httpx.codes.OK or not content.lstrip(b"\xef\xbb\xbf").startswith(
            (b"<", b"PK")
        ):
            lines = response.text.splitlines()
            raise Refused("query", _reason(lines, response), response.status_code)
        if content.startswith(b"PK"):
            return _first_of_zip(content)
        return content

    def success(self) -> None:
        """Say that the orders arrived."""
        self._lines("success", self._call("GET", "sale", "success"))

    def send_documents(
        self, content: bytes, name: str = "documents.xml", chunk: int = CHUNK_BYTES
    ) -> None:
        """Send documents (statuses, shipments) and have them imported."""
        self.send_file(content, name, chunk=chunk, kind="sale")
        self.import_file(name, kind="sale")

    def info(self) -> bytes:
        """Ask for the lists of statuses and payment systems."""
        response = self._call("GET", "sale", "info")
        if response.status_code != httpx.codes.OK or not response.content.startswith(b"<"):
            raise Refused("info", _reason(response.text.splitlines(), response))
        return response.content

    def complete(self, kind: str = "catalog") -> None:
        """Say that the exchange is over."""
        self._lines("complete", self._call("GET", kind, "complete"))

    def deactivate(self) -> None:
        """Have goods that this full exchange did not mention switched off."""
        self._lines("deactivate", self._call("GET", "catalog", "deactivate"))

    # Whole exchanges.

    def exchange_catalog(
        self,
        folder: Path,
        *,
        zipped: bool = False,
        chunk: int = CHUNK_BYTES,
        deactivate: bool = False,
        on_progress: Callable[[str], None] | None = None,
    ) -> list[str]:
        """Send a folder of files and have its XML imported; give the names imported."""
        self.check_auth()
        terms = self.init()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        named = {path.relative_to(folder).as_posix(): path for path in files}
        to_import = import_order(
            [name for name in named if "/" not in name and name.lower().endswith(".xml")]
        )
        if self.mischief.reorder_files:
            to_import.reverse()
        rounds = 2 if self.mischief.duplicate_file else 1
        for _ in range(rounds):
            if zipped and terms.zip_allowed:
                self._send_zip(named, chunk)
            else:
                for name in sorted(named, key=lambda one: one.lower().endswith(".xml")):
                    self.send_file(named[name], name, chunk=chunk)
            for name in to_import:
                self.import_file(name, on_progress=on_progress)
        if deactivate:
            self.deactivate()
        if not self.mischief.skip_complete:
            self.complete()
        return to_import

    def _send_zip(self, named: dict[str, Path], chunk: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "v8_exchange.zip"
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, path in named.items():
                    packed.write(path, name)
            self.send_file(archive, chunk=chunk)

    # The wire.

    def _post_piece(self, kind: str, name: str, piece: bytes) -> None:
        if self.mischief.cut_at_byte is not None:
            cut = self.mischief.cut_at_byte
            self._drop("POST", kind, {"mode": "file", "filename": name}, piece, cut_at=cut)
            raise Dropped(f"the connection was cut at byte {cut} of {name}")
        if self.mischief.lose_answer:
            self._drop("POST", kind, {"mode": "file", "filename": name}, piece)
        response = self._call("POST", kind, "file", piece, filename=name)
        self._lines("file", response)

    def _call(
        self, method: str, kind: str, mode: str, body: bytes = b"", **query: str
    ) -> httpx.Response:
        if self.mischief.post_instead_of_get:
            method = "POST"
        try:
            response = self._http.request(
                method,
                self._address(kind, {"mode": mode, **query}),
                content=body or None,
                headers=self._headers(),
            )
        except httpx.HTTPError as error:
            raise Refused(mode, f"no answer: {error}", 0) from error
        finally:
            self._http.cookies.clear()
        self._tell(f"{method} {kind}/{mode} {query.get('filename', '')} -> {response.status_code}")
        return response

    def _address(self, kind: str, query: dict[str, str]) -> str:
        if self.mischief.sessid_in_query and self.session_id:
            query = {**query, "sessid": self.session_id}
        return f"{self.url}?{urlencode({'type': kind, **query})}"

    def _headers(self) -> dict[str, str]:
        password = "not the password" if self.mischief.wrong_password else self.password
        word = base64.b64encode(f"{self.user}:{password}".encode()).decode()
        headers = {"User-Agent": "1C+Enterprise/8.3", "Authorization": f"Basic {word}"}
        if self.cookie and not self.mischief.no_cookie:
            headers["Cookie"] = f"{self.cookie[0]}={self.cookie[1]}"
        return headers

    def _drop(
        self,
        method: str,
        kind: str,
        query: dict[str, str],
        body: bytes,
        *,
        cut_at: int | None = None,
    ) -> None:
        """Send a request by hand and hang up: in the middle of the body, or before the answer."""
        address = urlsplit(self._address(kind, query))
        headers = {
            "Host": address.netloc,
            "Content-Length": str(len(body)),
            "Connection": "close",
            **self._headers(),
        }
        head = f"{method} {address.path}?{address.query} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        port = address.port or (443 if address.scheme == "https" else 80)
        raw: Any = socket.create_connection((address.hostname, port), timeout=30)
        if address.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=address.hostname)
        with raw:
            raw.sendall(head.encode() + body[: len(body) if cut_at is None else cut_at])
            if cut_at is None:
                # The first byte of the answer proves that the site did the work; the rest is lost.
                raw.recv(1)

    def _lines(self, step: str, response: httpx.Response, also: str = "success") -> list[str]:
        lines = [line.strip() for line in response.text.splitlines()]
        first = lines[0].lstrip("\ufeff").lower() if lines else ""
        if response.status_code != httpx.codes.OK or first not in {"success", also}:
            raise Refused(step, _reason(lines, response), response.status_code)
        return [first, *lines[1:]]


def import_order(names: list[str]) -> list[str]:
    """Sort files as 1C has them imported: goods, offers, prices, stock."""

    def place(name: str) -> tuple[int, str]:
        lowered = name.lower()
        ranks = [rank for rank, word in enumerate(_ORDER) if _begins(lowered, word)]
        return (ranks[0] if ranks else len(_ORDER), lowered)

    return sorted(names, key=place)


def _begins(name: str, word: str) -> bool:
    """Say whether a file is of that sort; other systems put their own word before a hyphen."""
    stem = name.rsplit("-", 1)[-1] if "___" not in name and name.count("-") == 1 else name
    return stem.startswith(word) and not stem[len(word) : len(word) + 1].isalpha()


def _reason(lines: list[str], response: httpx.Response) -> str:
    told = " ".join(line for line in lines[1:] if line) if lines and lines[0] == "failure" else ""
    return told or f"HTTP {response.status_code}: {response.text[:200].strip() or 'empty answer'}"


def _split(content: bytes, size: int) -> Iterable[bytes]:
    for start in range(0, max(1, len(content)), size):
        yield content[start : start + size]


def _read(path: Path, size: int) -> Iterable[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(size):
            yield piece


def _first_of_zip(content: bytes) -> bytes:
    with tempfile.SpooledTemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            return archive.read(archive.namelist()[0])
