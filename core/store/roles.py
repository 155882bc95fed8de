"""What a person may do on this server."""

from enum import StrEnum

from core.errors import UserError


class Role(StrEnum):
    """Each role may do what the one before may."""

    VIEWER = "viewer"  # sees what is shared; changes nothing, and downloads no counts
    MEMBER = "member"  # adds datasets, trains, shares
    ADMIN = "admin"  # accounts, the queue, the audit log


class NotAllowed(UserError):
    """The person may see this and may not do it."""


LOOKS_ONLY = "Your account may look and change nothing: ask an administrator for the role of a member."
NO_COUNTS = "Your account may not download counts: ask an administrator for the role of a member."
ADMINS_ONLY = "Only an administrator may do this."


def role_of(value):
    """The Role of a name; raises UserError for any other text."""
    try:
        return Role(value)
    except ValueError:
        raise UserError(f"A role is one of {', '.join(Role)}.") from None
