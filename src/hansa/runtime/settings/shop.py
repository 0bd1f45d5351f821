"""Settings of the shop: baskets, payments, the exchange with 1C."""

from __future__ import annotations

from dataclasses import dataclass

from hansa.runtime.settings.source import Secret, setting

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, kw_only=True)
class Shop:
    """How long goods are held and baskets kept."""

    hold_minutes: int = setting(
        15,
        "How long goods are held for a buyer who is placing an order.",
        section="Shop",
        at_least=1,
        at_most=1_440,
    )
    basket_lifetime_days: int = setting(
        60, "How long an untouched basket is kept.", section="Shop", at_least=1, at_most=400
    )


@dataclass(frozen=True, kw_only=True)
class Payments:
    """Who takes money."""

    acquirer_url: str | None = setting(
        None,
        "Address of the simulated acquirer; without it payment by card is not offered.",
        section="Payments",
    )
    acquirer_shop: str = setting("demo", "Our name at the simulated acquirer.", section="Payments")
    acquirer_secret: Secret = setting(
        Secret(""),
        "Secret shared with the simulated acquirer; signs calls and notices.",
        section="Payments",
    )


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Exchange with 1C."""

    erp_file_limit_bytes: int = setting(
        2_048 * MIB, "Largest file of an exchange, unpacked.", section="Exchange", at_least=MIB
    )
    erp_chunk_limit_bytes: int = setting(
        16 * MIB, "Largest part in which 1C sends a file.", section="Exchange", at_least=64 * KIB
    )
    erp_session_hours: int = setting(
        24, "How long an exchange session lasts.", section="Exchange", at_least=1, at_most=168
    )
