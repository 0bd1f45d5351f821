"""A program that uses the embedded server until its input ends.

`test_embedded.py` runs and kills it.
"""

import sys
from pathlib import Path

import psycopg

from hansa.runtime.database.embedded import embedded_postgres

with embedded_postgres(Path(sys.argv[1])) as dsn:
    with psycopg.connect(dsn) as connection:
        lowered = connection.execute("select lower('ПЛАТЬЕ')").fetchone()
    print("lowered", lowered == ("платье",))
    print("using", dsn)
    sys.stdin.read()
