"""A store whose jobs a real worker carries out, in processes of its own."""

import os
import time
from contextlib import suppress

import psutil
from queued_work import prepared

from core.worker import launch


def wait(question, seconds=240):
    """Until `question()` is true; its answer. Patient, since the machines of tests are often busy."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return answer


class Server:
    """A store whose jobs a real worker carries out."""

    def __init__(self, store):
        self.store = store
        self.preparation = prepared(store)
        store.remember("demos_added", True)  # so that the worker does not read these first
        self.start()

    def start(self):
        launch.beat(self.store.root)
        self.worker = launch.start(self.store.settings.model_copy(update={"inline": False}))
        wait(lambda: launch.is_running(self.store.root))

    def status(self, run):
        return self.store.row("run", run)["status"]

    def log(self):
        return (self.store.root / "worker.log").read_text()

    def close(self):
        """Nothing of it is left: neither the worker nor those whom it started."""
        records = [*self.store.jobs(), *self.store.servers().values()]
        pids = {self.worker.pid} | {record["pid"] for record in records if record.get("pid")}
        for pid in pids - {os.getpid()}:
            with suppress(psutil.NoSuchProcess):
                if "core.worker" in psutil.Process(pid).cmdline():
                    psutil.Process(pid).kill()
        self.worker.wait(10)
