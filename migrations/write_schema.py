"""Write `schema.sql`: run all migrations on a database of its own and dump it."""

import tempfile
from pathlib import Path

from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from hansa.runtime.database.schema import dump_schema, schema_file

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hansa-schema-") as folder:
        Path(folder).chmod(0o711)
        with embedded_postgres(Path(folder), {"fsync": "off"}) as dsn:
            migrate(dsn)
            schema_file().write_text(dump_schema(dsn), encoding="utf-8")
