"""The ground the other tests stand on holds."""

from hansa.runtime.database import Database, Transaction
from hansa.runtime.database.migrate import head_revision


async def test_transaction_sees_migrated_database(tx: Transaction) -> None:
    assert await tx.scalar("select version_num from alembic_version") == head_revision()


async def test_first_of_two_tests_leaves_nothing(tx: Transaction) -> None:
    assert await tx.scalar("select to_regclass('left_over')") is None
    await tx.execute("create table left_over ()")


async def test_second_of_two_tests_leaves_nothing(tx: Transaction) -> None:
    assert await tx.scalar("select to_regclass('left_over')") is None
    await tx.execute("create table left_over ()")


async def test_committing_database_is_fresh(committing: Database, database: Database) -> None:
    async with committing.transaction() as tx:
        await tx.execute("create table only_here ()")

    async with database.snapshot() as snapshot:
        assert await snapshot.scalar("select to_regclass('only_here')") is None


async def test_cyrillic_words_are_found_by_their_stem(tx: Transaction) -> None:
    found = await tx.scalar("select to_tsvector('ru', 'Ёлки зелёные') @@ to_tsquery('ru', 'елка')")

    assert found is True
