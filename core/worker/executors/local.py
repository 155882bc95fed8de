"""Jobs in processes of this machine; one waits with its libraries loaded, so that the next job begins at once."""

import subprocess
import sys
import time
from contextlib import suppress

import psutil

from core.worker.processes import identity, is_alive

PATIENCE = 5.0  # seconds for a killed process to end
ROOM = 4e9  # bytes of free memory below which no spare process is kept: it takes about 0.3e9
BEGINS = 30.0  # seconds until the process of a job has written down its number


class Local:
    """The processes that this queue started, and those that an earlier one did."""

    name = "local"

    def __init__(self, root):
        self.root = root
        self.children = {}  # pid -> Popen
        self.spare = None  # the Popen of a process that has its libraries loaded and waits for a job
        self.nameless = {}  # id of a running job without a process -> when it was seen, by time.monotonic

    def places(self, lane):
        """One job of a lane at a time."""
        return 1

    def submit(self, job):
        """Start a process for a job; returns its identity."""
        child = self.spare_for(job["id"]) or self.spawn("one", job["id"])
        return identity(child.pid)

    def cancel(self, job):
        """Kill the process of a job, and wait until it has ended."""
        if child := self.children.pop(job["pid"], None):
            child.kill()
            child.wait()
        elif is_alive(job):
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                process = psutil.Process(job["pid"])
                process.kill()
                process.wait(PATIENCE)

    def alive(self, job):
        """Whether the process of a job still runs. Popen.poll() decides for a child of this process: a killed process
        is a zombie in /proc, without an exit code, until its last thread has ended."""
        if child := self.children.get(job["pid"]):
            return child.poll() is None
        if not job[
            "pid"
        ]:  # an earlier queue was killed while it started the process, which writes its number itself
            seen = self.nameless.setdefault(job["id"], time.monotonic())
            return time.monotonic() - seen < BEGINS
        return is_alive(job)

    def code(self, job):
        """The exit code of the process of a job, or None where it is not known."""
        self.nameless.pop(job["id"], None)
        child = self.children.get(job["pid"])
        return child.poll() if child else None

    def ended(self):
        """The numbers of the children that have ended."""
        return {pid for pid, child in self.children.items() if child.poll() is not None}

    def forget(self, pids):
        """Drop children whose job has ended; the exit code of one that died during a job is kept until the job is failed."""
        for pid in pids:
            del self.children[pid]

    def keep_spare(self, is_busy):
        """Start a spare process where there is none and no work that it would slow down."""
        if (self.spare is None or self.spare.poll() is not None) and not is_busy:
            self.spare = self.spawn_spare()

    def spawn_spare(self):
        """The Popen of a spare process, or None where the machine has little memory left."""
        return (
            self.spawn("spare", stdin=subprocess.PIPE) if psutil.virtual_memory().available > ROOM else None
        )

    def spare_for(self, job_id):
        """The Popen of the spare process, which now carries out this job; None where there is none."""
        spare, self.spare = self.spare, None
        if spare is None or spare.poll() is not None:
            return None
        try:
            spare.stdin.write(f"{job_id}\n".encode())
            spare.stdin.close()
        except OSError:  # it has ended in the meantime
            return None
        return spare

    def spawn(self, *arguments, stdin=subprocess.DEVNULL):
        """The Popen of a new process of the worker, whose output goes to worker.log."""
        with open(self.root / "worker.log", "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "core.worker", *arguments],
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.children[child.pid] = child
        return child

    def stop(self):
        """Ask all children to save and end."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()

    def wait(self, seconds):
        """Wait so long for all children to end, and kill those that have not."""
        end = time.monotonic() + seconds
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, end - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
