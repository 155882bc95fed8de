"""What the queue asks of an executor, and how an executor says no."""

from typing import Protocol

from core.errors import UserError


class Unreachable(Exception):
    """The executor does not answer; the job waits and is given out later."""


class Refused(UserError):
    """The executor does not take this job; its sentence becomes the message of the job."""


class Executor(Protocol):
    """Starts jobs, ends them, and knows which of them live. `job` is a row of the store."""

    name: str

    def places(self, lane: str) -> int:
        """How many jobs of a lane may be at work at once."""

    def submit(self, job: dict) -> dict:
        """Start a job that is marked running; the values to keep in its row. Raises Unreachable or Refused."""

    def cancel(self, job: dict) -> None:
        """End the process of a job, which leaves whole files or none."""

    def alive(self, job: dict) -> bool:
        """Whether the job waits in the executor or its process runs."""
