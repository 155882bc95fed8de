"""The only writer: users, datasets, preparations, runs, epochs and jobs, as rows and as folders."""

from core.data import DROPLETS, ENDINGS
from core.store.database import ACTIVE, FINISHED, LANES, Missing
from core.store.groups import Groups
from core.store.store import Store
from core.store.uploads import PART, Damaged, Gap, NoRoom, TooLarge
from core.store.view import View

__all__ = [
    "ACTIVE",
    "DROPLETS",
    "ENDINGS",
    "FINISHED",
    "LANES",
    "PART",
    "Damaged",
    "Gap",
    "Groups",
    "Missing",
    "NoRoom",
]
__all__ += ["Store", "TooLarge", "View"]
