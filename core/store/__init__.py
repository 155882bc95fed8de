"""The only writer: users, data sets, preparations, runs, epochs and jobs, as rows and as folders."""

from core.data import ENDINGS
from core.store.files import clusters_of
from core.store.store import ACTIVE, FINISHED, LANES, Missing, Store
from core.store.view import View

__all__ = ["ACTIVE", "ENDINGS", "FINISHED", "LANES", "Missing", "Store", "View", "clusters_of"]
