"""The tests of the store run on SQLite, and as slow tests on PostgreSQL."""

import pytest
from services import postgresql
from sqlalchemy import create_engine, text

from core.settings import Settings
from core.store import schema


@pytest.fixture(scope="session")
def postgresql_url():
    """The address of a PostgreSQL database that the tests of this process share."""
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def settings(request, tmp_path):
    """Settings of a server over an empty folder and an empty database, as in tests/conftest.py."""
    own = Settings(data_dir=tmp_path / "data", inline=True)
    if request.param == "sqlite":
        yield own
        return
    own = Settings(data_dir=own.data_dir, inline=True, database_url=request.getfixturevalue("postgresql_url"))
    yield own
    engine = create_engine(own.database)
    with engine.begin() as db:
        names = ", ".join(f'"{table.name}"' for table in schema.metadata.sorted_tables)
        db.execute(text(f"TRUNCATE {names}"))
    engine.dispose()


@pytest.fixture
def sqlite_only(settings):
    """Skip the test on PostgreSQL: it looks into the file of SQLite."""
    if settings.database_url:
        pytest.skip("of the file of SQLite")
