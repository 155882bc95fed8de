"""Jobs that one person queued, or whose result belongs to a run that they may see."""

from core.config.job_arguments import arguments_of
from core.store.job_rows import LANES
from core.store.rows import Missing
from core.store.schema import jobs
from core.store.status import FINISHED, Priority

OF_RUN = (
    "spaces",
    "explained",
    "stability",
    "count_split",
    "support",
    "latent_sizes",
    "seeds_together",
    "conditions",
)  # kinds whose result the run keeps, for all who see it


class Jobs:
    """The jobs of one user."""

    def __init__(self, access):
        self.access, self.database = access, access.database

    def one(self, id):
        """A job of one's own, or one whose result belongs to a run that one may see; raises Missing."""
        job = self.database.job(id)
        shared = job["kind"] in OF_RUN and self.access.readable("run", job["target"])
        if job["owner"] != self.access.user and not shared:
            raise Missing("This job no longer exists.")
        return job

    def last(self, run_id, kind):
        """The newest job of a kind ("train", "explore") for a run, or None where none was ever queued."""
        self.access.one("run", run_id)
        return self.access.last_job(run_id, kind)

    def mine(self, run_id, kind):
        """One's own newest job of a kind for a run, or None: what a page goes on with after a reload."""
        self.access.one("run", run_id)
        own = (jobs.c.target == run_id, jobs.c.kind == kind, jobs.c.owner == self.access.user)
        return max(self.database.jobs(*own), key=lambda job: job["created"], default=None)

    def queue(self):
        """Running and waiting jobs of everybody: lane -> jobs."""
        running = self.database.working()
        return {
            lane: [job for job in running if job["lane"] == lane] + self.database.waiting(lane)
            for lane in LANES
        }

    def counts(self):
        """{lane: how many jobs of everybody wait or run}, counted by the database."""
        return self.database.count_jobs()

    def submit(self, kind, run_id, arguments=None, token=None, priority=Priority.ASKED, lane="short"):
        """Queue work on a run (a profile, scores, an export) that a person asked for; returns the job's id.

        It is one's own job that is under way for the same arguments, if there is one; one that nobody had asked for is
        asked for from now on.
        """
        self.access.one("run", run_id)
        if same := self.access.under_way(kind, arguments, run_id):
            self.database.promote(same["id"], lane, priority)
            return same["id"]
        return self.database.submit(self.access.user, lane, kind, run_id, arguments, token, priority)

    def once(self, kind, run_id, arguments=None, lane="short", priority=Priority.ASKED):
        """The job of a kind on a run for these arguments, queued once, and again where it failed or was cancelled."""
        self.access.one("run", run_id)
        return self.access.once(kind, run_id, arguments, lane, priority)

    def ask(self, kind, run_id, arguments=None, lane="short"):
        """Queue work whose result the run keeps, in place of that of before; returns the job's id.

        It is the job that is under way for the same arguments, if there is one. One that nobody has asked for, with other
        arguments, is stopped.
        """
        before, wanted = self.last(run_id, kind), arguments_of(kind, arguments).record()
        if before and before["status"] not in FINISHED:
            if arguments_of(kind, before["arguments"]).record() == wanted:
                self.database.promote(before["id"], lane, Priority.ASKED)
                return before["id"]
            if before["priority"] == Priority.AHEAD:
                self.database.stop_job(before["id"])
        return self.submit(kind, run_id, arguments, lane=lane)

    def cancel(self, id):
        """Stop one's own job: at once where it waits, at its next message where it runs."""
        self.access.own_job(id)
        self.database.stop_job(id)
