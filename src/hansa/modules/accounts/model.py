"""Users, sessions, roles and keys as values; rules for names and passwords."""

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected, Unavailable
from hansa.kernel.text import Localised
from hansa.modules.accounts.common_passwords import COMMON_PASSWORDS

UserKind = Literal["staff", "shopper", "partner"]
KIND_NAMES: tuple[UserKind, ...] = ("staff", "shopper", "partner")

EMAIL_CHARACTERS_MAX = 254
PASSWORD_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 200
DISTINCT_MIN = 4
_EMAIL = re.compile(r"^[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@.<>]+(\.[^\s@.<>]+)+$")
_ROLE_CODE = re.compile(r"^[a-z][a-z0-9_-]{0,63}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can sign in. Names and addresses of people are kept by the parties.

    Who is of the kind `partner` works for a partner, `partner_id`, and sees what is its own.
    """

    id: UUID
    kind: UserKind
    email: str
    name: str
    language: str | None
    party_id: UUID | None
    partner_id: UUID | None
    roles: tuple[str, ...]
    is_active: bool
    is_email_verified: bool
    has_two_factor: bool
    has_password: bool
    created_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in of one browser."""

    id: UUID
    user_id: UUID | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of permissions; `*` stands for all of them."""

    id: UUID
    code: str
    title: Localised
    permissions: tuple[str, ...]
    is_built_in: bool
    users: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key for a program; only a digest of its secret is kept."""

    id: UUID
    public_id: str
    name: str
    scopes: tuple[str, ...]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change of state: who did what to which thing, and how it looked before and after."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_kind: str
    actor_name: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


@dataclass(eq=False)
class EmailInvalid(Invalid):
    """This is not an e-mail address."""

    code: ClassVar[str] = "accounts.email_invalid"
    message: ClassVar[str] = "This is not an e-mail address. It looks like name@example.com."


@dataclass(eq=False)
class EmailTaken(Conflict):
    """Somebody with this address is there already."""

    code: ClassVar[str] = "accounts.email_taken"
    message: ClassVar[str] = (
        "Somebody with this e-mail address has signed up already. Sign in instead."
    )


@dataclass(eq=False)
class PartnerUnfit(Invalid):
    """A person of the kind `partner` has a partner, nobody else has."""

    code: ClassVar[str] = "accounts.partner_unfit"
    message: ClassVar[str] = "Say which partner the person works for; others have none."


@dataclass(eq=False)
class PasswordWeak(Invalid):
    """The password is too short, too long or too well known."""

    code: ClassVar[str] = "accounts.password_weak"
    message: ClassVar[str] = (
        "Choose a password of {characters_min} to {characters_max} characters that is not one of "
        "the well-known ones and does not hold your e-mail address."
    )

    characters_min: int
    characters_max: int = PASSWORD_CHARACTERS_MAX


@dataclass(eq=False)
class NoSuchUser(NotFound):
    """There is no such user."""

    code: ClassVar[str] = "accounts.no_such_user"
    message: ClassVar[str] = "There is no such user."


@dataclass(eq=False)
class NoSuchRole(NotFound):
    """There is no role of this name."""

    code: ClassVar[str] = "accounts.no_such_role"
    message: ClassVar[str] = "There is no role “{role}”."

    role: str


@dataclass(eq=False)
class RoleInvalid(Invalid):
    """The role's code or one of its permissions cannot be."""

    code: ClassVar[str] = "accounts.role_invalid"
    message: ClassVar[str] = "The role cannot be saved: {reason}."

    reason: str


@dataclass(eq=False)
class RoleInUse(Rejected):
    """A role that users have, or one that comes with Hansa, cannot go."""

    code: ClassVar[str] = "accounts.role_in_use"
    message: ClassVar[str] = "The role “{role}” is built in or still given to users, so it stays."

    role: str


@dataclass(eq=False)
class LastAdministrator(Rejected):
    """Nobody would be left who may give roles."""

    code: ClassVar[str] = "accounts.last_administrator"
    message: ClassVar[str] = "This is the last active administrator. Make another one first."


@dataclass(eq=False)
class NoSuchKey(NotFound):
    """There is no such API key."""

    code: ClassVar[str] = "accounts.no_such_key"
    message: ClassVar[str] = "There is no such API key."


@dataclass(eq=False)
class NoSuchSession(NotFound):
    """There is no such session of this user."""

    code: ClassVar[str] = "accounts.no_such_session"
    message: ClassVar[str] = "There is no such session."


@dataclass(eq=False)
class LinkUsedUp(Rejected):
    """The link of a message is used, too old or not ours."""

    code: ClassVar[str] = "accounts.link_used_up"
    message: ClassVar[str] = "This link has been used or is too old. Ask for a new one."


@dataclass(eq=False)
class CodeWrong(Invalid):
    """The code of the second factor is wrong or was used before."""

    code: ClassVar[str] = "accounts.code_wrong"
    message: ClassVar[str] = (
        "This code is wrong or was used before. Wait for the next one and try again."
    )


@dataclass(eq=False)
class TwoFactorState(Conflict):
    """The second factor is on already, or was not begun."""

    code: ClassVar[str] = "accounts.two_factor_state"
    message: ClassVar[str] = "The second factor is on already, or its set-up was not begun."


@dataclass(eq=False)
class HashingBusy(Unavailable):
    """Too many passwords wait to be checked."""

    code: ClassVar[str] = "accounts.hashing_busy"
    message: ClassVar[str] = "Too many people sign in at this moment. Try again in a few seconds."


def clean_email(email: str) -> str:
    """Give the address as it is kept.

    Raises:
        EmailInvalid: it is not one.
    """
    cleaned = email.strip().lower()
    if len(cleaned) > EMAIL_CHARACTERS_MAX or not _EMAIL.match(cleaned):
        raise EmailInvalid
    return cleaned


def check_password(password: str, *, email: str, characters_min: int) -> None:
    """Refuse a password that would be guessed.

    Raises:
        PasswordWeak: it would.
    """
    simple = password.lower().strip()
    local = email.partition("@")[0].lower()
    if (
        not characters_min <= len(password) <= PASSWORD_CHARACTERS_MAX
        or simple in COMMON_PASSWORDS
        or len(set(simple)) < DISTINCT_MIN
        or (len(local) >= DISTINCT_MIN and local in simple)
    ):
        raise PasswordWeak(characters_min)


def check_role(code: str, permissions: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a role with an odd code or with permissions that no module declares.

    Raises:
        RoleInvalid: it is such a role.
    """
    if not _ROLE_CODE.match(code):
        raise RoleInvalid(
            "its code is lower-case Latin letters, digits, hyphens and underscores, a letter first"
        )
    unknown = sorted(set(permissions) - set(known) - {"*"})
    if unknown:
        raise RoleInvalid(f"unknown permissions {', '.join(unknown)}")


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role that comes with Hansa; `patterns` choose from the permissions of all modules."""

    code: str
    title: Localised
    patterns: tuple[str, ...]
    but_not: tuple[str, ...] = ()

    def permissions(self, known: Sequence[str]) -> tuple[str, ...]:
        """Give the permissions the patterns choose."""
        if self.code == ADMINISTRATOR:
            return ("*",)
        return tuple(
            sorted(
                code
                for code in known
                if any(fnmatch.fnmatchcase(code, pattern) for pattern in self.patterns)
                and not any(fnmatch.fnmatchcase(code, pattern) for pattern in self.but_not)
            )
        )


ADMINISTRATOR = "administrator"
BUILT_IN_ROLES = (
    BuiltInRole(ADMINISTRATOR, {"en": "Administrator", "ru": "Администратор"}, ("*",)),
    BuiltInRole(
        "manager",
        {"en": "Manager", "ru": "Менеджер"},
        ("*",),
        but_not=("accounts.*", "erp.exchange"),
    ),
    BuiltInRole(
        "warehouse",
        {"en": "Warehouse", "ru": "Склад"},
        ("stock.*", "orders.*", "*.view"),
        but_not=("accounts.*", "parties.*", "stock.reserve", "orders.cancel", "payments.*"),
    ),
    BuiltInRole(
        "marketer",
        {"en": "Marketer", "ru": "Маркетолог"},
        ("catalog.*", "search.*", "drops.*", "*.view"),
        but_not=("accounts.*", "payments.*", "parties.*"),
    ),
    BuiltInRole("shop", {"en": "Shop", "ru": "Магазин"}, ("fulfilment.answer", "stock.view")),
    BuiltInRole("erp", {"en": "1C exchange", "ru": "Обмен с 1С"}, ("erp.*",)),
)
