"""The command `hansa` as a person or a script uses it: sentences, exit codes, no tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from hansa.assembly.commands.group import COMMANDS
from hansa.runtime.database.migrate import head_revision
from tests.support.commerceml import Sizes, write_catalog
from tests.support.database import TestServer
from tests.support.processes import ROOT

Hansa = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hansa(empty_database_dsn: str, tmp_path: Path) -> Hansa:
    """Run the command on an empty database; keywords are settings."""

    def run(*arguments: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "HANSA_DATABASE_URL": empty_database_dsn,
            "HANSA_DATA_DIR": str(tmp_path / "var"),
            **{f"HANSA_{name.upper()}": value for name, value in settings.items()},
        }
        return subprocess.run(
            [sys.executable, "-m", "hansa", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_help_names_every_command(hansa: Hansa) -> None:
    done = hansa("--help")

    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_migrate_works_once_and_then_finds_nothing_to_do(hansa: Hansa) -> None:
    first = hansa("migrate")
    second = hansa("migrate")

    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(f"Migrated to {head_revision()} in ")
    assert second.stdout == f"Nothing to do: the database is at {head_revision()}.\n"


@pytest.mark.parametrize("command", [["serve"], ["backup", "x.tar"], ["user", "list"]])
def test_database_without_migrations_is_refused_with_what_to_do(
    hansa: Hansa, command: list[str]
) -> None:
    done = hansa(*command)

    assert done.returncode == 1
    assert done.stderr.startswith("hansa: The database lacks")
    assert "run `hansa migrate`" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_reports_for_programs_and_by_its_exit_code(hansa: Hansa) -> None:
    unfit = hansa("check", "--json")
    hansa("migrate")
    fit = hansa("check", "--json")

    assert unfit.returncode == 1
    assert json.loads(unfit.stdout)["ok"] is False
    assert "hansa migrate" in json.loads(unfit.stdout)["checks"][0]["findings"][0]["message"]
    assert fit.returncode == 0, fit.stderr
    report = json.loads(fit.stdout)
    assert report["ok"] is True
    assert {"database", "outbox", "stock"} <= {each["area"] for each in report["checks"]}


def test_check_of_one_area_leaves_the_others_out(hansa: Hansa) -> None:
    hansa("migrate")

    done = hansa("check", "stock", "--json")

    assert {each["area"] for each in json.loads(done.stdout)["checks"]} == {"stock"}


def test_unknown_area_is_a_misuse(hansa: Hansa) -> None:
    done = hansa("check", "stok")

    assert done.returncode == 2
    assert "there is no area stok" in done.stderr


def test_check_settings_shows_value_and_source_and_no_secret(hansa: Hansa) -> None:
    secret = "a secret that is long enough to be taken"

    done = hansa("check", "settings", "--json", secret_key=secret, http_port="8123")

    report = json.loads(done.stdout)
    shown = {each["variable"]: each for each in report["settings"]}
    assert shown["HANSA_HTTP_PORT"]["value"] == "8123"
    assert shown["HANSA_HTTP_PORT"]["source"] == "environment variable HANSA_HTTP_PORT"
    assert shown["HANSA_SECRET_KEY"]["value"] == "(set)"
    assert secret not in done.stdout
    assert report["machine"]["cpu_count"] >= 1


def test_wrong_setting_stops_the_start_with_a_sentence(hansa: Hansa) -> None:
    done = hansa("serve", http_port="shop")

    assert done.returncode == 2
    assert done.stderr == (
        "hansa: http_port from environment variable HANSA_HTTP_PORT is 'shop': "
        "expected a whole number from 1 to 65535\n"
    )


def test_unknown_role_is_a_misuse(hansa: Hansa) -> None:
    done = hansa("serve", "--roles", "web,cook")

    assert done.returncode == 2
    assert "expected some of web, worker, relay" in done.stderr


def test_first_administrator_is_made_by_command(hansa: Hansa) -> None:
    hansa("migrate")

    weak = hansa("user", "create", "a@example.org", "--password-stdin", typed="password\n")
    mute = hansa("user", "create", "a@example.org")
    made = hansa(
        "user", "create", "a@example.org", "--password-stdin", typed="correct horse battery\n"
    )
    listed = hansa("user", "list")

    assert weak.returncode == 1
    assert weak.stderr.startswith("hansa: Choose a password")
    assert mute.returncode == 2
    assert made.returncode == 0, made.stderr
    assert listed.stdout == "a@example.org: administrator\n"


def test_backup_is_restored_into_another_installation(
    hansa: Hansa, test_database_server: TestServer, tmp_path: Path
) -> None:
    hansa("migrate")
    hansa("user", "create", "a@example.org", "--password-stdin", typed="correct horse battery\n")
    (tmp_path / "var" / "files").mkdir(exist_ok=True)
    (tmp_path / "var" / "files" / "picture.webp").write_bytes(b"picture")
    archive = str(tmp_path / "hansa.tar")

    saved = hansa("backup", archive)
    with test_database_server.temporary("restored", empty=True) as dsn:
        elsewhere = {"database_url": dsn, "data_dir": str(tmp_path / "elsewhere")}
        restored = hansa("restore", archive, **elsewhere)
        again = hansa("restore", archive, **elsewhere)
        checked = hansa("check", **elsewhere)
        listed = hansa("user", "list", **elsewhere)

    assert saved.returncode == 0, saved.stderr
    assert restored.returncode == 0, restored.stderr
    assert again.returncode == 1
    assert "not empty" in again.stderr
    assert checked.returncode == 0, checked.stdout
    assert listed.stdout == "a@example.org: administrator\n"
    assert (tmp_path / "elsewhere" / "files" / "picture.webp").read_bytes() == b"picture"
    key = (tmp_path / "var" / "secret_key").read_text()
    assert (tmp_path / "elsewhere" / "secret_key").read_text() == key


def test_restore_refuses_what_is_no_archive(hansa: Hansa, tmp_path: Path) -> None:
    (tmp_path / "note.tar").write_text("not a tar")

    done = hansa("restore", str(tmp_path / "note.tar"))

    assert done.returncode == 1
    assert "is damaged" in done.stderr


def test_database_that_does_not_answer_is_said_in_a_sentence(hansa: Hansa) -> None:
    done = hansa("migrate", database_url="postgresql:///nothing?host=/nowhere")

    assert done.returncode == 1
    assert done.stderr.startswith("hansa: The database does not answer")
    assert "Traceback" not in done.stderr


def test_role_without_the_right_to_make_extensions_is_told_so(
    hansa: Hansa, test_database_server: TestServer, empty_database_dsn: str
) -> None:
    name = f"weak_{os.getpid()}"
    with psycopg.connect(empty_database_dsn, autocommit=True) as connection:
        connection.execute(f"create role {name} login".encode())
        try:
            done = hansa(
                "migrate", database_url=empty_database_dsn.replace("//hansa@", f"//{name}@")
            )
        finally:
            connection.execute(f"drop role {name}".encode())

    assert done.returncode == 1
    assert "let a superuser create btree_gist, ltree, pg_trgm, unaccent" in done.stderr


def test_an_export_of_1c_is_loaded_into_an_empty_installation(
    hansa: Hansa, tmp_path: Path, empty_database_dsn: str
) -> None:
    (tmp_path / "export").mkdir()
    write_catalog(tmp_path / "export", Sizes(products=7, variants=2, warehouses=3))
    hansa("migrate")

    first = hansa("import", "commerceml", str(tmp_path / "export"))
    second = hansa("import", "commerceml", str(tmp_path / "export"))
    rebuilt = hansa("rebuild", "search")
    checked = hansa("check", "stock", "search", "erp")

    assert first.returncode == 0, first.stderr
    assert "opened ru, in RUB" in first.stderr
    assert [line.partition(";")[0] for line in first.stdout.splitlines()] == [
        "import.xml: done",
        "offers.xml: done",
    ]
    assert second.returncode == 0, second.stderr
    assert "opened" not in second.stderr
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert checked.returncode == 0, checked.stdout
    with psycopg.connect(empty_database_dsn) as connection:
        (products,) = connection.execute("select count(*) from catalog_product").fetchone() or (0,)
        (shown,) = connection.execute("select count(*) from search_product").fetchone() or (0,)
    assert (products, shown) == (7, 7)


def test_a_market_is_opened_and_its_money_stays(hansa: Hansa) -> None:
    hansa("migrate")

    opened = hansa(
        "market", "open", "kz", "--currency", "KZT", "--country", "KZ", "--time-zone", "Asia/Almaty"
    )
    odd = hansa("market", "open", "by", "--tax", "much")
    changed = hansa("market", "open", "kz", "--currency", "USD")

    assert opened.stdout == "The market kz is open, in KZT.\n"
    assert odd.returncode == 2
    assert changed.returncode == 1
    assert changed.stderr == "hansa: The currency of a market cannot be changed.\n"


def test_repair_shows_what_it_would_write_and_writes_only_when_told(
    hansa: Hansa, empty_database_dsn: str
) -> None:
    hansa("migrate")
    wrong = "insert into stock_counter values (gen_random_uuid(), 'ru', 0, 3)"
    with psycopg.connect(empty_database_dsn, autocommit=True) as connection:
        connection.execute(wrong.encode())

    dry = hansa("repair", "stock")
    again = hansa("repair", "stock")
    applied = hansa("repair", "stock", "--apply")
    clean = hansa("repair", "stock")

    assert (dry.returncode, again.stdout) == (1, dry.stdout)
    assert dry.stdout.startswith("reserved of ")
    assert "in ru: 3 -> 0" in dry.stdout
    assert applied.returncode == 0, applied.stderr
    assert "Put right: 1." in applied.stdout
    assert (clean.returncode, clean.stdout) == (0, "Nothing to repair in stock.\n")
    assert hansa("check", "stock").returncode == 0
