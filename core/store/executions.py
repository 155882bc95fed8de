"""Jobs that were given to another machine: by which executor, under which handle, and the signs of life of their process."""

from sqlalchemy import Column, Integer, String, Table, delete, insert, select, update

from core.store.schema import jobs, metadata
from core.store.status import Status

executions = Table(
    "executions",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("executor", String(16), nullable=False),
    Column("handle", String(40), nullable=False),  # a new one each time that the job is given out
    Column("beats", Integer, nullable=False),  # counted, not timed: the clocks of machines differ
)


class Executions:
    """The rows of all jobs that were given out."""

    def __init__(self, database):
        self.database = database

    def begin(self, job_id, executor, handle):
        """Note that a job is given out under a new handle; whoever has an earlier one may not work on it any longer."""
        with self.database.transaction() as db:
            db.execute(delete(executions).where(executions.c.job == job_id))
            db.execute(
                insert(executions), {"job": job_id, "executor": executor, "handle": handle, "beats": 0}
            )

    def one(self, job_id):
        """{"job", "executor", "handle", "beats"}, or None where the job was not given out."""
        with self.database.reading() as db:
            row = db.execute(select(executions).where(executions.c.job == job_id)).mappings().first()
        return row and dict(row)

    def beat(self, job_id, handle):
        """Count a sign of life; False where the job was given out again, or was taken back."""
        with self.database.transaction() as db:
            mine = update(executions).where(executions.c.job == job_id, executions.c.handle == handle)
            return db.execute(mine.values(beats=executions.c.beats + 1)).rowcount == 1

    def end(self, job_id, handle=None):
        """Take a job back: its process ends at its next sign of life. With a handle, only where it is still the job's."""
        mine = (executions.c.handle == handle,) if handle else ()
        with self.database.transaction() as db:
            db.execute(delete(executions).where(executions.c.job == job_id, *mine))

    def sweep(self):
        """Remove the rows of jobs that do not run: the process that would have done it was killed."""
        running = select(jobs.c.id).where(jobs.c.status == Status.RUNNING)
        with self.database.transaction() as db:
            db.execute(delete(executions).where(executions.c.job.not_in(running)))
