"""Bundles: a run with everything in one zip, and whether it comes out again."""

from core.config import RESOLUTIONS
from core.config import bundle as takeaway
from core.errors import UserError
from core.store.database import FINISHED

BUNDLE = "bundle.zip"


class Bundles:
    """The part of a View that lets a run be taken away."""

    def bundle(
        self, run_id, by="clusters", resolution=1.0, parts=tuple(takeaway.PARTS), denoised=False, size=None
    ):
        """Queue the making of bundle.zip; returns the job, which may be one under way for this run.

        `by` is "clusters" (Leiden at `resolution`) or "made:LINE", the groups of figures, markers and report; `parts`
        are names of takeaway.PARTS, `size` a takeaway.Size. Raises UserError where they cannot be had.
        """
        run = self.run(run_id)
        if run["explored"] != "ready":
            raise UserError("This run has no clusters to take away (yet): wait for them first.")
        if resolution not in RESOLUTIONS:
            raise UserError(f"The resolution is one of {', '.join(map(str, RESOLUTIONS))}.")
        kind, _, line = by.partition(":")
        if kind == "made":
            self.clustering(run_id, line)
        elif by != "clusters":
            raise UserError(
                "Choose the clusters to take along: those of Leiden, or some that were made by hand."
            )
        asked = {
            "by": by,
            "resolution": resolution,
            "parts": takeaway.parts(parts),
            "denoised": bool(denoised) and "h5ad" in parts,
            "size": list((size or takeaway.DEFAULT).check()),
        }
        # In the lane of slow work, so that nobody's click waits for somebody's figures.
        return self._one_at_a_time("bundle", run_id, asked, "slow")

    def verify(self, run_id):
        """Queue the training of a run once more from its bundle, in the lane of training; returns the job."""
        self.file(run_id, BUNDLE)
        return self._one_at_a_time("verify", run_id, {}, "train")

    def cancel_verify(self, run_id):
        """Ask the training once more to stop; a queued one is stopped at once."""
        job = self._last_job(run_id, "verify")
        if not job or job["owner"] != self.user or job["status"] in FINISHED:
            return
        if not self.store.move_job(job["id"], "queued", "cancelled", message="Cancelled before it began."):
            self.store.set_job(job["id"], cancel=True)

    def _one_at_a_time(self, kind, run_id, asked, lane):
        """The job of a kind that is under way for a run, or a new one."""
        before = self._last_job(run_id, kind)
        if before and before["status"] not in FINISHED:
            return before
        return self.store.job(self.store.submit(self.user, lane, kind, run_id, asked))
