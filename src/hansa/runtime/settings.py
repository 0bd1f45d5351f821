"""Every setting of Hansa: its name, type, unit, default and meaning.

A setting `http_port` is read from the environment variable `HANSA_HTTP_PORT`, else from the key
`http_port` of the TOML file named by `HANSA_CONFIG` (or `./hansa.toml` when it exists), else it has
its default. A wrong or unknown one stops the start. `hansa check settings` prints them all with
where each comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from hansa.runtime import settings_source
from hansa.runtime.settings_cells import CellSettings
from hansa.runtime.settings_source import Secret, SettingsInvalid, setting
from hansa.runtime.settings_together import check_together
from hansa.runtime.sizing import this_machine

__all__ = [
    "Secret",
    "Settings",
    "SettingsInvalid",
    "load_settings",
    "to_environment",
]

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, kw_only=True)
class Settings(CellSettings):
    """All settings, checked. Sizes left unset are derived from the machine."""

    # General
    environment: Literal["demo", "development", "production"] = setting(
        "development",
        "Where this runs. `production` refuses to start without `secret_key`, `public_url` and "
        "`database_url`, and never makes accounts with known passwords.",
        section="General",
    )
    data_dir: Path = setting(
        Path("var"), "Folder for the embedded database, files and keys.", section="General"
    )
    public_url: str = setting(
        "http://127.0.0.1:8000",
        "Address under which people reach the shop, without a slash at the end. Outside "
        "production its default follows `http_host` and `http_port`.",
        section="General",
        pattern=r"https?://[^\s/]+",
        expected="an address such as https://shop.example, without a path",
    )
    secret_key: Secret = setting(
        Secret(""),
        "Key that signs tokens and encrypts second factors, at least 32 characters. Outside "
        "production one is made and kept in `data_dir`.",
        section="General",
    )
    languages: tuple[str, ...] = setting(
        ("ru", "en"), "Languages of the pages, the preferred one first.", section="General"
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "Least important log line that is written.", section="General"
    )
    log_json: bool = setting(
        False, "Write log lines as JSON instead of for reading by people.", section="General"
    )
    otlp_endpoint: str | None = setting(
        None,
        "OpenTelemetry collector (OTLP over HTTP) that receives traces; none are made without it.",
        section="General",
    )

    # Database
    database_url: str | None = setting(
        None,
        "PostgreSQL 16 or newer: `postgresql://user:password@host:5432/name`. Without it Hansa "
        "runs its own server in `data_dir`.",
        section="Database",
        masked=True,
    )
    database_pool_size: int = setting(
        lambda: this_machine().database_pool_size,
        "Connections each process keeps at most.",
        section="Database",
        at_least=2,
        at_most=500,
    )
    database_wait_seconds: float = setting(
        10.0,
        "How long a request waits for a free connection before it is answered `503`.",
        section="Database",
        at_least=0.1,
        at_most=300,
    )
    database_statement_timeout_seconds: float = setting(
        30.0, "Longest statement of a request.", section="Database", at_least=0.1, at_most=3600
    )
    batch_commands_max: int = setting(
        500, "Commands one batch takes at most.", section="Database", at_least=1, at_most=10_000
    )
    batch_queue_max: int = setting(
        5_000,
        "Commands that may wait for a batch; one more is answered `503`.",
        section="Database",
        at_least=1,
        at_most=1_000_000,
    )

    # Web
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

    # Accounts
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

    # Shop
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

    # Payments
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

    # Chats in which shops are asked; without a token nobody is asked in that chat
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

    # Messages to people's devices; a channel whose key is not set sends nothing
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

    # Exchange with 1C
    erp_file_limit_bytes: int = setting(
        2_048 * MIB, "Largest file of an exchange, unpacked.", section="Exchange", at_least=MIB
    )
    erp_chunk_limit_bytes: int = setting(
        16 * MIB, "Largest part in which 1C sends a file.", section="Exchange", at_least=64 * KIB
    )
    erp_session_hours: int = setting(
        24, "How long an exchange session lasts.", section="Exchange", at_least=1, at_most=168
    )

    # Background work
    worker_concurrency: int = setting(
        lambda: this_machine().worker_concurrency,
        "Jobs a worker process runs at once.",
        section="Background work",
        at_least=1,
        at_most=500,
    )
    relay_partitions: int = setting(
        4,
        "Partitions of each Kafka topic; order holds inside one.",
        section="Background work",
        at_least=1,
        at_most=256,
    )
    relay_batch_size: int = setting(
        500,
        "Events a relay hands on at once.",
        section="Background work",
        at_least=1,
        at_most=10_000,
    )
    event_retention_days: int = setting(
        7,
        "How long delivered events are kept in the outbox.",
        section="Background work",
        at_least=1,
        at_most=400,
    )
    kafka_servers: tuple[str, ...] = setting(
        (),
        "Kafka brokers (`host:9092`) that carry events. Without any, PostgreSQL carries them.",
        section="Background work",
    )
    kafka_topic_prefix: str = setting(
        "hansa.",
        "Begin of the names of Kafka topics.",
        section="Background work",
        pattern=r"[A-Za-z0-9._-]*",
        expected="letters, digits, dots, hyphens and underscores",
    )

    # Files
    storage_url: str | None = setting(
        None,
        "Where files are kept: a folder, or `s3://bucket/prefix`; else `files` in `data_dir`.",
        section="Files",
    )
    storage_s3_endpoint: str | None = setting(
        None, "Address of an S3-compatible service other than Amazon's.", section="Files"
    )
    storage_s3_region: str = setting("us-east-1", "Region of the bucket.", section="Files")
    storage_s3_access_key: Secret = setting(
        Secret(""), "Access key of the bucket.", section="Files"
    )
    storage_s3_secret_key: Secret = setting(
        Secret(""), "Secret key of the bucket.", section="Files"
    )

    # Outbound calls
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

    # Webhooks
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

    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def files_url(self) -> str:
        """Where files are kept, default resolved: a folder's path or an `s3://` address."""
        return self.storage_url or str(self.data_dir / "files")


def load_settings(environ: Mapping[str, str], *, directory: Path) -> Settings:
    """Read the settings from `environ` and the TOML file it names, or `hansa.toml` in `directory`.

    Raises:
        SettingsInvalid: a setting is unknown or wrong; the text says which, where from and what is
        expected.
    """
    values, sources = settings_source.read(Settings, environ, directory=directory)
    settings = Settings(**values, sources=sources)
    if sources["public_url"] == settings_source.DEFAULT and settings.environment != "production":
        host = "127.0.0.1" if settings.http_host in EVERY_ADDRESS else settings.http_host
        settings = replace(settings, public_url=f"http://{host}:{settings.http_port}")
    check_together(settings)
    return settings


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as environment variables, secrets too.

    What a supervisor hands to its roles.
    """
    return {
        description.variable: settings_source.written(getattr(settings, description.name))
        for description in settings_source.describe(Settings)
    }
