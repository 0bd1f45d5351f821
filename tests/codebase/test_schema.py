"""`migrations/schema.sql` is what the migrations make."""

from hansa.runtime.database.schema import dump_schema, schema_file


def test_kept_schema_equals_the_migrated_database(database_dsn: str) -> None:
    assert schema_file().read_text(encoding="utf-8") == dump_schema(database_dsn), (
        "run `make fix` and look at the difference"
    )
