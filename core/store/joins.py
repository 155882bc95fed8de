"""Several data sets that become one: each a sample, named in a batch column."""

from core.errors import UserError
from core.text import name_of

MOST_SAMPLES = 100


class Samples:
    """The part of a View that joins samples."""

    def look_at_samples(self, samples, batch):
        """Queue a look at what joining would give and lose; returns the job's id (its result: core.worker.jobs.join_samples.look).

        `samples` are {"dataset": id, "name"} each. Raises UserError where one is not there, or a name is missing.
        """
        asked = self._asked(samples, batch)
        return self.store.submit(self.user, "short", "look", samples[0]["dataset"], asked, priority=1)

    def join_samples(self, samples, batch, token):
        """Queue the joining of samples, {"dataset": id, "name"} each; returns the id of the data set it makes."""
        asked = self._asked(samples, batch)
        names = " + ".join(sample["name"] for sample in asked["samples"])
        origins = (
            f"{sample['name']} ({self.dataset(sample['dataset'])['origin']})" for sample in asked["samples"]
        )
        row = {"name": names[:400], "origin": f"samples joined from {', '.join(origins)}"}
        return self._begin("dataset", row, "join", asked, token)["target"]

    def _asked(self, samples, batch):
        if not 2 <= len(samples) <= MOST_SAMPLES:
            raise UserError(f"Choose two data sets to join, or more, up to {MOST_SAMPLES}.")
        for sample in samples:
            self._ready(sample["dataset"])
        named = [{"dataset": one["dataset"], "name": name_of(one["name"], "sample")} for one in samples]
        return {"samples": named, "batch": name_of(batch, "batch column")}
