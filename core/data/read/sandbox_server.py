"""python -m core.data.read.sandbox_server: has the readers loaded, and reads each file in a fork of itself, under limits.

One line of JSON asks, one line answers. A file that crashes, fills the memory or never ends takes its fork
along and nothing else. When whoever asks is gone, so is everything here, the half-read file included.
"""

import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path

POLL = 0.005  # seconds between two looks at the fork


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks; our end follows from theirs
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing that a library prints may pass for an answer
    from core.data.read import sandbox_task

    requests = os.fdopen(0, "rb", buffering=0)
    while line := requests.readline():
        request = json.loads(line)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _in_the_fork(sandbox_task, request)
        answer = _wait(child, request["seconds"])
        if answer is None:  # nobody is there to be answered
            shutil.rmtree(request["folder"], ignore_errors=True)
            return
        print(json.dumps(answer), file=answers, flush=True)


def _in_the_fork(work, request):
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        now, most = _data_now(), request["most_memory"]
        soft = min(request["memory"], most)
        resource.setrlimit(resource.RLIMIT_DATA, (now + soft, now + most))
        request["soft_limit"] = now + soft
        work.carry_out(request)
        code = 0
    finally:
        os._exit(code)  # past every handler: they are the server's


def _data_now():
    """Bytes of writable memory this process has mapped: what RLIMIT_DATA counts on Linux."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def _wait(child, seconds):
    """What became of the fork, or None where whoever asked has gone; either way the fork is no more."""
    end, late = time.monotonic() + seconds, False
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return {"code": code, "late": late, "peak": usage.ru_maxrss * 1024}
        if select.select([0], [], [], POLL)[0]:  # no request comes before the answer: this is the end
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        if time.monotonic() > end:
            late = True
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
