"""Bundles: a run with all its results in one zip, and the check that training reproduces it."""

from core import files
from core.config import RESOLUTIONS
from core.config import bundle as contents
from core.config.job_arguments import BundleArguments
from core.config.run_files import BUNDLE, SHOWN_MAPS
from core.errors import UserError
from core.store.status import FINISHED, Explored, Priority


class Bundles:
    """Makes and verifies the bundles of runs."""

    def __init__(self, access, clusterings, results):
        self.access, self.database = access, access.database
        self.clusterings, self.results = clusterings, results

    def create(
        self,
        run_id,
        by="clusters",
        resolution=1.0,
        parts=tuple(contents.PARTS),
        denoised=False,
        size=None,
        maps=None,
    ):
        """Queue the making of bundle.zip; returns the job, which may be one under way for this run.

        `by` is "clusters" (Leiden at `resolution`) or "made:LINE", the groups of figures, markers and report; `parts`
        are names of core.config.bundle.PARTS, `size` a core.config.bundle.Size. `maps` are the bytes of what the page shows
        (core.figures.maps_file), for a figure of it. Raises UserError where a run lacks them.
        """
        run = self.access.one("run", run_id)
        if run["explored"] != Explored.READY:
            raise UserError("This run has no clusters to download yet: wait for them first.")
        if resolution not in RESOLUTIONS:
            raise UserError(f"The resolution is one of {', '.join(map(str, RESOLUTIONS))}.")
        kind, _, line = by.partition(":")
        if kind == "made":
            self.clusterings.one(run_id, line)
        elif by != "clusters":
            raise UserError(
                "Choose the clusters to include: those of Leiden, or some that were made by hand."
            )
        arguments = BundleArguments(
            by=by,
            resolution=resolution,
            parts=contents.parts(parts),
            denoised=bool(denoised) and "h5ad" in parts,
            size=(size or contents.DEFAULT).check(),
            maps=SHOWN_MAPS if maps is not None else None,
        )
        before = self._under_way("bundle", run_id)
        if maps is not None and before is None:
            path = self.database.root / "runs" / run_id / SHOWN_MAPS
            files.whole(path, lambda temporary: temporary.write_bytes(maps))
        # In the slow lane, so that nobody's click waits for somebody's figures.
        return before or self._one_at_a_time("bundle", run_id, arguments, "slow")

    def verify(self, run_id):
        """Queue the training of a run again from its bundle, in the training lane; returns the job."""
        self.results.file(run_id, BUNDLE)
        return self._one_at_a_time("verify", run_id, None, "train")

    def repeat(self, run_id):
        """Queue the training of a run again, to be compared with itself, in the training lane; returns the job."""
        self.results.file(run_id, "latent.npy")
        return self._one_at_a_time("repeat", run_id, None, "train")

    def _one_at_a_time(self, kind, run_id, arguments, lane):
        """The job of a kind that is under way for a run, or a new one."""
        return self._under_way(kind, run_id) or self.database.job(
            self.database.submit(self.access.user, lane, kind, run_id, arguments, None, Priority.ASKED)
        )

    def _under_way(self, kind, run_id):
        """The job of a kind that waits or runs for a run, or None."""
        before = self.access.last_job(run_id, kind)
        return before if before and before["status"] not in FINISHED else None
