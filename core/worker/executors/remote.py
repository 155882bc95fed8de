"""What executors on other machines share: handles, signs of life, and jobs that an earlier executor started.

A job is given out under a handle. Its process counts signs of life in the database as long as the handle is the job's,
and ends where it is not: of two machines that were given the same job, one alone works on it.
"""

import secrets
import time

from core.store.executions import Executions

LOOK = 1.0  # seconds between two looks that count at most: while the database is away, silence proves nothing


class Remote:
    """An executor whose processes are on other machines."""

    name = ""

    def __init__(self, store, local):
        self.store, self.local = store, local
        self.executions = Executions(store)
        self.silent = {}  # id of a job -> (handle, signs of life, seconds of silence, when it was looked at)

    def submit(self, job):
        """Give a job out under a new handle."""
        handle = secrets.token_hex(8)
        self.executions.begin(job["id"], self.name, handle)
        try:
            self.send(job, handle)
        except Exception:
            self.executions.end(job["id"], handle)
            raise
        return {}

    def send(self, job, handle):
        """Have `python -m core.worker attend JOB HANDLE` run somewhere. Raises Unreachable or Refused."""
        raise NotImplementedError

    def take_back(self, job, handle):
        """Remove a job from the executor where it still waits there."""
        raise NotImplementedError

    def cancel(self, job):
        """End the process of a job: at once here, at its next sign of life on another machine."""
        row = self.executions.one(job["id"])
        if row is None:
            return self.local.cancel(job)
        self.executions.end(job["id"])
        self.take_back(job, row["handle"])

    def alive(self, job):
        """Whether the executor holds the job, or its process has given a sign of life lately."""
        row = self.executions.one(job["id"])
        if row is None:
            return self.local.alive(job)
        return self.has_begun_lately(row)

    def has_begun(self, job):
        """Whether a process has begun with the job since it was given out."""
        row = self.executions.one(job["id"])
        return row is None or row["beats"] > 0

    def has_begun_lately(self, row):
        """Whether the signs of life of an execution have changed within NUWA_LOST_AFTER seconds, as looked at from here."""
        now, known = time.monotonic(), self.silent.get(row["job"])
        state = (row["handle"], row["beats"])
        if known is None or known[:2] != state:
            self.silent[row["job"]] = (*state, 0.0, now)
            return True
        seconds = known[2] + min(now - known[3], LOOK)
        self.silent[row["job"]] = (*state, seconds, now)
        return seconds < self.store.settings.lost_after
