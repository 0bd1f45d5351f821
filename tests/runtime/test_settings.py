"""Settings come from environment, file or default, and a wrong one is refused with a sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hansa.runtime.secret_key import with_secret_key
from hansa.runtime.settings import (
    Secret,
    Settings,
    SettingsInvalid,
    load_settings,
    to_environment,
)
from hansa.runtime.settings import source as settings_source
from hansa.runtime.sizing import GIB, Machine, postgres_parameters

LONG_SECRET = "0123456789abcdef0123456789abcdef"
PRODUCTION = {
    "HANSA_ENVIRONMENT": "production",
    "HANSA_SECRET_KEY": LONG_SECRET,
    "HANSA_PUBLIC_URL": "https://shop.example",
    "HANSA_DATABASE_URL": "postgresql://hansa:pass@db/hansa",
}


def test_nothing_set_gives_defaults_and_sizes_of_the_machine(tmp_path: Path) -> None:
    settings = load_settings({}, directory=tmp_path)

    assert settings == Settings()
    assert settings.sources["http_port"] == "default"
    assert settings.sources["web_workers"] == "derived from the machine"


def test_environment_goes_before_file_and_file_before_default(tmp_path: Path) -> None:
    (tmp_path / "hansa.toml").write_text('http_port = 9000\nhold_minutes = 7\nlanguages = ["en"]\n')

    settings = load_settings({"HANSA_HTTP_PORT": "9001"}, directory=tmp_path)

    assert settings.http_port == 9001
    assert settings.hold_minutes == 7
    assert settings.languages == ("en",)
    assert settings.sources["http_port"] == "environment variable HANSA_HTTP_PORT"
    assert settings.sources["hold_minutes"] == f"file {tmp_path / 'hansa.toml'}"
    assert settings.public_url == "http://127.0.0.1:9001"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"HANSA_HTTP_PORT": "shop"},
            r"http_port from .*HANSA_HTTP_PORT is 'shop': expected a whole",
        ),
        ({"HANSA_HTTP_PORT": "70000"}, r"expected a whole number from 1 to 65535"),
        ({"HANSA_HTTP_PORT": ""}, r"expected a whole number from 1 to 65535"),
        ({"HANSA_HTTP_PORT": "8000.5"}, r"expected a whole number"),
        ({"HANSA_DATABASE_WAIT_SECONDS": "nan"}, r"expected a number from 0.1 to 300"),
        ({"HANSA_LOG_JSON": "perhaps"}, r"log_json .* is 'perhaps': expected true or false"),
        ({"HANSA_LOG_LEVEL": "loud"}, r"expected one of debug, info, warning, error"),
        ({"HANSA_PUBLIC_URL": "shop.example"}, r"expected an address such as https://"),
        ({"HANSA_PUBLIC_URL": "https://shop.example/"}, r"without a path"),
        ({"HANSA_LANGUAGES": " , "}, r"languages is empty"),
        ({"HANSA_HTP_PORT": "1"}, r"no setting htp_port .*did you mean http_port\?"),
        ({"HANSA_NONSENSE_AT_ALL": "1"}, r"no setting nonsense_at_all .*check settings"),
        ({"HANSA_SECRET_KEY": "short"}, r"secret_key .* has 5 characters: expected at least 32"),
        (
            {"HANSA_CONFIG": "absent.toml"},
            r"HANSA_CONFIG names .*absent.toml, which cannot be read",
        ),
    ],
)
def test_wrong_setting_is_refused_with_which_and_why(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsInvalid, match=sentence):
        load_settings(environ, directory=tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("http_port = ", "not valid TOML"),
        ("http_port = true", "expected a whole number"),
        ("http_port = 80.5", "expected a whole number"),
        ("languages = [1, 2]", "expected a list"),
        ("[http]\nport = 1", "no setting http "),
        ('data_dir = "\\u0000"', "expected a path"),
    ],
)
def test_wrong_file_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "hansa.toml").write_text(content)

    with pytest.raises(SettingsInvalid, match=sentence):
        load_settings({}, directory=tmp_path)


def test_wrong_secret_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings({"HANSA_SECRET_KEY": "hidden"}, directory=tmp_path)

    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("missing", ["HANSA_SECRET_KEY", "HANSA_PUBLIC_URL", "HANSA_DATABASE_URL"])
def test_production_has_no_defaults_for_what_matters(tmp_path: Path, missing: str) -> None:
    environ = {name: value for name, value in PRODUCTION.items() if name != missing}

    with pytest.raises(SettingsInvalid, match=f"in production it has no default: set {missing}"):
        load_settings(environ, directory=tmp_path)

    assert load_settings(PRODUCTION, directory=tmp_path).environment == "production"


def test_secrets_show_nowhere(tmp_path: Path) -> None:
    settings = load_settings(PRODUCTION, directory=tmp_path)

    assert LONG_SECRET not in repr(settings)
    assert "pass@" not in repr(settings)
    assert LONG_SECRET not in str(settings.secret_key)
    assert settings_source.shown(settings.secret_key) == "(set)"
    assert (
        settings_source.masked_url(PRODUCTION["HANSA_DATABASE_URL"]) == "postgresql://***@db/hansa"
    )


def test_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    settings = dataclasses.replace(load_settings({}, directory=tmp_path), data_dir=tmp_path / "var")

    first = with_secret_key(settings).secret_key
    second = with_secret_key(settings).secret_key

    assert first == second
    assert len(first.reveal()) >= 32
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_roles_read_the_settings_their_supervisor_had(tmp_path: Path) -> None:
    given = {
        **PRODUCTION,
        "HANSA_KAFKA_SERVERS": "one:9092, two:9092",
        "HANSA_OUTBOUND_TIMEOUT_SECONDS": "2.5",
        "HANSA_LOG_JSON": "yes",
    }
    settings = load_settings(given, directory=tmp_path)

    again = load_settings(to_environment(settings), directory=tmp_path)

    assert again == settings
    assert again.secret_key == Secret(LONG_SECRET)


@pytest.mark.parametrize("cpu_count", [1, 2, 8, 128])
@pytest.mark.parametrize("memory_bytes", [GIB // 2, 4 * GIB, 512 * GIB])
def test_sizes_fit_the_machine(cpu_count: int, memory_bytes: int) -> None:
    machine = Machine(cpu_count=cpu_count, memory_bytes=memory_bytes)

    parameters = postgres_parameters(machine)

    processes = machine.web_workers + 2
    assert processes * machine.database_pool_size <= int(parameters["max_connections"])
    assert int(parameters["shared_buffers"].removesuffix("MB")) * 2**20 <= memory_bytes / 4
    assert parameters["synchronous_commit"] == "on"
