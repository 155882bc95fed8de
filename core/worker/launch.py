"""Start a worker and keep it running; the web process imports no other part of the worker."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

HEARTBEAT = 5.0  # seconds between two heartbeats
STOPS = 9.0  # seconds for a worker to save and end; docker kills all processes after 10
SIGN = "worker.alive"  # the file whose time is the last sign of life of the worker
STALE = 30.0  # seconds without a heartbeat after which an idle worker stops


def is_running(root):
    """Whether a worker holds the lock of this data folder."""
    with open(root / "worker.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def write_pid(lock):
    """Write the number of this process, which holds the lock, into its file."""
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def stop(root, seconds=STOPS):
    """Ask the worker of a data folder to save what is at work and end; returns whether it ended within so many seconds."""
    end = time.monotonic() + seconds
    if is_running(root):
        with suppress(ValueError, ProcessLookupError):  # it is just starting, or has just ended
            os.kill(int((root / "worker.lock").read_text()), signal.SIGTERM)
    while is_running(root):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def start(settings):
    """Start a worker in its own session, so that it outlives this process; returns its Popen."""
    root = settings.data_dir
    with open(root / "worker.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "core.worker"],
            env=os.environ | {"NUWA_DATA_DIR": str(root), "NUWA_INLINE": ""},
            cwd=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def beat(root):
    """Record that a web process still needs the worker."""
    (root / "heartbeat").touch()


def show_life(root):
    """Record that the worker is alive."""
    (root / SIGN).touch()


def silence(root):
    """Seconds since the last sign of life of the worker, or None where it was never started."""
    try:
        return max(0.0, time.time() - (root / SIGN).stat().st_mtime)
    except FileNotFoundError:
        return None


def is_wanted(root):
    """Whether a web process has recorded a heartbeat within the last STALE seconds."""
    try:
        return time.time() - (root / "heartbeat").stat().st_mtime < STALE
    except FileNotFoundError:
        return False


class Keeper:
    """Keeps one worker of a data folder running, by a thread of this process that restarts it."""

    def __init__(self, settings):
        self.settings, self._ended = settings, threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keep-worker", daemon=True)
        self._thread.start()

    def _watch(self):
        child = None
        while not self._ended.is_set():
            beat(self.settings.data_dir)
            if not is_running(self.settings.data_dir) and (child is None or child.poll() is not None):
                child = start(self.settings)
            self._ended.wait(HEARTBEAT)

    def stop(self):
        """Ask the worker to save what is at work and end, and wait for it; nothing restarts it."""
        self._ended.set()
        self._thread.join()
        stop(self.settings.data_dir)
