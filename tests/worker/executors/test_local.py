"""Jobs in processes of this machine, one of which waits with its libraries loaded."""

import subprocess
import sys
import time
from types import SimpleNamespace

import psutil

from core.worker import processes
from core.worker.executors.local import BEGINS, Local


def test_a_spare_process_takes_one_job_or_ends_with_the_queue(tmp_path, monkeypatch):
    local = Local(tmp_path)
    echo = "import sys; sys.exit(0 if sys.stdin.readline() == 'job-1\\n' else 3)"
    spares = []

    def spawn(*arguments, stdin):
        assert arguments == ("spare",)
        spares.append(subprocess.Popen([sys.executable, "-c", echo], stdin=stdin))
        return spares[-1]

    monkeypatch.setattr(local, "spawn", spawn)
    local.keep_spare(is_busy=False)
    local.keep_spare(is_busy=False)
    assert len(spares) == 1
    assert local.spare_for("job-1") is spares[0] and local.spare is None
    assert spares[0].wait(60) == 0 and local.spare_for("job-2") is None
    local.keep_spare(is_busy=False)
    spares[1].stdin.close()  # as when the queue is killed
    assert spares[1].wait(60) == 3 and local.spare_for("job-3") is None
    local.keep_spare(is_busy=True)  # it would slow the work down
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1e9))
    local.keep_spare(is_busy=False)
    assert len(spares) == 2


def test_a_process_that_was_not_started_here_is_known_by_its_number_start_and_boot(tmp_path):
    local = Local(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    job = {"id": "a"} | processes.identity(child.pid)
    assert local.alive(job) and local.code(job) is None
    assert not local.alive(job | {"boot": "another machine"}) and not local.alive(job | {"pid_started": 1.0})
    local.cancel(job)
    assert not local.alive(job) and not psutil.pid_exists(child.pid)
    child.wait(20)


def test_a_job_without_a_process_is_given_time_to_write_its_number(tmp_path, monkeypatch):
    local = Local(tmp_path)
    job = {"id": "a", "pid": None}
    assert local.alive(job)
    later = time.monotonic() + BEGINS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not local.alive(job)
