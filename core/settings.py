"""Where and how this server runs, from the environment (NUWA_...)."""

import os
from pathlib import Path
from typing import NamedTuple

from core.errors import UserError


class Settings(NamedTuple):
    """The answers of the environment; nothing else in Nuwa reads NUWA_ variables."""

    host: str
    port: int
    data_dir: Path
    password: str | None
    inline: bool  # run jobs inside the process that asks (tests, notebooks)
    data_roots: tuple[Path, ...] = ()  # folders of this server that may be browsed and read
    max_upload_gb: float = 64.0  # of one file that comes from a browser

    @property
    def database_url(self):
        return f"sqlite:///{self.data_dir / 'nuwa.sqlite'}"


def from_environment(env=os.environ):
    """Settings as the environment gives them; raises UserError for values that cannot be meant."""
    port = env.get("NUWA_PORT", "8050")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UserError(f"NUWA_PORT is '{port}', but a port is a number from 1 to 65535.")
    return Settings(
        host=env.get("NUWA_HOST", "127.0.0.1"),
        port=int(port),
        data_dir=Path(env.get("NUWA_DATA_DIR", "data")).resolve(),
        password=_password(env),
        inline=env.get("NUWA_INLINE", "") == "1",
        data_roots=tuple(Path(root).resolve() for root in env.get("NUWA_DATA_ROOTS", "").split(":") if root),
        max_upload_gb=_gigabytes(env.get("NUWA_MAX_UPLOAD_GB", "64")),
    )


def _gigabytes(text):
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UserError(
            f"NUWA_MAX_UPLOAD_GB is '{text}', but it is a number of gigabytes above 0, such as 64."
        )
    return found


def _password(env):
    """NUWA_PASSWORD, or the first line of the file that NUWA_PASSWORD_FILE names; None where neither is set."""
    if env.get("NUWA_PASSWORD_FILE"):
        file = Path(env["NUWA_PASSWORD_FILE"])
        if not file.is_file():
            raise UserError(f"NUWA_PASSWORD_FILE names '{file}', but there is no such file.")
        password = file.read_text().partition("\n")[0].strip()
    else:
        password = env.get("NUWA_PASSWORD", "")
    if password and len(password) < 8:
        raise UserError("The password (NUWA_PASSWORD) is shorter than 8 characters; choose a longer one.")
    return password or None


def limit_threads(env=os.environ):
    """Set how many threads numeric libraries use; must run before torch or numpy is imported.

    Cores minus one (at least one), so that the page stays quick, and waiting threads sleep instead of
    spinning: two busy processes on two cores otherwise slow each other a hundredfold. Returns the number.
    """
    asked = env.get("NUWA_THREADS", "")
    if asked and (not asked.isdigit() or int(asked) < 1):
        raise UserError(f"NUWA_THREADS is '{asked}', but it is a number of threads, 1 or more.")
    threads = int(asked or max(1, len(os.sched_getaffinity(0)) - 1))
    env.setdefault("OMP_WAIT_POLICY", "passive")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        env.setdefault(name, str(threads))
    return threads
