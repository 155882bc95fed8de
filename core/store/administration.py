"""What an administrator does: people, storage, the queue, the state of the server, the audit log."""

import importlib.metadata
import platform
import time
from collections import Counter

import psutil
from sqlalchemy import update

from core import __version__
from core.errors import UserError
from core.files import folder_bytes
from core.store import schema
from core.store.accounts import link_address
from core.store.audit import Audit
from core.store.job_rows import PAUSED
from core.store.rows import TABLES
from core.store.runs import Runs
from core.store.sessions import Sessions
from core.store.status import FINISHED

PACKAGES = ("torch", "anndata", "scanpy", "numpy", "dash", "plotly", "SQLAlchemy", "waitress")
LOG_BYTES = 64 * 1024  # of worker.log that are shown


class Administration:
    """The server as its administrator sees it; every method raises NotAllowed for anybody else."""

    def __init__(self, access):
        self.access, self.store = access, access.accounts.database
        self.accounts = access.accounts

    def _record(self, action, user, name=""):
        self.access.database.record(action, "account", user, name)

    # --- people

    def people(self):
        """Accounts, each with "seen", "bytes", "datasets" and "runs" of the person."""
        self.access.check_admin()
        seen, storage = Sessions(self.store).last_seen(), self.storage()
        nothing = {"bytes": 0, "datasets": 0, "runs": 0}
        return [
            row | {"seen": seen.get(row["user"])} | storage.get(row["user"], nothing)
            for row in self.accounts.all()
        ]

    def invite(self, role):
        """The address of a one-time link that creates an account of a role."""
        self.access.check_admin()
        secret = self.accounts.invite(role)
        self._record("invite", "", str(role))
        return link_address(self.store.settings, secret)

    def reset(self, user):
        """The address of a one-time link by which a person sets a new password."""
        self.access.check_admin()
        secret = self.accounts.reset(user)
        self._record("reset password", user)
        return link_address(self.store.settings, secret)

    def set_role(self, user, role):
        """Give a person another role."""
        self.access.check_admin()
        self.accounts.set_role(user, role)
        self._record("change role", user, str(role))

    def set_active(self, user, active):
        """Let a person sign in, or not: then the person is signed out at once."""
        self.access.check_admin()
        self.accounts.set_active(user, active)
        self._record("activate" if active else "deactivate", user)

    def sign_out(self, user):
        """End all sessions of a person; returns their number."""
        self.access.check_admin()
        self.accounts.one(user)
        n = Sessions(self.store).close_all(user)
        self._record("sign out everywhere", user)
        return n

    def give(self, owner, user):
        """Give all datasets, preparations, runs and jobs of `owner` to `user`; returns the number of rows."""
        self.access.check_admin()
        self.accounts.one(user)
        if owner == user:
            raise UserError("Name two different people.")
        n = 0
        with self.store.transaction() as db:
            for table in TABLES.values():
                n += db.execute(update(table).where(table.c.owner == owner).values(owner=user)).rowcount
            db.execute(update(schema.jobs).where(schema.jobs.c.owner == owner).values(owner=user))
            self._record("give rows", user, f"{n} rows of {owner}")
        return n

    # --- storage, queue, server

    def storage(self):
        """{user: {"bytes", "datasets", "runs"}} of what lies in the data folder."""
        self.access.check_admin()
        result = {}
        for kind in ("dataset", "run"):
            for row in self.store.rows(kind):
                of_user = result.setdefault(row["owner"], {"bytes": 0, "datasets": 0, "runs": 0})
                of_user[f"{kind}s"] += 1
                of_user["bytes"] += folder_bytes(self.store.root / f"{kind}s" / row["id"])
        return result

    def limits(self):
        """Accounts, each with the "limits" that were set for the person, and the "used" of each."""
        self.access.check_admin()
        limits = self.access.limits
        waiting = Counter((job["owner"], job["lane"]) for job in self.store.waiting())
        result = []
        for row in self.accounts.all():
            user = row["user"]
            n = sum(count for (owner, _), count in waiting.items() if owner == user)
            used = {"runs": waiting[user, "train"], "jobs": n, "gigabytes": limits.bytes_of(user) / 1e9}
            result.append(row | {"limits": limits.own(user), "of": limits.of(user), "used": used})
        return result

    def set_limits(self, user, **values):
        """Give a person other limits (core.store.limits); None: as the settings of the server say."""
        self.access.check_admin()
        self.accounts.one(user)
        self.access.limits.set(user, **values)
        said = ", ".join(f"{name} {'default' if value is None else value}" for name, value in values.items())
        self._record("set limits", user, said)

    def pause(self):
        """Start no further training and no slow job; what runs goes on, and pages stay usable."""
        self.access.check_admin()
        self.store.remember(PAUSED, {"by": self.access.user, "at": time.time()})
        self.access.database.record("pause queue")

    def unpause(self):
        """Start waiting jobs again."""
        self.access.check_admin()
        self.store.remember(PAUSED, None)
        self.access.database.record("resume queue")

    def paused(self):
        """{"by", "at"} of the pause of the queue, or None."""
        self.access.check_admin()
        return self.store.recall(PAUSED)

    def move_to_front(self, job_id):
        """Let a waiting job start before all others of its lane."""
        self.access.check_admin()
        job = self.store.job(job_id)
        if not self.store.move_to_front(job_id):
            raise UserError("This job does not wait: only waiting jobs can be moved.")
        self.access.database.record("move job to front", "job", job_id, f"{job['kind']} of {job['owner']}")

    def queue(self):
        """Running jobs, then waiting ones in the order in which they are taken, as dicts with the "name" of the owner."""
        self.access.check_admin()
        names = self.accounts.names()
        jobs = [*self.store.working(), *self.store.waiting()]
        return [job | {"name": names.get(job["owner"], job["owner"])} for job in jobs]

    def stop(self, job_id):
        """Stop anybody's job; a training ends after its epoch and keeps what it has learnt."""
        self.access.check_admin()
        job = self.store.job(job_id)
        if job["status"] in FINISHED:
            raise UserError("This job has ended already.")
        if job["kind"] == "train":
            Runs(type(self.access)(self.store, job["owner"]), None).cancel(job["target"])
        else:
            self.store.stop_job(job_id)
        self.access.database.record("stop job", "job", job_id, f"{job['kind']} of {job['owner']}")

    def device(self):
        """What the worker found out about its device, or None before it has."""
        self.access.check_admin()
        return self.store.recall("device")

    def workers(self):
        """{"heartbeat": seconds since a web process asked for the worker, or None; "processes": its running ones}."""
        self.access.check_admin()
        path = self.store.root / "heartbeat"
        heartbeat = time.time() - path.stat().st_mtime if path.exists() else None
        jobs = {job["pid"]: job for job in self.store.working() if job["pid"]}
        processes = []
        for name, server in sorted(self.store.servers().items()):
            job = jobs.pop(server["pid"], None)
            processes.append({"lane": name, "pid": server["pid"], "job": job and job["kind"]})
        processes += [{"lane": job["lane"], "pid": job["pid"], "job": job["kind"]} for job in jobs.values()]
        alive = [one | {"alive": psutil.pid_exists(one["pid"])} for one in processes]
        return {"heartbeat": heartbeat, "processes": alive}

    def versions(self):
        """{name: version} of Nuwa, its store, Python and the libraries that results depend on."""
        self.access.check_admin()
        own = {"Nuwa": __version__, "Schema of the store": str(schema.VERSION)}
        own["Python"] = platform.python_version()
        return own | {name: importlib.metadata.version(name) for name in PACKAGES}

    def log(self):
        """The end of worker.log."""
        self.access.check_admin()
        path = self.store.root / "worker.log"
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode(errors="replace")

    def audit(self, **filters):
        """Rows of the audit log, as Audit.rows gives them, with the "who" of each."""
        self.access.check_admin()
        names = self.accounts.names()
        return [
            row | {"who": names.get(row["user"], row["user"])} for row in Audit(self.store).rows(**filters)
        ]

    def actions(self):
        """The actions that the audit log has."""
        self.access.check_admin()
        return Audit(self.store).actions()
