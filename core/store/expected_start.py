"""When a waiting job may start: the seconds of what runs and of what is taken before it."""

import statistics

from sqlalchemy import select

from core import config as configs
from core.config.job_arguments import SettingsArguments
from core.store.rows import Missing
from core.store.schema import jobs
from core.store.status import Status

RECENT = 20  # jobs of a kind, and epochs of a run, whose durations are looked at
MOST_AHEAD = 50  # jobs that are looked at: beyond, nobody can say


def seconds_until(database, ahead, now):
    """Seconds until the jobs `ahead`, as Database.ahead_of gives them, are done; None where that is not known.

    A training may end earlier than this, by early stopping.
    """
    if len(ahead) > MOST_AHEAD:
        return None
    usual = {}
    total = 0.0
    for job in ahead:
        if job["kind"] not in usual:
            usual[job["kind"]] = _usual(database, job["kind"])
        seconds = _of_training(database, job) if job["kind"] == "train" else None
        if seconds is None:
            seconds = usual[job["kind"]]
            if seconds is not None and job["status"] == Status.RUNNING:
                seconds = max(0.0, seconds - (now - (job["started"] or now)))
        if seconds is None:
            return None
        total += seconds
    return total


def _usual(database, kind):
    """The median seconds of the latest jobs of a kind that are done, or None."""
    done = (jobs.c.kind == kind, jobs.c.status == Status.DONE, jobs.c.started.is_not(None))
    query = select(jobs.c.started, jobs.c.ended).where(*done).order_by(jobs.c.created.desc()).limit(RECENT)
    with database.reading() as db:
        seconds = [ended - started for started, ended in db.execute(query)]
    return statistics.median(seconds) if seconds else None


def _of_training(database, job):
    """Seconds that a training still takes: by its last epochs, or by the forecast of its settings; None without either."""
    try:
        run = database.row("run", job["target"])
    except Missing:
        return 0.0
    n_done = database.n_epochs(run["id"])
    if run["n_epochs"] and n_done:
        last = database.epochs(run["id"], after=n_done - RECENT)
        seconds = [epoch["seconds"] for epoch in last if epoch["seconds"] is not None]
        if seconds:
            return statistics.mean(seconds) * max(0, run["n_epochs"] - n_done)
    return _forecast(database, run)


def _forecast(database, run):
    """The seconds of the newest forecast for the settings of a run, or None."""
    of_preparation = (
        jobs.c.kind == "forecast",
        jobs.c.target == run["preparation"],
        jobs.c.status == Status.DONE,
    )
    forecasts = sorted(database.jobs(*of_preparation), key=lambda job: job["created"], reverse=True)
    for job in forecasts[:RECENT]:
        settings = SettingsArguments.of_job(job).settings
        config = configs.upgraded(run["config"])
        if all(config.get(name) == value for name, value in settings.items()):
            return (job["result"] or {}).get("seconds")
    return None
