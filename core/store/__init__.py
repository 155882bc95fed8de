"""The only writer: users, datasets, preparations, runs, epochs and jobs, as rows and as folders."""

from core.data import DROPLET_NUMBERS, DROPLETS, ENDINGS
from core.store.accounts import LOCAL, LOGIN, link_address
from core.store.audit import ADDRESS, as_csv
from core.store.groups import Groups
from core.store.job_rows import LANES, server_key
from core.store.limits import LIMITS, NoRoom
from core.store.roles import NotAllowed, Role
from core.store.rows import Missing
from core.store.sessions import MOST_DAYS
from core.store.sharing import LAB, PRIVATE, Audience
from core.store.status import ACTIVE, FINISHED, Explored, Priority, Status
from core.store.store import Store
from core.store.uploads import PART, Damaged, Gap, TooLarge
from core.store.view import View

__all__ = [
    "ACTIVE",
    "ADDRESS",
    "Audience",
    "DROPLETS",
    "DROPLET_NUMBERS",
    "ENDINGS",
    "FINISHED",
    "LAB",
    "LANES",
    "LIMITS",
    "LOCAL",
    "LOGIN",
    "MOST_DAYS",
    "PART",
    "PRIVATE",
    "Damaged",
    "Explored",
    "Gap",
    "Groups",
    "Missing",
    "NoRoom",
    "NotAllowed",
    "Priority",
    "Role",
    "Status",
    "Store",
    "TooLarge",
    "View",
    "as_csv",
    "link_address",
    "server_key",
]
