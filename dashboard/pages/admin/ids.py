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
PAUSE = "admin-queue-pause"
LIMITS = "admin-limits"
LIMITS_PERSON = "admin-limits-person"
LIMITS_SET = "admin-limits-set"
LIMITS_MESSAGE = "admin-limits-message"
LIMIT_RUNS = "admin-limit-runs"
LIMIT_JOBS = "admin-limit-jobs"
LIMIT_GIGABYTES = "admin-limit-gigabytes"
LIMIT_WEIGHT = "admin-limit-weight"
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


def pause(on):
    """The button that pauses the queue (`on`) or ends the pause."""
    return {"type": "admin-pause", "on": on}


def front(job):
    """The button that moves a job to the front."""
    return {"type": "admin-front", "job": job}
