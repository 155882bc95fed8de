"""Choose for me: the jobs that train candidates on a preparation and keep the best as a run."""

from core.config.candidates import MINUTES
from core.config.job_arguments import ChooseArguments
from core.config.preparation_record import PreparationRecord
from core.errors import UserError
from core.store import schema
from core.store.status import FINISHED, Priority, Status

NO_COUNTS = "Candidates are compared by split counts, which needs raw counts of RNA, and this dataset was prepared from other values."


class Choices:
    """The choices of one user."""

    def __init__(self, access, preparations):
        self.access, self.database, self.preparations = access, access.database, preparations

    def start(self, preparation_id, minutes, labels=None):
        """Queue the training of candidates on a preparation; returns the id of the job, or of the one under way.

        Raises UserError where the preparation is not ready or has no raw counts of RNA.
        """
        row = self.preparations.one(preparation_id)
        if row["status"] != Status.READY:
            raise UserError("The preprocessing is not finished: wait for it, or run it again.")
        record = PreparationRecord.of(row)
        if record.kind != "counts" or not record.n_genes:
            raise UserError(NO_COUNTS)
        if (job := self.last(preparation_id)) and job["status"] not in FINISHED:
            return job["id"]
        arguments = ChooseArguments(minutes=MINUTES.read(minutes), labels=labels)
        token = f"choose:{self.access.user}:{preparation_id}:{len(self._all(preparation_id))}"
        return self.database.submit(
            self.access.user, "train", "choose", preparation_id, arguments, token, Priority.ASKED
        )

    def last(self, preparation_id):
        """One's own newest choice on a preparation, or None."""
        return max(self._all(preparation_id), key=lambda job: job["created"], default=None)

    def _all(self, preparation_id):
        jobs = schema.jobs.c
        return self.database.jobs(
            jobs.target == preparation_id, jobs.kind == "choose", jobs.owner == self.access.user
        )
