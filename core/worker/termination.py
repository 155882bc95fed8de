"""SIGTERM in the process of a training (docker stop, systemd): it saves a checkpoint and ends, and its job waits for the next start."""

import signal

SAVE = 7.0  # seconds for the epoch at work to end; docker kills after 10


class Terminated(BaseException):
    """This process is to end. No Exception, so that nothing on the way takes it for an error of the work."""


class _State:
    asked = False
    deferred = False


def install():
    """Let SIGTERM end this process at its next safe point; for the main thread of a process with one job."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGALRM, _give_up)


def asked():
    """Has this process been asked to end?"""
    return _State.asked


def defer(on):
    """While `on`, SIGTERM does not interrupt but waits for the end of the epoch, SAVE seconds at most."""
    _State.deferred = on
    if _State.asked and not on:
        raise Terminated


def _terminate(*_):
    if _State.asked:
        return
    _State.asked = True
    if not _State.deferred:
        raise Terminated
    signal.setitimer(signal.ITIMER_REAL, SAVE)


def _give_up(*_):
    raise Terminated  # the last checkpoint is at most one epoch or one minute old
