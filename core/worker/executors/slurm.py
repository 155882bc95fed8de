"""Jobs in Slurm: each is a batch job, submitted, listed and cancelled by Slurm's own commands."""

import os
import shlex
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from core.worker.executors.interface import Refused, Unreachable
from core.worker.executors.remote import Remote

HERE = Path(__file__).resolve().parents[3]
NAME = "nuwa-{handle}"
LOOK = 5.0  # seconds between two calls of squeue
BEGINS = 30.0  # seconds until squeue lists what sbatch has taken
ANSWER = 30  # seconds for a command of Slurm to answer
# A job in one of these waits or runs; squeue lists one that has ended for a while as well.
LIVES = {
    *("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"),
    *("REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESIZING", "SPECIAL_EXIT", "RESV_DEL_HOLD", "PREEMPTED"),
}
AWAY = ("unable to contact", "timed out", "connection refused", "socket", "communication")


class Slurm(Remote):
    """An executor that hands jobs to sbatch."""

    name = "slurm"

    def __init__(self, store, local):
        super().__init__(store, local)
        self.states, self.looked = {}, float("-inf")  # handle -> its state in Slurm, and when that was read
        self.sent = {}  # handle -> when it was submitted

    def places(self, lane):
        """As many as NUWA_SLURM_JOBS says: Slurm itself decides when they begin."""
        return self.store.settings.slurm_jobs

    def send(self, job, handle):
        settings = self.store.settings
        options = shlex.split(settings.slurm_options)
        if job["lane"] == "train":
            options += shlex.split(settings.slurm_train_options)
        script = shlex.join([sys.executable, "-m", "core.worker", "attend", job["id"], handle])
        _call(
            "sbatch",
            "--parsable",
            "--requeue",
            f"--job-name={NAME.format(handle=handle)}",
            f"--comment={job['kind']} {job['id']}",
            f"--chdir={HERE}",
            f"--output={self.store.root / 'worker.log'}",
            "--open-mode=append",
            *options,
            f"--wrap=exec {script}",
            env=os.environ | {"NUWA_DATA_DIR": str(self.store.root), "NUWA_INLINE": ""},
        )
        self.sent[handle] = time.monotonic()

    def take_back(self, job, handle):
        # Where this fails, the process ends at its next sign of life: the database has no row of it.
        with suppress(Refused, Unreachable):
            _call("scancel", f"--name={NAME.format(handle=handle)}")

    def alive(self, job):
        """Whether Slurm lists the job as waiting or running; where Slurm does not answer, the signs of life decide."""
        row = self.executions.one(job["id"])
        if row is None:
            return self.local.alive(job)
        self._look()
        if self.states is None:
            return self.has_begun_lately(row)
        handle = row["handle"]
        if handle not in self.states:
            return time.monotonic() - self.sent.setdefault(handle, time.monotonic()) < BEGINS
        return self.states[handle] in LIVES

    def _look(self):
        if time.monotonic() - self.looked < LOOK:
            return
        self.looked = time.monotonic()
        try:
            lines = _call("squeue", "--noheader", "--me", "--states=all", "--format=%j %T").splitlines()
        except (Refused, Unreachable):
            self.states = None
            return
        prefix = NAME.format(handle="")
        named = [line.split() for line in lines if line.startswith(prefix)]
        # Of two of one name the one that lives counts.
        self.states = {}
        for name, state, *_ in named:
            handle = name.removeprefix(prefix)
            if self.states.get(handle) not in LIVES:
                self.states[handle] = state


def _call(*command, env=None):
    """What a command of Slurm prints; raises Unreachable where Slurm does not answer, Refused for all else."""
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=ANSWER)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{command[0]} did not answer within {ANSWER} seconds") from None
    except OSError:
        raise Refused(
            f"The program {command[0]} is not on this server: install Slurm's client, or set NUWA_EXECUTOR=local."
        ) from None
    if done.returncode == 0:
        return done.stdout
    reason = (done.stderr.strip() or "no reason").splitlines()[-1].removeprefix(f"{command[0]}: ")
    if any(words in reason.lower() for words in AWAY):
        raise Unreachable(reason)
    raise Refused(f"Slurm refused this job ({reason[:200]}). An administrator checks NUWA_SLURM_OPTIONS.")
