"""The warm processes of a queue: several for short work, and one that reads files.

Each keeps its numeric libraries loaded between jobs. The first one for short work is always there; further ones start when
work waits and all others are busy, as far as cores and memory allow, and end when nothing has come for a while.
"""

import os

import psutil

from core.worker.processes import is_alive

MOST = 4  # processes for short work
MEMORY_EACH = 3e9  # bytes of the machine's memory for each of them
ROOM = 2e9  # bytes of free memory below which no further one is started
FIRST, READER = "short", "read"


def most_short(settings):
    """How many processes for short work there may be at once: as NUWA_SHORT_WORKERS says, else by cores and memory."""
    if settings.short_workers:
        return settings.short_workers
    by_memory = int(psutil.virtual_memory().total / MEMORY_EACH)
    return max(1, min(MOST, len(os.sched_getaffinity(0)), by_memory))


def lane_of(name):
    """The lane of a server: "short-2" serves "short"."""
    return name.partition("-")[0]


class Servers:
    """The warm processes of one queue, by name: "short", "short-2" ..., "read"."""

    def __init__(self, store, spawn):
        """`spawn(*arguments)` starts a process of core.worker and returns its Popen."""
        self.store, self.spawn = store, spawn
        self.processes = {}
        most = most_short(store.settings)
        self.names = [FIRST, *(f"{FIRST}-{n}" for n in range(2, most + 1)), READER]

    def is_running(self, name):
        """Whether a server runs, also one that an earlier queue has started: it continues, and no second one is started."""
        process = self.processes.get(name)
        if process is not None:
            return process.poll() is None
        known = self.store.servers().get(name)
        return bool(known) and is_alive(known)

    def keep(self, working, waiting):
        """Start what is missing: the first for short work always, others where jobs wait and those that run are busy.

        `working` are the running jobs, and `waiting` {lane: how many jobs wait}.
        """
        running = {name for name in self.names if self.is_running(name)}
        if FIRST not in running:
            self.start(FIRST)
        for lane in (FIRST, READER):
            serving = sum(lane_of(name) == lane for name in running | {FIRST})
            busy = sum(job["lane"] == lane for job in working)
            missing = [name for name in self.names if lane_of(name) == lane and name not in running | {FIRST}]
            has_room = not serving or psutil.virtual_memory().available > ROOM
            if waiting.get(lane) and busy >= serving and missing and has_room:
                self.start(missing[0])

    def start(self, name):
        self.processes[name] = self.spawn(name)
