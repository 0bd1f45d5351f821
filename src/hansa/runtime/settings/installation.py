"""Settings of the installation: what it is, its database and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hansa.runtime.settings.source import Secret, setting
from hansa.runtime.sizing import this_machine


@dataclass(frozen=True, kw_only=True)
class General:
    """What this installation is, and what it writes of itself."""

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


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where data is kept, and how many may wait for it."""

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


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where files are kept."""

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
