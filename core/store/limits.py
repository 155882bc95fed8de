"""How much one person may have: runs and jobs that wait, and bytes of datasets and runs; and the disk that stays free.

What goes beyond is refused with a sentence when it is asked for. The settings of the server hold for everybody, and an
administrator gives a person other limits.
"""

import shutil
import time
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from core.config.numbers import Number
from core.errors import UserError
from core.files import folder_bytes
from core.store.queue_tables import limits
from core.store.rows import TABLES
from core.store.schema import jobs
from core.store.status import Priority, Status

MAKES_FILES = (
    "read",
    "steps",
    "recipe",
    "join",
    "select",
    "train",
    "recommended",
    "choose",
    "search",
    "bundle",
    "map_export",
)
COUNTED_FOR = 30.0  # seconds for which the bytes of a person are not counted again
# What an administrator may give a person; empty: as the settings of the server say.
LIMITS = {
    "runs": Number("Waiting runs", whole=True, low=0, high=100_000, optional=True),
    "jobs": Number("Waiting jobs", whole=True, low=0, high=1_000_000, optional=True),
    "gigabytes": Number("Storage", low=0, high=1_000_000, unit="GB", optional=True),
    "weight": Number("Weight", low=0.1, high=100, optional=True),
}

_counted = {}  # (data folder, user) -> (time.monotonic(), bytes)


class NoRoom(UserError):
    """There is no room on the disk of the server, or what one person may use of it is used up."""


class Limit(NamedTuple):
    """The limits of one person; None of gigabytes: no limit."""

    runs: int
    jobs: int
    gigabytes: float | None
    weight: float


class Limits:
    """The limits of the people of a Database."""

    def __init__(self, database):
        self.database, self.settings = database, database.settings

    def own(self, user):
        """What an administrator has set for a person: {"runs", "jobs", "gigabytes", "weight"}, None where nothing."""
        with self.database.reading() as db:
            row = db.execute(select(limits).where(limits.c.user == user)).mappings().first()
        return {name: row[name] if row else None for name in LIMITS}

    def of(self, user):
        """The Limit of a person."""
        own, settings = self.own(user), self.settings
        server = (settings.max_queued_runs, settings.max_jobs, settings.max_storage_gb, 1.0)
        return Limit(
            *(
                default if own[name] is None else own[name]
                for name, default in zip(LIMITS, server, strict=True)
            )
        )

    def set(self, user, **values):
        """Give a person other limits, numbers or text; None: as the settings of the server say. Raises UserError."""
        values = {name: LIMITS[name].read(value) for name, value in values.items()}
        with self.database.transaction() as db:
            row = self.own(user) | values
            db.execute(delete(limits).where(limits.c.user == user))
            db.execute(insert(limits), row | {"user": user})

    # --- refusals

    def check_job(self, user, lane, kind):
        """Raise UserError where a job that was just queued for a person is one too many."""
        limit = self.of(user)
        with self.database.reading() as db:
            asked = (jobs.c.owner == user, jobs.c.status == Status.QUEUED, jobs.c.priority > Priority.AHEAD)
            in_lane = dict(
                db.execute(select(jobs.c.lane, func.count()).where(*asked).group_by(jobs.c.lane)).all()
            )
        if lane == "train" and in_lane.get("train", 0) > limit.runs:
            raise UserError(
                f"{limit.runs:,} of your runs wait for training, which is the most of one person: wait until one has "
                "ended, or stop one."
            )
        if sum(in_lane.values()) > limit.jobs:
            raise UserError(
                f"{limit.jobs:,} of your jobs wait, which is the most of one person: wait until some have ended, or stop "
                "some."
            )
        if kind in MAKES_FILES:
            self.check_storage(user)

    def check_storage(self, user, more=0):
        """Raise NoRoom where the disk is nearly full, or a person would have too many bytes with `more` of them."""
        check_disk(self.database.root, self.settings.min_free_gb)
        most = self.of(user).gigabytes
        if most is None:
            return
        used = self.bytes_of(user)
        if used + more > most * 1e9:
            raise NoRoom(
                f"Your datasets and runs take {used / 1e9:,.1f} GB, and one person may have {most:g} GB: delete what you no "
                "longer need, or ask an administrator for more."
            )

    def bytes_of(self, user):
        """Bytes of the datasets and runs of a person, at most COUNTED_FOR seconds old."""
        key = (self.database.root, user)
        at, total = _counted.get(key, (-COUNTED_FOR, 0))
        if time.monotonic() - at >= COUNTED_FOR:
            root, total = self.database.root, 0
            for kind in ("dataset", "run"):
                ids = self._ids(kind, user)
                total += sum(folder_bytes(root / f"{kind}s" / id) for id in ids)
            _counted[key] = (time.monotonic(), total)
        return total

    def _ids(self, kind, user):
        table = TABLES[kind]
        with self.database.reading() as db:
            return db.execute(select(table.c.id).where(table.c.owner == user)).scalars().all()


def free_bytes(folder, least_gb):
    """Bytes of the disk of a folder that may be used: those above the floor of `least_gb` gigabytes."""
    return shutil.disk_usage(folder).free - int(least_gb * 1e9)


def check_disk(folder, least_gb):
    """Raise NoRoom where less than `least_gb` gigabytes of the disk of a folder are free."""
    if (left := free_bytes(folder, least_gb)) < 0:
        free = left / 1e9 + least_gb
        raise NoRoom(
            f"The disk of the server is nearly full: {free:,.1f} GB are free, and {least_gb:g} GB have to stay free. Delete "
            "datasets and runs that nobody needs, or ask who runs the server to make room."
        )
