"""Where jobs of the lanes "train" and "slow" run: in processes of this machine, on Celery workers, or in Slurm.

The queue decides which job is next, so that the order is the same everywhere; an executor starts it. The job itself is
always `python -m core.worker one JOB` over the same database and data folder. Short work stays in the warm process
beside the queue, since a person waits for it.
"""


def of(store, local):
    """The Executor that the settings name; `local` is that of the queue's own machine."""
    name = store.settings.executor
    if name == "celery":
        from core.worker.executors.celery import Celery

        return Celery(store, local)
    if name == "slurm":
        from core.worker.executors.slurm import Slurm

        return Slurm(store, local)
    return local
