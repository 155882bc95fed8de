"""What a person does with the own account: password, sessions, API tokens."""

from core.store.sessions import Sessions, Tokens


class OwnAccount:
    """The account of one user; it exists for viewers as well."""

    def __init__(self, access):
        self.access, self.user = access, access.user
        self._sessions, self._tokens = Sessions(access.accounts.database), Tokens(access.accounts.database)

    def one(self):
        """The account, as Accounts.one gives it; raises UserError where there is none."""
        return self.access.accounts.one(self.user)

    def exists(self):
        """Has this person an account?"""
        return any(row["user"] == self.user for row in self.access.accounts.all())

    def change_password(self, old, new):
        """Set a new password; all sessions end. Raises UserError."""
        self.access.accounts.change_password(self.user, old or "", new or "")
        self.access.database.record("change password", "account", self.user)

    def sessions(self):
        """The open sessions, the last visit first."""
        return self._sessions.of(self.user)

    def sign_out_everywhere(self):
        """End all sessions, this one as well; returns their number."""
        n = self._sessions.close_all(self.user)
        self.access.database.record("sign out everywhere", "account", self.user)
        return n

    def tokens(self):
        """The API tokens, without their secrets."""
        return self._tokens.of(self.user)

    def create_token(self, name, days=90):
        """A new API token, shown once."""
        secret = self._tokens.create(self.user, name, days)
        self.access.database.record("create token", "account", self.user, name)
        return secret

    def revoke_token(self, id):
        """Revoke an API token."""
        self._tokens.revoke(self.user, id)
        self.access.database.record("revoke token", "account", self.user, id)
