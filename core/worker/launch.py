"""Start a worker and keep it running; the web process imports no other part of the worker."""

import fcntl
import os
import subprocess
import sys
import threading
import time

HEARTBEAT = 5.0  # seconds between two heartbeats
STALE = 30.0  # seconds without a heartbeat after which an idle worker stops


def is_running(root):
    """Whether a worker holds the lock of this data folder."""
    with open(root / "worker.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


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


def is_wanted(root):
    """Whether a web process has recorded a heartbeat within the last STALE seconds."""
    try:
        return time.time() - (root / "heartbeat").stat().st_mtime < STALE
    except FileNotFoundError:
        return False


def keep(settings):
    """Keep one worker running, by a thread of this process that restarts it; returns the thread."""

    def watch():
        child = None
        while True:
            beat(settings.data_dir)
            if not is_running(settings.data_dir) and (child is None or child.poll() is not None):
                child = start(settings)
            time.sleep(HEARTBEAT)

    thread = threading.Thread(target=watch, name="keep-worker", daemon=True)
    thread.start()
    return thread
