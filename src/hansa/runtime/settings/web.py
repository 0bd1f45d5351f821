"""Settings of the web role and of those who sign in."""

from __future__ import annotations

from dataclasses import dataclass

from hansa.runtime.settings.source import Secret, setting
from hansa.runtime.sizing import this_machine

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, kw_only=True)
class Web:
    """How requests are taken and limited."""

    part: str = setting(
        "", "The part of Hansa this is, such as `loyalty.events`; empty: all of it.", section="Web"
    )
    http_host: str = setting("127.0.0.1", "Address the web role listens on.", section="Web")
    http_port: int = setting(
        8000, "Port the web role listens on.", section="Web", at_least=1, at_most=65_535
    )
    web_workers: int = setting(
        lambda: this_machine().web_workers,
        "Web processes.",
        section="Web",
        at_least=1,
        at_most=256,
    )
    http_body_limit_bytes: int = setting(
        1 * MIB, "Largest body of an API call or form.", section="Web", at_least=KIB
    )
    upload_limit_bytes: int = setting(
        20 * MIB, "Largest picture or document a person may upload.", section="Web", at_least=KIB
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        "Addresses of reverse proxies whose `X-Forwarded-For` and `-Proto` are believed.",
        section="Web",
    )
    metrics_token: Secret = setting(
        Secret(""),
        "Bearer token that `/metrics` asks for; without one it answers this machine alone.",
        section="Web",
    )
    rate_limit_requests_per_minute: int = setting(
        6_000,
        "Requests one client address may send in a minute before it is answered `429`; 0 switches "
        "the limit off.",
        section="Web",
        at_least=0,
    )
    rate_limit_client_requests_per_minute: int = setting(
        6_000,
        "Requests a partner's program may send in a minute to each web process, unless it has a "
        "limit of its own; 0 switches the limit off.",
        section="Web",
        at_least=0,
    )
    rate_limit_sign_ins_per_minute: int = setting(
        10,
        "Attempts to sign in for one name and address in a minute; 0 switches the limit off.",
        section="Web",
        at_least=0,
    )
    shutdown_grace_seconds: float = setting(
        20.0,
        "How long a role may finish its work in hand when it is stopped.",
        section="Web",
        at_least=0,
        at_most=600,
    )


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """How people sign in, and how long answers are kept for them."""

    session_lifetime_days: int = setting(
        30, "How long a sign-in lasts.", section="Accounts", at_least=1, at_most=400
    )
    staff_session_lifetime_hours: int = setting(
        12, "How long a sign-in of staff lasts.", section="Accounts", at_least=1, at_most=720
    )
    staff_two_factor_required: bool = setting(
        False, "Staff must set up a second factor before they may work.", section="Accounts"
    )
    password_characters_min: int = setting(
        10, "Shortest password.", section="Accounts", at_least=8, at_most=128
    )
    idempotency_days: int = setting(
        7,
        "How long an answer is kept for a repeated `Idempotency-Key`.",
        section="Accounts",
        at_least=1,
        at_most=90,
    )
