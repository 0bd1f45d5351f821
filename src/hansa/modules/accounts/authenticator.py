"""Finds out who asks: by session cookie, API key, OAuth 2 token, or name and password of 1C."""

import base64
import binascii
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hansa.modules.accounts import keys, queries, signing_in, store
from hansa.modules.accounts.oauth import tokens
from hansa.modules.accounts.oauth.ended import Ended
from hansa.modules.accounts.oauth.model import AddressRefused, is_inside
from hansa.modules.accounts.secrets_kept import digest
from hansa.runtime.context import Context
from hansa.runtime.database import Row
from hansa.runtime.http.csrf import SESSION_TOKEN_CHARACTERS_MAX
from hansa.runtime.http.identity import Actor, BadCredentials
from hansa.runtime.http.request import Request

KEPT_SECONDS = 5.0
# With the two seconds that the list of what has ended may be old, three: five on a busy machine.
TOKEN_KEPT_SECONDS = 1.0
KEPT_MAX = 10_000
TOUCH_AFTER = timedelta(minutes=5)

# Browsers send a name and password again by themselves, so they count only where no browser goes.
BASIC_PATHS = ("/1c_exchange", "/bitrix/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A header that was found right: whose it is, until when it is believed, and where it counts.

    `expires_at` and `networks` are those of a token. `paths` is where a password counts.
    """

    actor: Actor
    until_seconds: float
    expires_at: datetime | None = None
    networks: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class AccountsAuthenticator:
    """Implements `Authenticator` of the web layer; one per process.

    A cookie costs one statement. A key costs one in five seconds per process: a key that was
    revoked works for five seconds more at most. So does a token, which costs none.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[bytes, _Kept] = {}
        self._tokens = tokens.tokens_of(context.settings.secret_key.reveal().encode())
        self._ended = Ended(context)

    async def start(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Forget the keys."""
        self._kept.clear()
        await self._ended.close()

    def knows(self, header: bytes) -> bool:
        """Tell whether this is a program's header that was found right a moment ago."""
        kept = self._kept.get(header)
        return kept is not None and kept.actor.kind == "key" and not kept.paths

    async def authenticate(self, request: Request) -> Actor | None:
        """Give the actor of a request, or None.

        Raises:
            BadCredentials: a wrong key, token or password was sent.
            AddressRefused: the token's client may not call from there.
        """
        header = request.visit.headers.get(b"authorization")
        if header is not None:
            kept = self._kept.get(header)
            if kept is None or kept.until_seconds <= time.monotonic():
                kept = await self._by_header(request, header)
            return _checked(kept, request)
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
            partner_id=row.partner_id,
            session_id=row.session_id,
            name=row.name or row.email,
            language=row.language,
        )

    def _permissions(self, row: Row) -> frozenset[str]:
        if row.kind == "partner":
            return frozenset()
        needs_factor = (
            row.kind == "staff"
            and self._context.settings.staff_two_factor_required
            and not row.has_two_factor
        )
        return frozenset() if needs_factor else frozenset(row.permissions)

    async def _by_header(self, request: Request, header: bytes) -> _Kept:
        scheme, _, value = header.partition(b" ")
        sent = value.strip()
        until = time.monotonic() + KEPT_SECONDS
        if scheme.lower() == b"bearer" and sent.startswith(tokens.PREFIX.encode()):
            kept = await self._by_token(sent.decode("latin-1"))
        elif scheme.lower() == b"bearer":
            actor = await self._by_key(sent.decode("latin-1"), request.received_at)
            kept = _Kept(actor=actor, until_seconds=until)
        elif scheme.lower() == b"basic" and request.visit.path.startswith(BASIC_PATHS):
            actor = await self._by_basic(request, sent)
            kept = _Kept(actor=actor, until_seconds=until, paths=BASIC_PATHS)
        else:
            raise BadCredentials
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[header] = kept
        return kept

    async def _by_token(self, sent: str) -> _Kept:
        grant = self._tokens.read(sent)
        if grant is None:
            raise BadCredentials
        until = time.monotonic() + TOKEN_KEPT_SECONDS
        ended = await self._ended.ids()
        if not ended.isdisjoint((grant.client_id, grant.credential_id, grant.terms_id)):
            raise BadCredentials
        actor = Actor(
            id=grant.client_id,
            kind="key",
            permissions=frozenset(grant.scopes),
            name=grant.name,
            partner_id=grant.partner_id,
            is_sandbox=grant.is_sandbox,
            requests_per_minute=grant.requests_per_minute,
        )
        return _Kept(
            actor=actor,
            until_seconds=until,
            expires_at=datetime.fromtimestamp(grant.expires_at, UTC),
            networks=tuple(grant.networks),
        )

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


def _checked(kept: _Kept, request: Request) -> Actor:
    """Give the actor of a header, if it counts for this request.

    Raises:
        BadCredentials: the token has run out, or the password counts elsewhere only.
        AddressRefused: the client may not call from there.
    """
    if kept.expires_at is not None and kept.expires_at <= request.received_at:
        raise BadCredentials
    if kept.paths and not request.visit.path.startswith(kept.paths):
        raise BadCredentials
    if kept.networks and not is_inside(request.client_address, kept.networks):
        raise AddressRefused
    return kept.actor
