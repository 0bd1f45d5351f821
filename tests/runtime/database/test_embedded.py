"""The embedded server starts for its first user, stops after its last, survives kill -9."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import psycopg
import pytest

from hansa.runtime.database import embedded
from hansa.runtime.database.embedded import EmbeddedServer, PostgresFailed, embedded_postgres
from hansa.runtime.sizing import postgres_parameters, this_machine
from tests.support.processes import ROOT, Program, eventually, is_running, processes_naming

SERVER_USER = str(Path(__file__).with_name("server_user.py"))
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path: sockets have room for 93 bytes."""
    path = Path(tempfile.mkdtemp(prefix="hansa-e-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def using(data_dir: Path, **environment: str) -> AbstractContextManager[Program]:
    return Program.started(SERVER_USER, str(data_dir), environment=environment)


def server_pid(data_dir: Path) -> int:
    text = (data_dir / "postgresql" / "cluster" / "postmaster.pid").read_text()
    return int(text.splitlines()[0])


def may_run_python(uid: int) -> bool:
    """Whether that user can reach the interpreter and the sources."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import hansa"],
            cwd=ROOT,
            user=uid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0


def nothing_is_left(data_dir: Path) -> bool:
    return not processes_naming(str(data_dir))


def test_last_of_two_users_stops_the_server(data_dir: Path) -> None:
    with using(data_dir) as first, using(data_dir) as second:
        address = first.read_until("using")
        assert second.read_until("using") == address
        pid = server_pid(data_dir)

        assert first.say_goodbye() == 0
        assert is_running(pid)

        assert second.say_goodbye() == 0
        assert not is_running(pid)
    eventually(lambda: nothing_is_left(data_dir))


def test_kill_of_the_only_user_leaves_nothing(data_dir: Path) -> None:
    with using(data_dir) as user:
        user.read_until("using")
        pid = server_pid(data_dir)

        user.kill()

        eventually(lambda: not is_running(pid), what="the server outlived its killed user")
        eventually(lambda: nothing_is_left(data_dir))


def test_kill_of_one_user_does_not_disturb_the_other(data_dir: Path) -> None:
    with using(data_dir) as first, using(data_dir) as second:
        first.read_until("using")
        dsn = second.read_until("using").removeprefix("using ")

        first.kill()

        with psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert second.say_goodbye() == 0
    eventually(lambda: nothing_is_left(data_dir))


def test_kill_of_everything_at_once_is_repaired_by_the_next_start(data_dir: Path) -> None:
    with using(data_dir) as user:
        dsn = user.read_until("using").removeprefix("using ")
        with psycopg.connect(dsn) as connection:
            connection.execute("create table kept as select 1 as number")
        watchers = [
            process
            for process in processes_naming(str(data_dir))
            if process.pid != user.process.pid
        ]

        for process in watchers:
            process.kill()
        user.kill()
        psutil.wait_procs(watchers, timeout=10)

    with embedded_postgres(data_dir) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select number from kept").fetchone() == (1,)
    eventually(lambda: nothing_is_left(data_dir))


def test_killed_server_is_started_again_under_its_users(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    dsn = server.acquire()
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute("create table kept as select 1 as number")
        pid = server_pid(data_dir)
        assert server.ensure_running() is False

        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_running(pid))

        assert server.ensure_running() is True
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select number from kept").fetchone() == (1,)
    finally:
        server.release()
    eventually(lambda: nothing_is_left(data_dir))


def test_pid_file_that_names_another_program_does_not_stop_the_start(data_dir: Path) -> None:
    with embedded_postgres(data_dir) as dsn:
        pass
    pid_file = data_dir / "postgresql" / "cluster" / "postmaster.pid"
    with Program.started("-c", "import sys; sys.stdin.read()") as stranger:
        cluster = pid_file.parent
        sockets = data_dir / "postgresql" / "run"
        pid_file.write_text(
            f"{stranger.process.pid}\n{cluster}\n1\n5432\n{sockets}\n\n  1 1\nready\n"
        )

        with embedded_postgres(data_dir) as dsn, psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)

        assert is_running(stranger.process.pid)


def test_locale_of_the_caller_does_not_count(data_dir: Path) -> None:
    with using(data_dir, LC_ALL="C", LANG="C") as user:
        assert user.read_until("lowered") == "lowered True"
        user.read_until("using")

        assert user.say_goodbye() == 0


def test_interrupt_from_the_keyboard_reaches_the_user_and_not_the_server(data_dir: Path) -> None:
    with using(data_dir) as first, using(data_dir) as second:
        first.read_until("using")
        second.read_until("using")
        pid = server_pid(data_dir)

        os.killpg(first.process.pid, signal.SIGINT)
        assert first.process.wait(timeout=60) != 0

        assert is_running(pid)
        assert second.say_goodbye() == 0
    eventually(lambda: nothing_is_left(data_dir))


def test_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    draft = data_dir / "postgresql" / "cluster.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")

    with embedded_postgres(data_dir) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_cluster_of_another_release_is_refused_with_what_to_do(data_dir: Path) -> None:
    cluster = data_dir / "postgresql" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")

    with (
        pytest.raises(PostgresFailed, match=r"made by PostgreSQL 17.*backup"),
        embedded_postgres(data_dir),
    ):
        pass

    assert nothing_is_left(data_dir)


def test_long_path_gets_its_socket_elsewhere(data_dir: Path) -> None:
    deep = data_dir / ("d" * 60) / ("e" * 60)

    with embedded_postgres(deep) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_parameters_reach_the_server(data_dir: Path) -> None:
    parameters = {"work_mem": "7MB", "application_name": "it's ours"}

    with embedded_postgres(data_dir, parameters) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("show work_mem").fetchone() == ("7MB",)
        assert connection.execute("show application_name").fetchone() == ("it's ours",)


def test_parameters_derived_from_this_machine_are_taken(data_dir: Path) -> None:
    parameters = postgres_parameters(this_machine())

    with embedded_postgres(data_dir, parameters) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)
        assert connection.execute("show max_connections").fetchone() == (
            parameters["max_connections"],
        )


@needs_root
def test_root_may_use_a_folder_that_nobody_else_can_reach(data_dir: Path) -> None:
    data_dir.chmod(0o700)

    with embedded_postgres(data_dir / "var") as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)

    assert data_dir.stat().st_mode & 0o777 == 0o700
    home = (data_dir / "var" / "postgresql").resolve()
    assert home != data_dir / "var" / "postgresql"
    shutil.rmtree(home)


@needs_root
def test_a_cluster_elsewhere_goes_a_day_after_its_data_folder_and_no_other_does(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, private = data_dir / "root", data_dir / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(embedded, "ROOT_HOME", root)
    removed, moved, running = (private / name for name in ("removed", "moved", "running"))

    def cluster_of(folder: Path) -> Path:
        return (folder / "postgresql").resolve()

    def clusters() -> set[Path]:
        return set(root.glob("cluster-*"))

    def start_another(*, days_later: int) -> None:
        later = time.time() + days_later * 86_400
        with monkeypatch.context() as patched, contextlib.ExitStack() as stack:
            patched.setattr(embedded.time, "time", lambda: later)
            dsn = stack.enter_context(embedded_postgres(data_dir / "other"))
            connection = stack.enter_context(psycopg.connect(dsn))
            assert connection.execute("select 1").fetchone() == (1,)

    for folder in (removed, moved):
        with embedded_postgres(folder):
            pass
    gone, kept = cluster_of(removed), cluster_of(moved)
    with embedded_postgres(running) as dsn:
        busy = cluster_of(running)
        assert clusters() == {gone, kept, busy}
        shutil.rmtree(removed)
        shutil.rmtree(running)
        moved.rename(private / "elsewhere")

        start_another(days_later=0)
        assert clusters() == {gone, kept, busy}
        start_another(days_later=2)
        assert clusters() == {kept, busy}
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    start_another(days_later=2)

    assert clusters() == {kept}
    with embedded_postgres(private / "elsewhere") as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@needs_root
def test_a_folder_another_start_has_just_made_is_no_strangers(data_dir: Path) -> None:
    (data_dir / "postgresql" / "run").mkdir(mode=0o700, parents=True)  # and not yet given away

    with embedded_postgres(data_dir) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@needs_root
def test_a_folder_of_a_stranger_is_refused(data_dir: Path) -> None:
    sockets = data_dir / "postgresql" / "run"
    sockets.mkdir(mode=0o700, parents=True)
    os.chown(sockets, pwd.getpwnam("nobody").pw_uid, -1)

    with pytest.raises(PostgresFailed, match="belongs to somebody else"):
        EmbeddedServer(data_dir)


@needs_root
def test_ordinary_user_may_run_it(data_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(data_dir, nobody.pw_uid, nobody.pw_gid)
    if not may_run_python(nobody.pw_uid):
        pytest.skip("the source tree or Python is where only root may read")

    with Program.started(SERVER_USER, str(data_dir), user=nobody.pw_uid) as user:
        assert user.read_until("lowered") == "lowered True"
        user.read_until("using")
        assert psutil.Process(server_pid(data_dir)).uids().real == nobody.pw_uid
        assert user.say_goodbye() == 0
    eventually(lambda: nothing_is_left(data_dir))
