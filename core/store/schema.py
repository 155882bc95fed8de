"""The tables, their version, and the upgrade of an older database."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from core.config.run_files import HISTORY
from core.errors import UserError
from core.store import postgresql, sqlite_copy
from core.store.run_summary import summary

VERSION = 6
RUN_SCORES = ("explained_rna", "explained_protein", "neighbours_kept", "knn_accuracy", "nmi", "ilisi")
TRIES = 50  # 0.1 seconds apart, while another process creates the same tables

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String(64), primary_key=True), Column("value", JSON))

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created", Float, nullable=False),
)


def _owned(*columns):
    """The columns that all tables of a person's rows share; times are seconds since 1970, UTC."""
    return (
        Column("id", String(32), primary_key=True),
        Column("owner", String(64), nullable=False, index=True),
        Column("visibility", String(16), nullable=False, default="private"),  # "private" or "shared"
        Column("status", String(16), nullable=False),
        Column("message", Text, nullable=False, default=""),
        Column("created", Float, nullable=False),
        *columns,
    )


datasets = Table(
    "datasets",
    metadata,
    *_owned(
        Column("name", String(400), nullable=False),
        # "demo:", "upload:", "inbox:", "server:" or "joined:" and a name; or a prefix before one of these: "repaired by
        # NAMES from", "filtered by NAMES from", "N cells selected from"
        Column("origin", Text, nullable=False),
        Column("record", JSON),  # core.config.dataset_record.DatasetRecord
    ),
)

preparations = Table(
    "preparations",
    metadata,
    *_owned(
        Column("dataset", String(32), nullable=False, index=True),
        Column("settings", JSON, nullable=False),  # the preprocessing settings of a RunConfig
        Column("record", JSON),  # core.config.preparation_record.PreparationRecord
    ),
)

runs = Table(
    "runs",
    metadata,
    *_owned(
        Column("dataset", String(32), nullable=False, index=True),
        Column("preparation", String(32), nullable=False),
        Column("name", String(200), nullable=False),
        Column("config", JSON, nullable=False),
        Column("phase", String(200), nullable=False, default=""),
        Column("n_epochs", Integer),
        Column("started", Float),
        Column("ended", Float),
        Column("best_epoch", Integer),
        Column("facts", JSON),  # core.config.run_facts.RunFacts
        Column("scores", JSON),
        Column("explored", String(16), nullable=False, default=""),  # a value of core.store.status.Explored
        Column("parent", String(32), index=True),  # the search that this run is a trial of
        # what people wrote on the Runs page; tags are separated by ", "
        Column("tags", Text, nullable=False, default=""),
        Column("note", Text, nullable=False, default=""),
        Column("starred", Boolean, nullable=False, default=False),
        Column("archived", Boolean, nullable=False, default=False),
        Column("remove_at", Float),  # a deleted run: nobody sees it, and its files go at this time
        # what the table of runs sorts by: core.store.run_summary
        Column("model", String(32)),
        Column("batch_column", String(200)),
        Column("changed", Text),
        Column("loss", Float),  # of the kept weights, on test cells where there are any
        Column("pca_loss", Float),  # on the same cells
        Column("judged_on", String(8)),  # "test", or "valid" where there are no test cells
        Column("device", String(200)),
        *(Column(name, Float) for name in RUN_SCORES),
        # the name, where no other run of the server may get it: NULL after a person has changed it, and in older runs
        Column("unique_name", String(200)),
    ),
    # What the table of runs counts and lists by default is read from these alone, without the rows and their JSON.
    Index(
        "runs_listed",
        *("owner", "visibility", "remove_at", "archived", "status", "created", "parent", "dataset", "id"),
    ),
    Index("runs_changed", "owner", "visibility", "remove_at", "archived", "changed", "id"),
    Index("runs_unique_name", "unique_name", unique=True),
)
Index(
    "runs_removed",
    runs.c.remove_at,
    sqlite_where=runs.c.remove_at.is_not(None),
    postgresql_where=runs.c.remove_at.is_not(None),
)

# Searches of settings; their trials are runs whose `parent` is the search.
searches = Table(
    "searches",
    metadata,
    *_owned(
        Column("dataset", String(32), nullable=False, index=True),
        Column("preparation", String(32), nullable=False, index=True),
        Column("name", String(200), nullable=False),
        Column("record", JSON, nullable=False),  # core.config.search.SearchRecord
        Column("paused", Boolean, nullable=False, default=False),
        Column("result", JSON),  # core.worker.jobs.search: trials, importance, the best run, how it is judged
        Column("remove_at", Float),  # as that of a run
    ),
)

epochs = Table(
    "epochs",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    *(Column(name, Float) for name in HISTORY[1:]),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("target", String(32), nullable=False, index=True),
    Column("arguments", JSON, nullable=False),  # core.config.job_arguments
    Column("token", String(120), unique=True),  # a second request with the same token gets the first job
    Column("priority", Integer, nullable=False, default=0),  # jobs of higher priority start first
    Column("status", String(16), nullable=False),
    Column("cancel", Boolean, nullable=False, default=False),
    Column("progress", Float, nullable=False, default=0.0),
    Column("message", Text, nullable=False, default=""),
    Column("result", JSON),
    Column("pid", Integer),
    Column("pid_started", Float),  # ticks since the boot
    Column("boot", String(40)),  # the id of the boot of the machine
    Column("deaths", Integer, nullable=False, default=0),  # of its processes, since the epoch `reached`
    Column("reached", Integer, nullable=False, default=0),  # of its run's newest checkpoint
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Index("jobs_waiting", "lane", "status", "created"),
)

# Clusterings of a run's cells that people made: one row for each version; pages show the newest version of each line.
clusterings = Table(
    "clusterings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run", String(32), nullable=False, index=True),
    Column("line", String(32), nullable=False, index=True),  # the id of its first version
    Column("author", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("title", String(200), nullable=False),
    Column("what", Text, nullable=False),  # the change from the previous version, as a sentence
    Column("groups", String(32), nullable=False),  # the key of its Groups
    Column("colours", JSON, nullable=False),  # {name of a group: "#rrggbb"} as people chose them
)


def _add_penalty(db):
    db.execute(text("ALTER TABLE epochs ADD COLUMN penalty_kl FLOAT"))


def _add_run_table(db):
    """The columns of the table of runs, filled with the summary of each run."""
    columns = ("parent VARCHAR(32)", "remove_at FLOAT", "changed TEXT", "loss FLOAT", "pca_loss FLOAT")
    columns += (
        "model VARCHAR(32)",
        "judged_on VARCHAR(8)",
        "batch_column VARCHAR(200)",
        "device VARCHAR(200)",
    )
    columns += tuple(f"{name} FLOAT" for name in RUN_SCORES)
    columns += tuple(f"{name} TEXT NOT NULL DEFAULT ''" for name in ("tags", "note"))
    columns += tuple(f"{name} BOOLEAN NOT NULL DEFAULT FALSE" for name in ("starred", "archived"))
    known = {column["name"] for column in inspect(db).get_columns("runs")}
    for column in columns:
        if column.split()[0] not in known:  # a process was killed between two of them, which SQLite keeps
            db.execute(text(f"ALTER TABLE runs ADD COLUMN {column}"))
    rows = db.execute(select(runs.c.id, runs.c.config, runs.c.facts, runs.c.scores)).mappings().all()
    for row in rows:
        db.execute(runs.update().where(runs.c.id == row["id"]).values(**summary(row)))


def _add_resuming(db):
    columns = (
        "epochs ADD COLUMN segment FLOAT DEFAULT 1",
        "jobs ADD COLUMN boot VARCHAR(40)",
        "jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0",
        "jobs ADD COLUMN reached INTEGER NOT NULL DEFAULT 0",
    )
    for column in columns:
        table, _, _, name, *_ = column.split()
        if name not in {known["name"] for known in inspect(db).get_columns(table)}:
            db.execute(text(f"ALTER TABLE {column}"))


MEASURES = (
    *("penalty_l2", "train_kl", "valid_kl", "gradient_norm", "cells_per_second"),
    *("cpu_percent", "memory_gb", "gpu_percent", "gpu_memory_gb"),
)


def _add_measures(db):
    """The columns of a history beside the losses; they are empty in runs of earlier versions."""
    known = {column["name"] for column in inspect(db).get_columns("epochs")}
    for name in MEASURES:
        if name not in known:
            db.execute(text(f"ALTER TABLE epochs ADD COLUMN {name} FLOAT"))


def _add_removal(db):
    """What makes the name of a run unique, and when a deleted search goes."""
    for table, column in (("runs", "unique_name VARCHAR(200)"), ("searches", "remove_at FLOAT")):
        if column.split()[0] not in {known["name"] for known in inspect(db).get_columns(table)}:
            db.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))


# {version n: function that upgrades an open connection to n + 1}. tests/fixtures has a database of every version.
UPGRADES = {1: _add_penalty, 2: _add_run_table, 3: _add_resuming, 4: _add_measures, 5: _add_removal}


def keep_before_upgrade(path):
    """Copy a SQLite file of an earlier version beside itself before it is upgraded; raises UserError where there is no room."""
    if not path or not Path(path).is_file():
        return
    try:
        with closing(
            sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=rw", uri=True, timeout=20)
        ) as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    except sqlite3.Error:  # empty, new or damaged: whoever opens it says so
        return
    if row and row[0] is not None and int(row[0]) < VERSION:
        sqlite_copy.copy_before_upgrade(path, int(row[0]))


def prepare(engine, now):
    """Create the tables of an empty database or upgrade an older one; raises UserError for a newer one."""
    for left in reversed(range(TRIES)):
        try:
            return _prepare(engine, now)
        except OperationalError as error:
            # SQLite waits for a lock, except where two processes that open a new file would wait for each other; and of
            # two that upgrade it, the second may find a column that was just added.
            if not left or not any(words in str(error) for words in ("locked", "duplicate column")):
                raise
            time.sleep(0.1)


def _prepare(engine, now):
    with engine.begin() as db:
        postgresql.alone(db)
        db.execute(CreateTable(meta, if_not_exists=True))
        version = db.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
        if version is not None and version > VERSION:
            raise UserError(
                f"This data folder was written by a newer Nuwa (schema {version}, this one knows {VERSION}): "
                "start that version, or choose another NUWA_DATA_DIR."
            )
        # metadata.create_all checks first and creates later; another process may create the table in between.
        for table in metadata.sorted_tables:
            db.execute(CreateTable(table, if_not_exists=True))
        for step in range(version or VERSION, VERSION):
            UPGRADES[step](db)
        for table in metadata.sorted_tables:  # after the steps, which add the columns of some indexes
            for index in table.indexes:
                db.execute(CreateIndex(index, if_not_exists=True))
        if version is None:
            row = {"key": "schema", "value": VERSION}
            db.execute(insert_once(engine, meta), row)
            db.execute(insert_once(engine, users), {"id": "local", "name": "local", "created": now})
        elif version < VERSION:
            db.execute(meta.update().where(meta.c.key == "schema").values(value=VERSION))


def insert_once(engine, table):
    """An insert that does nothing where a row of the same key or token exists."""
    if engine.dialect.name == "sqlite":
        return insert(table).prefix_with("OR IGNORE")
    from sqlalchemy.dialects.postgresql import insert as pg_insert

    return pg_insert(table).on_conflict_do_nothing()


def is_new(db, table, values, unique_name=False):
    """Insert a row unless one of the same key or token exists, or of the same "unique_name"; whether it was inserted."""
    insertion = insert_named(db.engine, table) if unique_name else insert_once(db.engine, table)
    first = list(table.primary_key)[0]
    # RETURNING, since the count of an INSERT is not known with every driver.
    return db.execute(insertion.returning(first), values).first() is not None


def insert_named(engine, table):
    """An insert that does nothing where another row has its "unique_name"."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing(index_elements=[table.c.unique_name])


def tune(connection, _record):
    """Set SQLite up for several processes: readers beside one writer, and nothing is lost when a process crashes."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=20000")  # first, so that the next statements wait for locks, too
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
