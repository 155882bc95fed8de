"""The store: a Database, and a View of it for each user."""

from core.store.accounts import Accounts
from core.store.audit import Audit
from core.store.database import Database
from core.store.roles import Role
from core.store.sessions import Sessions, Tokens
from core.store.view import View

COMMAND_LINE = "command line"  # who acts, in the audit log


class Store(Database):
    """Everything that lasts, under one folder."""

    def of(self, user):
        """What `user` may see and do: the only way pages read."""
        return View(self, user)

    def of_command_line(self):
        """The View of whoever runs commands on this server: an administrator without an account."""
        view = View(self, COMMAND_LINE)
        view.access.role = Role.ADMIN
        return view

    @property
    def accounts(self):
        """The Accounts."""
        return Accounts(self)

    @property
    def sessions(self):
        """The Sessions in browsers."""
        return Sessions(self)

    @property
    def tokens(self):
        """The API Tokens."""
        return Tokens(self)

    @property
    def audit(self):
        """The Audit log."""
        return Audit(self)
