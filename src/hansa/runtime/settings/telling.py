"""Settings of what is said to the outside: chats, notifications, calls, webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from hansa.runtime.settings.source import Secret, setting


@dataclass(frozen=True, kw_only=True)
class Chats:
    """Chats in which shops are asked; without a token nobody is asked in that chat."""

    slack_url: str = setting("https://slack.com", "Address of Slack.", section="Chats")
    slack_bot_token: Secret = setting(
        Secret(""), "Token of the Slack app that asks shops, `xoxb-...`.", section="Chats"
    )
    slack_signing_secret: Secret = setting(
        Secret(""), "Signing secret of the Slack app, which proves its clicks.", section="Chats"
    )
    telegram_url: str = setting(
        "https://api.telegram.org", "Address of Telegram's Bot API.", section="Chats"
    )
    telegram_token: Secret = setting(
        Secret(""), "Token of the Telegram bot that asks shops.", section="Chats"
    )
    telegram_secret: Secret = setting(
        Secret(""), "What proves Telegram's calls; see `hansa telegram connect`.", section="Chats"
    )


@dataclass(frozen=True, kw_only=True)
class Notifications:
    """Messages to people's devices; a channel whose key is not set sends nothing."""

    webpush_contact: str = setting(
        "",
        "Whom push services of browsers may write to, `mailto:...`; else `public_url`.",
        section="Notifications",
    )
    webpush_practice_url: str | None = setting(
        None, "Practice push service, which may be in a private network.", section="Notifications"
    )
    fcm_url: str = setting(
        "https://fcm.googleapis.com", "Address of Firebase.", section="Notifications"
    )
    fcm_service_account: Secret = setting(
        Secret(""), "Service account of the Firebase project, as JSON.", section="Notifications"
    )
    edna_url: str = setting("https://app.edna.ru", "Address of EDNA.", section="Notifications")
    edna_api_key: Secret = setting(Secret(""), "Key of EDNA Pulse.", section="Notifications")
    edna_cascade: int = setting(0, "Number of EDNA's cascade to use.", section="Notifications")
    edna_callback_key: Secret = setting(
        Secret(""), "Last part of the address EDNA tells statuses to.", section="Notifications"
    )


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """Calls to outside services."""

    outbound_timeout_seconds: float = setting(
        20.0,
        "How long an outside service may take to answer.",
        section="Outbound calls",
        at_least=0.1,
        at_most=600,
    )
    outbound_connect_timeout_seconds: float = setting(
        5.0,
        "How long connecting to an outside service may take.",
        section="Outbound calls",
        at_least=0.1,
        at_most=60,
    )
    outbound_attempts_max: int = setting(
        4,
        "Attempts of one call, the first included.",
        section="Outbound calls",
        at_least=1,
        at_most=20,
    )


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """What partners are told by webhooks."""

    webhooks_answer_seconds: float = setting(
        20.0,
        "How long an endpoint may take to answer a webhook.",
        section="Webhooks",
        at_least=0.1,
        at_most=60,
    )
    webhooks_retention_days: int = setting(
        30,
        "How long webhooks that ended are kept, with their attempts, to be seen and replayed.",
        section="Webhooks",
        at_least=1,
        at_most=400,
    )
