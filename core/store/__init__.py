"""The only writer: users, datasets, preparations, runs, epochs and jobs, as rows and as folders."""

from core.data import DROPLET_NUMBERS, DROPLETS, ENDINGS
from core.store.database import LANES
from core.store.groups import Groups
from core.store.rows import Missing
from core.store.status import ACTIVE, FINISHED, Explored, Priority, Status
from core.store.store import Store
from core.store.uploads import PART, Damaged, Gap, NoRoom, TooLarge
from core.store.view import View

__all__ = [
    "ACTIVE",
    "DROPLETS",
    "DROPLET_NUMBERS",
    "ENDINGS",
    "FINISHED",
    "LANES",
    "PART",
    "Damaged",
    "Explored",
    "Gap",
    "Groups",
    "Missing",
    "NoRoom",
    "Priority",
    "Status",
    "Store",
    "TooLarge",
    "View",
]
