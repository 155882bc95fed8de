"""The process beside a job on another machine: `python -m core.worker attend JOB HANDLE`.

It starts `python -m core.worker one JOB`, counts signs of life in the database, ends the job where the queue has given it
to another machine, and says how the process of the job ended.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress

from sqlalchemy.exc import OperationalError

from core.store import Missing, Status
from core.store.executions import Executions
from core.worker import lost_jobs
from core.worker.patience import patiently

LOOK = 0.2  # seconds between two looks at the process
PR_SET_PDEATHSIG = 1  # of prctl(2): the signal that a process gets when its parent ends


def attend(store, job_id, handle):
    """Carry out a job that was given out under a handle; nothing where the handle is no longer the job's."""
    executions = Executions(store)
    every = store.settings.lost_after / 30
    if not _begins(executions, job_id, handle, every):
        return
    child = start(store.root, job_id)
    before = _forward(child)
    try:
        _watch(store, executions, job_id, handle, child, every)
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    if executions.one(job_id) is None:
        return
    with suppress(Missing):
        job = store.job(job_id)
        if job["status"] == Status.RUNNING and (executions.one(job_id) or {}).get("handle") == handle:
            patiently(lambda: lost_jobs.lost(store, job, child.returncode))
    patiently(lambda: executions.end(job_id, handle))


def _begins(executions, job_id, handle, every):
    """Whether the handle is the job's and no other process is at work under it: Redis may deliver a task twice, and Slurm
    starts a script again after a requeue."""
    row = executions.one(job_id)
    if row is None or row["handle"] != handle:
        return False
    if row["beats"]:
        time.sleep(4 * every)
        if executions.one(job_id) != row:
            return False
    return executions.beat(job_id, handle)


def command(job_id):
    """The command of a job: the same everywhere."""
    return [sys.executable, "-m", "core.worker", "one", job_id]


def start(root, job_id):
    """The Popen of the process of a job, which ends with this one."""
    with open(root / "worker.log", "ab") as log:
        return subprocess.Popen(
            command(job_id),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _forward(child):
    """Let SIGTERM reach the job, which saves and ends; returns the handler of before, or None in a thread."""
    try:
        return signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    except ValueError:
        return None


def _watch(store, executions, job_id, handle, child, every):
    """Count signs of life until the process has ended; end it where the job is another's, or the database stays away."""
    last = asked = time.monotonic()
    while child.poll() is None:
        time.sleep(LOOK)
        now = time.monotonic()
        if now - asked < every:
            continue
        asked = now
        try:
            if executions.beat(job_id, handle):
                last = now
            elif not _is_done(store, job_id):
                child.kill()
        except OperationalError:
            traceback.print_exc()
            # The queue takes a silent job for dead after lost_after seconds; this process must have ended by then.
            if now - last > store.settings.lost_after * 2 / 3:
                child.kill()
    child.wait()


def _is_done(store, job_id):
    """Whether a job is done, so that its process is about to end."""
    try:
        return store.job(job_id)["status"] == Status.DONE
    except Missing:
        return False


def run(store, job_id, handle):
    """`attend` as a process of its own: exits with 0, since the database has how the job ended."""
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    attend(store, job_id, handle)
    return 0
