"""The database as one person may use it: whoever may only look changes nothing, and changes are recorded."""

import time

from core.store.audit import Audit
from core.store.limits import Limits
from core.store.roles import LOOKS_ONLY, NotAllowed, Role
from core.store.rows import Missing
from core.store.status import Status

# What anybody may call. Every other name of a Database is taken as a change: a new method is closed until it is listed.
READS = {
    *("root", "settings", "reading", "row", "rows", "exists", "count", "dataset_folder", "run_folder"),
    *("epochs", "job", "jobs", "waiting", "working", "ahead_of", "cancelled", "recall"),
    *("newest", "has", "n_epochs", "count_jobs", "count_waiting", "is_paused", "servers"),
}
RECORDED_JOBS = {
    "train": "train",
    "bundle": "create zip",
    "verify": "verify",
    "repeat": "repeat",
    "map": "map cells",
    "map_export": "export mapped cells",
    "markers": "compute markers",
    "clusters": "cluster cells",
    "choose": "choose settings",
    "recipe": "apply recipe",
    "recommended": "train with recommended settings",
}
STOPPED = (Status.CANCELLED, Status.CANCELLING)


class Permitted:
    """A Database for one user; raises NotAllowed where a viewer asks for a change."""

    def __init__(self, database, user, role):
        """`role` is a function that gives the Role: it is asked for when something is to change."""
        self._database, self._user, self._role = database, user, role

    def __getattr__(self, name):
        if name.startswith("__"):  # such as what pickle asks for
            raise AttributeError(name)
        if name not in READS:
            self.check()
        return getattr(self._database, name)

    def check(self):
        """Raise NotAllowed where the person may only look."""
        if self._role() == Role.VIEWER:
            raise NotAllowed(LOOKS_ONLY)

    def record(self, action, kind="", target="", name=""):
        """Add to the audit log what the person did."""
        Audit(self._database).record(self._user, action, kind, target, name)

    # --- changes that the audit log has

    def add(self, kind, owner, **values):
        """As Database.add."""
        self.check()
        with self._database.transaction():
            id = self._database.add(kind, owner, **values)
            if kind == "preparation":
                dataset = values.get("dataset", "")
                self.record("preprocess", "dataset", dataset, self._name("dataset", dataset))
            else:
                self.record("create", kind, id, values.get("name", ""))
        return id

    def add_run(self, owner, names, **values):
        """As Database.add_run."""
        self.check()
        with self._database.transaction():
            id = self._database.add_run(owner, names, **values)
            self.record("create", "run", id, self._name("run", id))
        return id

    def set(self, kind, id, **values):
        """As Database.set."""
        self.check()
        with self._database.transaction():
            self._database.set(kind, id, **values)
            if "name" in values:
                self.record("rename", kind, id, values["name"])
            if "remove_at" in values:
                action = "restore" if values["remove_at"] is None else "delete"
                self.record(action, kind, id, self._name(kind, id))

    def move(self, kind, id, old, new, **values):
        """As Database.move."""
        self.check()
        with self._database.transaction():
            moved = self._database.move(kind, id, old, new, **values)
            if moved and new in STOPPED:
                self.record("cancel", kind, id, self._name(kind, id))
        return moved

    def forget(self, kind, id):
        """As Database.forget."""
        self.check()
        name = self._name(kind, id)
        self._database.forget(kind, id)
        self.record("delete", kind, id, name)

    def submit(self, owner, lane, kind, target, arguments=None, token=None, priority=0):
        """As Database.submit."""
        self.check()
        begun = time.time()
        with self._database.transaction():
            id = self._database.submit(owner, lane, kind, target, arguments, token, priority)
            if self._database.job(id)["created"] < begun:  # the job of an earlier request with this token
                return id
            Limits(self._database).check_job(self._user, lane, kind)
            if kind in RECORDED_JOBS:
                row_kind = next((k for k in ("run", "dataset") if self._name(k, target)), "job")
                self.record(RECORDED_JOBS[kind], row_kind, target, self._name(row_kind, target))
        return id

    def _name(self, kind, id):
        try:
            return self._database.row(kind, id).get("name", "") if kind != "job" else ""
        except Missing:
            return ""
