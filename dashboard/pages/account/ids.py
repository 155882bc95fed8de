"""The ids of the Account page."""

OLD_PASSWORD = "account-old-password"
NEW_PASSWORD = "account-new-password"
PASSWORD_AGAIN = "account-password-again"
CHANGE_PASSWORD = "account-change-password"
PASSWORD_MESSAGE = "account-password-message"
SESSIONS = "account-sessions"
SIGN_OUT_EVERYWHERE = "account-sign-out-everywhere"
SESSIONS_MESSAGE = "account-sessions-message"
TOKENS = "account-tokens"
TOKEN_NAME = "account-token-name"
TOKEN_DAYS = "account-token-days"
CREATE_TOKEN = "account-create-token"
TOKENS_MESSAGE = "account-tokens-message"
GROUPS = "account-teams-and-projects"
GROUP_NAME = "account-group-name"
GROUP_MEMBERS = "account-group-members"
CREATE_TEAM = "account-create-team"
CREATE_PROJECT = "account-create-project"
GROUP_CHOICE = "account-group"
SAVE_MEMBERS = "account-save-members"
DELETE_GROUP = "account-delete-group"
GROUPS_MESSAGE = "account-groups-message"


def revoke(token):
    """The button that revokes an API token."""
    return {"type": "revoke-token", "token": token}
