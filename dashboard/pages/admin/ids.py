"""The ids of the Administration page."""

PEOPLE = "admin-people"
PERSON = "admin-person"
ROLE = "admin-role"
INVITE = "admin-invite"
SET_ROLE = "admin-set-role"
RESET = "admin-reset"
SIGN_OUT = "admin-sign-out"
DEACTIVATE = "admin-deactivate"
ACTIVATE = "admin-activate"
PEOPLE_MESSAGE = "admin-people-message"
QUEUE = "admin-queue"
QUEUE_TICK = "admin-queue-tick"
QUEUE_MESSAGE = "admin-queue-message"
SERVER = "admin-server"
AUDIT = "admin-audit"
AUDIT_PERSON = "admin-audit-person"
AUDIT_ACTION = "admin-audit-action"
AUDIT_TEXT = "admin-audit-text"
AUDIT_SINCE = "admin-audit-since"
AUDIT_UNTIL = "admin-audit-until"
AUDIT_LINK = "admin-audit-link"


def stop(job):
    """The button that stops a job."""
    return {"type": "admin-stop", "job": job}
