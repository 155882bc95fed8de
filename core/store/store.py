"""The store: a Database, and a View of it for each user."""

from core.store.database import Database
from core.store.view import View


class Store(Database):
    """Everything that lasts, under one folder."""

    def of(self, user):
        """What `user` may see and do: the only way pages read."""
        return View(self, user)
