"""Rows and folders of the store; a status moves in one SQL statement, so that only one of two processes wins.

Writes that belong together, such as a row and the job that fills it, share `with database.transaction():`.
"""

import time
from pathlib import Path

from sqlalchemy import delete, func, insert, select, update

from core.config.run_files import HISTORY
from core.errors import UserError
from core.files import remove_folder
from core.store.connection import Connection
from core.store.dataset_folder import DatasetFolder
from core.store.job_rows import JobRows
from core.store.people_tables import project_items, shares
from core.store.rows import FOLDERS, TABLES, Missing, new_id, typed
from core.store.run_summary import summary
from core.store.schema import clusterings, datasets, epochs, is_new, jobs, meta, runs
from core.store.status import Status


class Database(JobRows):
    """All rows, under one folder. Can be pickled: another process opens the same one."""

    def __init__(self, settings):
        self.settings = settings
        self.root = Path(settings.data_dir)
        try:
            # Unpublished data, and pickles in cache/: a new folder is for this account alone.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("inbox", "uploads", *FOLDERS.values(), "cache"):
                (self.root / name).mkdir(exist_ok=True)
            (self.root / "cache").chmod(0o700)
        except OSError as error:
            problem = f"The data folder {self.root} cannot be used ({error.strerror})"
            raise UserError(
                f"{problem}: set NUWA_DATA_DIR to a folder that this account may write to."
            ) from None
        self.connection = Connection(settings.database)
        self.engine = self.connection.engine
        self.transaction, self.reading = self.connection.transaction, self.connection.reading

    def __reduce__(self):
        return type(self), (self.settings,)

    # --- rows

    def row(self, kind, id):
        """One row as a dict; raises Missing."""
        table = TABLES[kind]
        with self.reading() as db:
            row = db.execute(select(table).where(table.c.id == str(id))).mappings().first()
        if row is None:
            raise Missing.of(kind, id)
        return typed(row)

    def rows(self, kind, *conditions):
        """Rows as dicts, the newest first."""
        table = TABLES[kind]
        with self.reading() as db:
            rows = db.execute(select(table).where(*conditions).order_by(table.c.created.desc())).mappings()
            return [typed(row) for row in rows]

    def newest(self, kind, *conditions):
        """The newest row as a dict, or None where there is none."""
        table = TABLES[kind]
        # Its id first: sorting whole rows would read the JSON of all of them.
        newest = select(table.c.id).where(*conditions).order_by(table.c.created.desc()).limit(1)
        with self.reading() as db:
            row = db.execute(select(table).where(table.c.id == newest.scalar_subquery())).mappings().first()
        return row and typed(row)

    def exists(self, kind, id):
        """Whether there is a row of this kind and id."""
        return self.newest(kind, TABLES[kind].c.id == id) is not None

    def add(self, kind, owner, **values):
        """A new row of `kind` for `owner`; returns its id."""
        values = _new_row(owner) | values
        with self.transaction() as db:
            db.execute(insert(TABLES[kind]), _whole(kind, values))
        return values["id"]

    def add_run(self, owner, names, **values):
        """A new run for `owner` with the first of `names` that no other run has; returns its id.

        An index keeps names apart, so two processes that ask at once get two names.
        """
        values = _new_row(owner) | values
        with self.transaction() as db:
            for name in names:
                row = _whole("run", values | {"name": name, "unique_name": name})
                taken = db.execute(select(runs.c.id).where(runs.c.name == name).limit(1)).first()
                if not taken and is_new(db, runs, row, unique_name=True):
                    return values["id"]
        raise UserError("All names for this run are taken. Enter another name.")

    def set(self, kind, id, **values):
        """Change fields of a row other than its status."""
        table = TABLES[kind]
        with self.transaction() as db:
            db.execute(update(table).where(table.c.id == id).values(**_whole(kind, values)))

    def move(self, kind, id, old, new, **values):
        """Move a status from one of `old` to `new`, in one statement; False where it was another."""
        table = TABLES[kind]
        old = (old,) if isinstance(old, str) else tuple(old)
        values = _whole(kind, values)
        with self.transaction() as db:
            moved = (
                update(table).where(table.c.id == id, table.c.status.in_(old)).values(status=new, **values)
            )
            return db.execute(moved).rowcount == 1

    def move_explored(self, run_id, old, new):
        """Move how far the analysis of a run is from `old` to `new`, in one statement; False where it was another."""
        with self.transaction() as db:
            moved = update(runs).where(runs.c.id == run_id, runs.c.explored == old).values(explored=new)
            return db.execute(moved).rowcount == 1

    def forget(self, kind, id):
        """Remove a row and its folder for good."""
        table = TABLES[kind]
        with self.transaction() as db:
            db.execute(delete(table).where(table.c.id == id))
            db.execute(delete(jobs).where(jobs.c.target == id))
            db.execute(delete(shares).where(shares.c.kind == kind, shares.c.target == id))
            db.execute(
                delete(project_items).where(project_items.c.kind == kind, project_items.c.target == id)
            )
            if kind == "run":
                db.execute(delete(epochs).where(epochs.c.run == id))
                db.execute(delete(clusterings).where(clusterings.c.run == id))
        if kind in FOLDERS:
            remove_folder(self.root / FOLDERS[kind] / id)

    def forget_results(self, run_id):
        """Remove the jobs of a run but its training: their results are of weights that are to change."""
        with self.transaction() as db:
            db.execute(delete(jobs).where(jobs.c.target == run_id, jobs.c.kind != "train"))

    def has(self, table, *conditions):
        """Whether a table has a row that meets the conditions."""
        with self.reading() as db:
            return db.execute(select(func.count()).select_from(table).where(*conditions)).scalar() > 0

    # --- folders

    def dataset_folder(self, dataset_id):
        """The DatasetFolder of a dataset."""
        return DatasetFolder(self.root / "datasets" / dataset_id)

    def remove_unfinished_folder(self, dataset_id):
        """Remove the folder of a dataset that is not ready or no longer exists."""
        if not self.rows("dataset", datasets.c.id == dataset_id, datasets.c.status == Status.READY):
            remove_folder(self.dataset_folder(dataset_id).folder)

    def run_folder(self, run_id):
        """The folder of a run; raises Missing where the run was deleted, so that late work leaves nothing behind."""
        self.row("run", run_id)
        folder = self.root / "runs" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # --- epochs

    def add_epoch(self, run_id, record):
        """Save one epoch; returns the run's status, which may be "cancelling"."""
        with self.transaction() as db:
            db.execute(insert(epochs), {"run": run_id} | record)
            return db.execute(select(runs.c.status).where(runs.c.id == run_id)).scalar()

    def set_epochs(self, run_id, records):
        """Replace the epochs of a run: what came after the checkpoint that its training goes on from is trained again."""
        with self.transaction() as db:
            db.execute(delete(epochs).where(epochs.c.run == run_id))
            if records:
                db.execute(insert(epochs), [{"run": run_id} | record for record in records])

    def epochs(self, run_id, after=0):
        """The epochs of a run so far, those later than `after`, in order, as dicts with the names of history.csv."""
        with self.reading() as db:
            rows = db.execute(
                select(epochs).where(epochs.c.run == run_id, epochs.c.epoch > after).order_by(epochs.c.epoch)
            ).mappings()
            return [{name: row[name] for name in HISTORY} for row in rows]

    def n_epochs(self, run_id):
        """How many epochs of a run there are so far."""
        with self.reading() as db:
            return db.execute(select(func.count()).where(epochs.c.run == run_id)).scalar()

    # --- what the worker knows

    def remember(self, key, value):
        """Keep one small value under a name."""
        with self.transaction() as db:
            if not db.execute(update(meta).where(meta.c.key == key).values(value=value)).rowcount:
                db.execute(insert(meta), {"key": key, "value": value})

    def recall(self, key, default=None):
        """The value kept under a name."""
        with self.reading() as db:
            value = db.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
        return default if value is None else value

    def count(self, kind):
        """How many rows of a kind there are."""
        with self.reading() as db:
            return db.execute(select(func.count()).select_from(TABLES[kind])).scalar()


def _new_row(owner):
    """What every new row has."""
    row = {"id": new_id(), "owner": owner, "visibility": "private", "message": ""}
    return row | {"created": time.time()}


def _whole(kind, values):
    """The values of a row with the summary that follows from them, of a run."""
    return summary(values) | values if kind == "run" else values
