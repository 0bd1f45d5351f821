"""Finds out who asks: by the session cookie, an API key, or name and password in the exchange."""

import base64
import binascii
import hmac
import time
from datetime import datetime, timedelta

from hansa.modules.accounts import keys, queries, signing_in, store
from hansa.modules.accounts.secrets_kept import digest
from hansa.runtime.context import Context
from hansa.runtime.database import Row
from hansa.runtime.http.csrf import SESSION_TOKEN_CHARACTERS_MAX
from hansa.runtime.http.identity import Actor, BadCredentials
from hansa.runtime.http.request import Request

KEPT_SECONDS = 5.0
KEPT_MAX = 10_000
TOUCH_AFTER = timedelta(minutes=5)

# Browsers send a name and password again by themselves, so they count only where no browser goes.
BASIC_PATHS = ("/1c_exchange", "/bitrix/")


class AccountsAuthenticator:
    """Implements `Authenticator` of the web layer; one per process.

    A cookie costs one statement. A key costs one in five seconds per process: a key that was
    revoked works for five seconds more at most.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[bytes, tuple[Actor, float]] = {}

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Forget the keys."""
        self._kept.clear()

    async def authenticate(self, request: Request) -> Actor | None:
        """Give the actor of a request, or None.

        Raises:
            BadCredentials: a wrong key or password was sent.
        """
        header = request.visit.headers.get(b"authorization")
        if header is not None:
            kept = self._kept.get(header)
            if kept is not None and kept[1] > time.monotonic():
                return kept[0]
            return await self._by_header(request, header)
        token = request.sent_session_token
        if not token or len(token) > SESSION_TOKEN_CHARACTERS_MAX:
            return None
        return await self._by_session(token, request.received_at)

    async def _by_session(self, token: str, now: datetime) -> Actor | None:
        parameters = {"token_hash": digest(token), "now": now}
        async with self._context.database.snapshot(single=True) as snapshot:
            row = await snapshot.maybe(store.AUTHENTICATE, parameters)
        if row is None:
            return None
        if now - row.seen_at > TOUCH_AFTER:
            async with self._context.database.transaction() as tx:
                await tx.execute(store.TOUCH_SESSION, {"id": row.session_id, "now": now})
        if row.user_id is None:
            return Actor(id=row.session_id, kind="guest", session_id=row.session_id)
        if not row.is_active:
            return None
        return Actor(
            id=row.user_id,
            kind=row.kind,
            permissions=self._permissions(row),
            party_id=row.party_id,
            session_id=row.session_id,
            name=row.name or row.email,
            language=row.language,
        )

    def _permissions(self, row: Row) -> frozenset[str]:
        needs_factor = (
            row.kind == "staff"
            and self._context.settings.staff_two_factor_required
            and not row.has_two_factor
        )
        return frozenset() if needs_factor else frozenset(row.permissions)

    async def _by_header(self, request: Request, header: bytes) -> Actor:
        scheme, _, value = header.partition(b" ")
        if scheme.lower() == b"bearer":
            actor = await self._by_key(value.strip().decode("latin-1"), request.received_at)
        elif scheme.lower() == b"basic" and request.visit.path.startswith(BASIC_PATHS):
            actor = await self._by_basic(request, value.strip())
        else:
            raise BadCredentials
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[header] = (actor, time.monotonic() + KEPT_SECONDS)
        return actor

    async def _by_key(self, sent: str, now: datetime) -> Actor:
        parts = keys.parts_of(sent)
        if parts is None:
            raise BadCredentials
        public_id, secret = parts
        async with self._context.database.snapshot(single=True) as snapshot:
            row = await snapshot.maybe(store.FIND_KEY, {"public_id": public_id, "now": now})
        if row is None or not hmac.compare_digest(bytes(row.secret_hash), digest(secret)):
            raise BadCredentials
        if row.used_at is None or now - row.used_at > TOUCH_AFTER:
            async with self._context.database.transaction() as tx:
                await tx.execute(store.TOUCH_KEY, {"id": row.id, "now": now})
        return Actor(id=row.id, kind="key", permissions=frozenset(row.scopes), name=row.name)

    async def _by_basic(self, request: Request, value: bytes) -> Actor:
        """Accept a key as the password, or that of a member of staff without second factor."""
        try:
            pair = base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise BadCredentials from error
        try:
            name, _, password = pair.decode().partition(":")
        except UnicodeDecodeError:  # older 1C sends the code page of Windows
            name, _, password = pair.decode("cp1251", errors="replace").partition(":")
        if keys.parts_of(password) is not None:
            return await self._by_key(password, request.received_at)
        try:
            row = await signing_in.check_password(
                request, email=name, password=password, kind="staff"
            )
        except signing_in.WrongPassword as error:
            raise BadCredentials from error
        if row.has_two_factor:
            raise BadCredentials
        async with request.snapshot() as snapshot:
            user = await queries.get_user(snapshot, user_id=row.id)
            permissions = await queries.permissions_of(snapshot, user_id=row.id)
        return Actor(
            id=user.id,
            kind="staff",
            permissions=permissions,
            party_id=user.party_id,
            name=user.name or user.email,
            language=user.language,
        )
