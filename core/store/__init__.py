"""The only writer: users, data sets, preparations, runs, epochs and jobs, as rows and as folders."""

from core.data import DROPLETS, ENDINGS
from core.store.database import ACTIVE, FINISHED, LANES, Missing, Store
from core.store.dataset_folder import HARMONY, clusters_of, company_of, survival_of
from core.store.groups import Groups
from core.store.uploads import PART, Damaged, Gap, NoRoom, TooLarge
from core.store.view import View

__all__ = [
    "ACTIVE",
    "DROPLETS",
    "ENDINGS",
    "FINISHED",
    "HARMONY",
    "LANES",
    "PART",
    "Missing",
    "Store",
    "View",
    "clusters_of",
]
__all__ += ["Damaged", "Gap", "Groups", "NoRoom", "TooLarge"]
__all__ += ["company_of", "survival_of"]
