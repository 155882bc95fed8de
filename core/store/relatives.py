"""How datasets are related: which was made from which, and which hold the same."""

from pathlib import Path

from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import JoinArguments, ReadArguments, SelectArguments, StepsArguments
from core.store import schema
from core.store.status import Status


class Relatives:
    """The relations between the datasets that one user may see."""

    def __init__(self, access, datasets):
        self.access, self.database, self.datasets = access, access.database, datasets

    def parents(self):
        """{id: the id of the dataset that this one was made from, or None}; of joined samples it is the first one.

        It is known from the jobs, also while a dataset is being made. A parent that was deleted is None.
        """
        ids = [row["id"] for row in self.datasets.all()]
        jobs = self.database.jobs(schema.jobs.c.kind.in_(("read", "steps", "join", "select")))
        parent = {job["target"]: self._parent(job) for job in jobs}
        return {id: parent.get(id) if parent.get(id) in ids else None for id in ids}

    def _parent(self, job):
        if job["kind"] == "steps":
            return StepsArguments.of_job(job).of
        if job["kind"] == "select":
            return SelectArguments.of_job(job).of
        if job["kind"] == "join":
            return JoinArguments.of_job(job).samples[0].dataset
        arguments = ReadArguments.of_job(job)  # a second file is added to the file of a dataset
        folder = Path(arguments.path).parent if arguments.path else None
        return folder.name if folder and folder.parent == self.database.root / "datasets" else None

    def twin(self, row):
        """The oldest dataset that was read from a file with the same content as this one's, and before it; or None.

        The same values, names of cells, genes and proteins, and the same columns of obs, whatever file they are in.
        """
        if not _is_read(row):
            return None
        older = [
            other
            for other in self.datasets.all()
            if other["created"] < row["created"] and _is_read(other) and _content(other) == _content(row)
        ]
        return min(older, key=lambda other: other["created"], default=None)


def _is_read(row):
    """Was a dataset read from one file, and is its content known?"""
    plain = row["origin"].partition(":")[0] in ("demo", "upload", "inbox", "server")
    return plain and row["status"] == Status.READY and DatasetRecord.of(row).data_hash is not None


def _content(row):
    record = DatasetRecord.of(row)
    return record.data_hash, record.columns
