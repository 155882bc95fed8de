"""Make sure that a worker runs: the only part of the worker that the web process imports."""

import fcntl
import os
import subprocess
import sys
import threading
import time

HEARTBEAT = 5.0  # seconds between two looks
STALE = 30.0  # seconds without a heartbeat after which an idle worker stops


def is_running(root):
    """Does a worker hold the lock of this data folder?"""
    with open(root / "worker.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def start(settings):
    """Start a worker in a session of its own: it outlives the process that asked for it."""
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
    """Tell the worker that somebody may still want it."""
    (root / "heartbeat").touch()


def is_wanted(root):
    """Has a window been open within the last half minute?"""
    try:
        return time.time() - (root / "heartbeat").stat().st_mtime < STALE
    except FileNotFoundError:
        return False


def keep(settings):
    """Keep one worker alive from a thread of this process, for as long as this process lives."""

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
