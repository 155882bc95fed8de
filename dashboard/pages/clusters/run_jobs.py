"""Jobs whose result is kept with the run, for everybody who may see it."""

from core.store import FINISHED, Missing


def ask(view, kind, run_id, arguments):
    """Queue a job of a run, unless one of this kind is queued or running; returns the job's id."""
    job = view.jobs.last(run_id, kind)
    if job and job["status"] not in FINISHED:
        return job["id"]
    return view.jobs.submit(kind, run_id, arguments, priority=1)


def result_file(view, run_id, name):
    """The path of the file that a job has left, or None while there is none."""
    try:
        return view.results.file(run_id, name)
    except Missing:
        return None
