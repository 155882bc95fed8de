"""Everything that a bundle needs of a run, loaded once."""

from datetime import UTC, datetime

import numpy as np

from core import config, files
from core.analysis.neighbors import N_NEIGHBORS
from core.config.dataset_record import DatasetRecord
from core.config.run_files import CONDITIONS_RECORD, SEEDS_TOGETHER_RECORD, clusters_of, company_of
from core.config.training import DISTANCES
from core.data import backed, read
from core.errors import UserError
from core.export import run_folder
from core.export.h5ad import KEYS, NamedClusters
from core.figures import leiden_colour, named_colour
from core.store import Groups
from core.store import groups as saved_groups
from core.worker.jobs import group_cells as grouping
from core.worker.jobs.datasets import open_dataset


class BundleContent:
    """A run, its dataset and its clusters for a bundle; `markers` are set once they are computed.

    `maps` is what the page showed (core.figures.maps_file.Maps), or None. `colour` is the Colour of the chosen clusters, `grouping` says in words how they were made; `clusters` (cells,) are those of
    Leiden at the `resolution` asked for, `named_clusters` those that people have made.
    """

    def __init__(self, store, owner, run, trained, by, resolution, maps=None):
        self.store, self.view, self.run, self.trained = store, store.of(owner), run, trained
        self.by, self.resolution = by, resolution
        self.folder, self.dataset_folder = store.run_folder(run["id"]), store.dataset_folder(run["dataset"])
        self.dataset = store.row("dataset", run["dataset"])
        self.record = files.read_json(self.folder / "config.json")
        self.config = config.parse(run["config"])
        self.epochs = store.epochs(run["id"])
        self.clusters = np.array(files.read_array(self.folder / f"{clusters_of(resolution)}.npy"))
        self.split = trained.split.labels(trained.matrix.n_cells)
        self.cells = self.dataset_folder.cells()
        spaces = run_folder.pictures(self.folder) | {"pca": trained.axes[:, :2]}
        self.embeddings = {name: spaces[name] for name in KEYS if name in spaces}
        rows = self.view.clusterings.all(run["id"])
        self.named_clusters = [self._named_clusters(row) for row in rows]
        self.colour, self.grouping = self._groups([row["line"] for row in rows])
        self.markers, self.maps = None, maps

    def data(self):
        """The AnnData of the run's dataset; raises UserError where it is not the one of the training."""
        adata = open_dataset(self.store, self.run["dataset"], backed.EVERYTHING)
        if read.data_hash(adata) != self.record["data_hash"]:
            raise UserError(
                "The dataset is not what this run was trained on (its fingerprint differs): its file on the server was "
                "changed. Train a new run on it."
            )
        return adata

    def _named_clusters(self, row):
        groups = self.view.groups.one(self.run["id"], row["groups"])
        colour = named_colour(row["title"], groups.names, groups.codes, "by hand", row["colours"])
        at = datetime.fromtimestamp(row["created"], UTC).isoformat(timespec="seconds")
        return NamedClusters(colour, row["author"], at, row["what"])

    def _groups(self, lines):
        """(Colour of the chosen clusters, how they were made in words)."""
        kind, _, line = self.by.partition(":")
        if kind == "made":
            chosen = self.named_clusters[lines.index(self.view.clusterings.one(self.run["id"], line)["line"])]
            return chosen.colour, f"'{chosen.title}', by {chosen.author}: {chosen.what}"
        grouping = (
            f"Leiden (Traag 2019) at resolution {self.resolution:g} on the graph of the {N_NEIGHBORS} nearest neighbours in "
            f"the latent space by {DISTANCES[self.config.metric]}, weighted as UMAP weighs them"
        )
        return leiden_colour(self.clusters, self.resolution), grouping

    def find_markers(self, say):
        """Find the markers of the chosen groups; returns a sentence where they cannot be compared, else ""."""
        groups = Groups(list(self.colour.categories), self.colour.values, self.colour.unit).without_empty()
        if not 2 <= len(groups.names) <= saved_groups.MOST:
            return f"No markers: there are {len(groups.names)} groups, and 2 to {saved_groups.MOST} can be compared."
        self.markers = grouping.ranked(
            self.store, self.run["id"], saved_groups.write(self.folder, groups), say
        )
        return ""

    def marker_values(self):
        """(measures, groups, features) of the markers."""
        return files.read_array(self.folder / "markers" / f"{self.markers['groups']}.npy")

    def features(self):
        """The names of all genes and then of all proteins, in the order of the markers."""
        return [*self.dataset_folder.genes()["names"], *DatasetRecord.of(self.dataset).proteins]

    def space_scores(self):
        """The records of the score table of all spaces, where it was computed."""
        path = self.folder / "spaces.json"
        return files.read_json(path)["records"] if path.exists() else []

    def seeds_together(self):
        """The record of several seeds together, where they were used so; else None."""
        return self._record(SEEDS_TOGETHER_RECORD)

    def conditions(self):
        """The methods sentence of the comparison of conditions, "" without one."""
        record = self._record(CONDITIONS_RECORD)
        return record["words"] if record else ""

    def _record(self, name):
        path = self.folder / name
        return files.read_json(path) if path.exists() else None

    def cell_scores(self):
        """{name: (cells,)} the scores of each cell that were computed: columns of obs and cells.csv."""
        names = self.view.results.names(self.run["id"], "per_cell")
        columns = {f"nuwa_{name}": self.array(f"per_cell/{name}") for name in names}
        consistency = self.array(company_of(self.resolution))
        return columns if consistency is None else columns | {"nuwa_company": consistency}

    def array(self, name):
        """An array of the run's folder, or None."""
        return self.view.results.array(self.run["id"], name)
