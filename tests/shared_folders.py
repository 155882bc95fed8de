"""Folders that cost seconds to make: made once for all processes that run tests."""

import fcntl
import os
import shutil


def made_once(name, make, tmp_path_factory):
    """The folder that `make(folder)` has filled, in this process or in another one of the same run. Read only."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # which all processes share
    folder = root / f"shared-{name}"
    with (root / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = root / f"unfinished-{name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


def copy_of(name, make, tmp_path_factory):
    """A copy of that folder, which the tests of this process may change."""
    first = made_once(name, make, tmp_path_factory)
    return shutil.copytree(first, tmp_path_factory.mktemp(name) / "data", symlinks=True)
