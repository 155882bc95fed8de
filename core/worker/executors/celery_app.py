"""The Celery application, and the worker of a host: `python -m core.worker celery [LANE ...]`."""

import socket
import sys

import psutil
from celery import Celery, signals

from core import settings as environment
from core.errors import UserError

QUEUE, TASK = "nuwa.{lane}", "nuwa.one"
LANES = ("train", "slow")
# Seconds until Redis gives a task that was not acknowledged to another worker: above the longest run, since a second
# delivery is not what resumes a run (core.worker.executors.remote is).
VISIBILITY = 90 * 24 * 3600


def app_of(settings):
    """The application over the Redis of NUWA_BROKER_URL."""
    app = Celery("nuwa", broker=settings.broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # the signs of life in the database decide
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": VISIBILITY, "socket_timeout": 20},
    )
    return app


def serve(lanes):
    """Carry out the jobs of these lanes, one at a time, until SIGTERM; the run at work is saved and goes on elsewhere."""
    unknown = set(lanes) - set(LANES)
    if unknown:
        raise UserError(f"There is no lane '{min(unknown)}': choose among {' and '.join(LANES)}.")
    settings = environment.from_environment()
    app = app_of(settings)

    @app.task(name=TASK)
    def one(job_id, handle):
        from core.store import Store
        from core.worker.attend import attend

        store = Store(settings)
        try:
            attend(store, job_id, handle)
        finally:
            store.engine.dispose()

    signals.worker_shutting_down.connect(_end_jobs, weak=False)
    queues = ",".join(QUEUE.format(lane=lane) for lane in lanes or LANES)
    name = f"nuwa-{'-'.join(lanes or LANES)}-{psutil.Process().pid}@{socket.gethostname()}"
    app.worker_main(["worker", "--queues", queues, "--hostname", name, "--loglevel", "WARNING"])
    return 0


def _end_jobs(**_):
    """Ask the job of this worker to save and end; Celery itself waits for its end."""
    for child in psutil.Process().children(recursive=True):
        try:
            if child.cmdline()[1:4] == ["-m", "core.worker", "one"]:
                child.terminate()
        except psutil.Error as error:
            print(error, file=sys.stderr)  # it has just ended
