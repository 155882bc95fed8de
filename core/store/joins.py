"""Several datasets joined into one: each a sample, named in a batch column."""

from core.config.job_arguments import JoinArguments, SampleToJoin
from core.errors import UserError
from core.store.status import Priority
from core.text import name_of

MOST_SAMPLES = 100


class Joins:
    """Joins samples."""

    def __init__(self, access, datasets):
        self.access, self.datasets = access, datasets

    def preview(self, samples, batch):
        """Queue a preview of what joining keeps and loses; returns the job's id (core.worker.jobs.join_samples.look).

        `samples` are {"dataset": id, "name"} each. Raises UserError where one is missing, or a name.
        """
        arguments = self._arguments(samples, batch)
        target = samples[0]["dataset"]
        return self.access.database.submit(
            self.access.user, "short", "look", target, arguments, priority=Priority.ASKED
        )

    def create(self, samples, batch, token):
        """Queue the joining of samples, {"dataset": id, "name"} each; returns the id of the dataset it makes."""
        arguments = self._arguments(samples, batch)
        samples = arguments.samples
        origins = (f"{one.name} ({self.datasets.one(one.dataset)['origin']})" for one in samples)
        row = {
            "name": " + ".join(one.name for one in samples)[:400],
            "origin": f"samples joined from {', '.join(origins)}",
        }
        return self.access.begin("dataset", row, "join", arguments, token)["target"]

    def _arguments(self, samples, batch):
        if not 2 <= len(samples) <= MOST_SAMPLES:
            raise UserError(f"Choose two datasets to join, or more, up to {MOST_SAMPLES}.")
        for sample in samples:
            self.datasets.ready(sample["dataset"])
        named = [SampleToJoin(dataset=one["dataset"], name=name_of(one["name"], "sample")) for one in samples]
        return JoinArguments(samples=named, batch=name_of(batch, "batch column"))
