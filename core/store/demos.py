"""The demo datasets: shared by all, each there once."""

import time

from core.config.job_arguments import ReadArguments
from core.data import DEMO_TITLES
from core.store.rows import new_id
from core.store.schema import datasets
from core.store.status import Status

OWNER = "local"


def add_demo(database, name, created=None):
    """The id of a demo dataset of DEMO_TITLES; it is added, and its reading queued, where it is not there.

    `created` is the time that its row has, in seconds since 1970; by default now.
    """
    origin = f"demo:{name}"
    with database.transaction():
        if rows := database.rows("dataset", datasets.c.origin == origin):
            return rows[0]["id"]
        id, arguments = new_id(), ReadArguments(demo=name)
        job_id = database.submit(OWNER, "read", "read", id, arguments, token=origin)
        if (target := database.job(job_id)["target"]) != id:
            return target  # another process was quicker
        row = {"name": DEMO_TITLES[name], "origin": origin, "visibility": "shared"}
        return database.add(
            "dataset", OWNER, id=id, status=Status.QUEUED, created=created or time.time(), **row
        )
