"""What tests stand on.

Fixtures, defined in `tests/conftest.py`, free for every test:

- `now`: a fixed instant (2026-11-21 12:00 UTC); pass it wherever a function wants the time.
- `clock`: a `FixedClock` that stands at `now`; `clock.advance(timedelta(...))` moves it.
- `settings`: `Settings` of a test: development, a secret key, folders below `tmp_path`, the
  worker's database.
- `database`: the worker's `Database` (open pool). Use it for reads and for transactions that are
  rolled back. What a test commits through it stays for the following tests: take `committing`.
- `tx`: a `Transaction` on `database`, rolled back after the test. The usual fixture.
- `committing`: a `Database` on a fresh clone that nobody else uses: commit, race, run relay,
  worker or web server on it. `committing.dsn` is its address.
- `two_transactions`: two open `Transaction`s on `committing`; see `tests.support.races`.
- `database_dsn`: address of the worker's database; `empty_database_dsn`: of an empty one without
  migrations.
- `test_database_server`: the `TestServer` itself (`temporary("name")` lends further databases).

Async tests need no mark and all share one event loop per worker. Warnings are errors, sockets
reach this machine only, the order is random (`-p no:randomly` for a fixed one). Everything runs
on real PostgreSQL.
"""
