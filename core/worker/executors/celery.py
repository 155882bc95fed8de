"""Jobs on Celery workers of any host: the queue sends one task for each free worker of the job's lane.

Redis keeps the tasks (NUWA_BROKER_URL). A worker of a host that died is noticed by the missing signs of life in the
database, long before the visibility timeout; its task, if Redis delivers it once more, finds another handle and ends.
"""

import threading
import time
from contextlib import suppress

from kombu.exceptions import OperationalError

from core.worker.executors.celery_app import QUEUE, TASK, app_of
from core.worker.executors.interface import Unreachable
from core.worker.executors.remote import Remote

LOOK = 5.0  # seconds between two questions which workers there are
ANSWER = 2.0  # seconds for workers to answer
ABSENT = 12.0  # seconds after its last answer that a worker still counts: one may be busy


class Celery(Remote):
    """An executor that sends tasks to workers."""

    name = "celery"

    def __init__(self, store, local):
        super().__init__(store, local)
        self.app = app_of(store.settings)
        self.workers = {}  # name -> (the queues that it listens to, when it answered)
        self._look = threading.Thread(target=self._watch, name="celery-workers", daemon=True)
        self._look.start()

    def places(self, lane):
        """One job for each worker that listens to the lane and has answered lately."""
        now = time.monotonic()
        known = list(self.workers.values())
        return sum(QUEUE.format(lane=lane) in queues and now - at < ABSENT for queues, at in known)

    def send(self, job, handle):
        try:
            self.app.send_task(
                TASK,
                (job["id"], handle),
                queue=QUEUE.format(lane=job["lane"]),
                task_id=handle,
                retry=False,
            )
        except (OperationalError, OSError) as error:
            raise Unreachable(str(error)) from None

    def take_back(self, job, handle):
        # Where this fails, the task ends as soon as it begins: the database has no row of it.
        with suppress(OperationalError, OSError):
            self.app.control.revoke(handle)

    def _watch(self):
        while True:
            try:
                answers = self.app.control.inspect(timeout=ANSWER).active_queues() or {}
            except Exception:  # Redis is away; the workers that were known count a while longer
                answers = {}
            for name, queues in answers.items():
                self.workers[name] = ({queue["name"] for queue in queues}, time.monotonic())
            time.sleep(LOOK)
