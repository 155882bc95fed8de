"""The store through one user's eyes: everything a page calls, by what it is about."""

from core.store.access import Access
from core.store.administration import Administration
from core.store.bundles import Bundles
from core.store.choices import Choices
from core.store.clusterings import Clusterings
from core.store.datasets import Datasets
from core.store.groups import CellGroups
from core.store.jobs import Jobs
from core.store.joins import Joins
from core.store.mappings import Mappings
from core.store.own_account import OwnAccount
from core.store.preparations import Preparations
from core.store.projects import Projects
from core.store.recipes import Recipes
from core.store.recommended_runs import RecommendedRuns
from core.store.relatives import Relatives
from core.store.results import Results
from core.store.resumed_runs import ResumedRuns
from core.store.run_edits import RunEdits
from core.store.run_removal import Removals
from core.store.run_table import RunTable
from core.store.runs import Runs
from core.store.searches import Searches
from core.store.seeds import Seeds
from core.store.selections import Selections
from core.store.sharing import Sharing
from core.store.steps import Steps
from core.store.uploads import Uploads


class View:
    """The parts of the store for one user, such as `view.runs.epochs(id)` and `view.seeds.train(run_id, k)`."""

    def __init__(self, store, user):
        self.store, self.user = store, user
        self.access = access = Access(store, user)
        self.jobs = Jobs(access)
        self.datasets = Datasets(access)
        self.relatives = Relatives(access, self.datasets)
        self.uploads = Uploads(access, self.datasets)
        self.steps = Steps(access, self.datasets)
        self.recipes = Recipes(access, self.datasets, self.steps)
        self.joins = Joins(access, self.datasets)
        self.preparations = Preparations(access, self.datasets)
        self.runs = Runs(access, self.preparations)
        self.choices = Choices(access, self.preparations)
        self.run_table = RunTable(access)
        self.run_edits = RunEdits(access)
        self.removals = Removals(access)
        self.resumed = ResumedRuns(access, self.runs)
        self.recommended = RecommendedRuns(access, self.datasets, self.preparations, self.runs)
        self.results = Results(access)
        self.groups = CellGroups(access)
        self.clusterings = Clusterings(access, self.groups)
        self.seeds = Seeds(access, self.runs)
        self.searches = Searches(access, self.preparations, self.runs)
        self.mappings = Mappings(access, self.datasets, self.groups)
        self.selections = Selections(access, self.datasets, self.groups)
        self.bundles = Bundles(access, self.clusterings, self.results)
        self.sharing = Sharing(access)
        self.teams = self.sharing.teams
        self.projects = Projects(access)
        self.account = OwnAccount(access)
        self.admin = Administration(access)

    def readable(self, kind, id):
        """The row of a kind if it exists and the user may see it, else None: for links that may be old."""
        return self.access.readable(kind, id)
