"""Which process works on a job: by its number, its start in ticks since the machine was booted, and that boot.

Steps of the wall clock change none of them, and a number that is used again does not either.
"""

import os
from functools import cache
from pathlib import Path

PROC = Path("/proc")


@cache
def boot():
    """The id of the boot of this machine."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def identity(pid=None):
    """{"pid", "pid_started", "boot"} of a process (of this one by default), as a job keeps it; raises ProcessLookupError."""
    pid = pid or os.getpid()
    return {"pid": pid, "pid_started": _stat(pid)[1], "boot": boot()}


def is_alive(record):
    """Whether the process of an `identity` still runs. One that has ended and is not waited for does not."""
    if not record.get("pid") or record.get("boot") != boot():
        return False
    try:
        state, started = _stat(record["pid"])
    except ProcessLookupError:
        return False
    return started == record["pid_started"] and state not in "ZX"


def _stat(pid):
    """(state, start in ticks since the boot) of a process."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"There is no process {pid}.") from None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return fields[0], float(fields[19])  # field 22 of the file, counted from the state, field 3
