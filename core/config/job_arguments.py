"""What each kind of job is asked to do, as the database keeps it: a frozen record for each kind with arguments."""

from typing import Any

from pydantic import ValidationError

from core.config.dataset_record import Record
from core.errors import UserError

SECOND_FILES = ("proteins", "annotations", "background")  # what a second file can add to a dataset


class Arguments(Record):
    """The arguments of a kind of job; this one is for kinds that have none. Raises UserError for values that do not fit."""

    def __init__(self, **values):
        try:
            super().__init__(**values)
        except ValidationError as error:
            problem = error.errors()[0]
            where = " ".join(map(str, problem["loc"]))
            raise UserError(
                f"A value of this job cannot be used ({where}: {problem['msg']}). Reload the page, then try again."
            ) from None

    @classmethod
    def upgraded(cls, record):
        """The arguments of a record of this version or an earlier one."""
        if isinstance(record, cls):
            return record
        return cls(**{name: value for name, value in (record or {}).items() if value is not None})

    @classmethod
    def of_job(cls, job):
        """The arguments of a job of the database."""
        return cls.upgraded(job["arguments"])

    def record(self):
        """As JSON can hold them."""
        return self.model_dump(mode="json")


class ReadArguments(Arguments):
    """A file to read into a dataset, or the name of a demo; with a second file that adds to the dataset."""

    path: str | None = None
    demo: str | None = None
    proteins: str | None = None  # paths of second files
    annotations: str | None = None
    background: str | None = None
    droplets: dict[str, int] | None = None  # limits on the droplets of the background
    names: dict[str, str] = {}  # the person's name of a file by its path
    answers: dict[str, Any] = {}  # to the questions that the file left open

    @property
    def second_files(self):
        """{what it adds: path} of the second file."""
        paths = {what: getattr(self, what) for what in SECOND_FILES}
        return {what: path for what, path in paths.items() if path}

    @property
    def files(self):
        """The paths of all files to read."""
        return [path for path in (self.path, *self.second_files.values()) if path]

    @property
    def is_plain(self):
        """Whether one file is read as it is: without a second file and without answers."""
        return self.path is not None and not self.second_files and not self.answers


class StepsArguments(Arguments):
    """Steps ({"name", "params"}) on the dataset `of`; the result takes the place of the dataset `replaces`."""

    of: str
    steps: tuple[dict[str, Any], ...]
    replaces: str | None = None


class RecipeArguments(Arguments):
    """Steps of a recipe on a dataset, then its preprocessing by `settings` where these are given."""

    dataset: str
    steps: tuple[dict[str, Any], ...]
    settings: dict[str, Any] | None = None


class RecommendedArguments(Arguments):
    """The batch covariate of a run with recommended settings, or None."""

    batch_key: str | None = None


class ChooseArguments(Arguments):
    """How many minutes candidates may be trained for, and the obs column of labels that is shown beside the choice."""

    minutes: float
    labels: str | None = None


class SampleToJoin(Record):
    """A dataset that becomes a sample, and its name there."""

    dataset: str
    name: str


class JoinArguments(Arguments):
    """Datasets to join, each as a sample that the obs column `batch` names."""

    samples: tuple[SampleToJoin, ...]
    batch: str


class SettingsArguments(Arguments):
    """Settings of a run, by name."""

    settings: dict[str, Any] = {}

    @classmethod
    def upgraded(cls, record):
        """The arguments of a record; in the first version it was the settings themselves."""
        if isinstance(record, dict) and set(record) != {"settings"}:
            record = {"settings": record}
        return super().upgraded(record)


class ProteinsArguments(Arguments):
    """The transform to show histograms of."""

    transform: str


class TrainArguments(Arguments):
    """The run whose settings are trained again with another seed, and the run that this one extends; or None."""

    seed_of: str | None = None
    extends: str | None = None


class EmbedArguments(Arguments):
    """The name of an embedding, such as "latent_umap_3d"."""

    name: str


class LabelsArguments(Arguments):
    """The obs column to compare the clusters of a resolution with."""

    column: str
    resolution: float


class SpacesArguments(Arguments):
    """The obs columns with labels and batches, and the resolution of the clusters, that score spaces."""

    labels: str | None = None
    batches: str | None = None
    resolution: float = 1.0


class SupportArguments(Arguments):
    """The resolution of the clusters whose markers are tested on other molecules."""

    resolution: float = 1.0


class SeedsArguments(Arguments):
    """The runs with other seeds, by id."""

    runs: tuple[str, ...] = ()


class TogetherArguments(Arguments):
    """The resolution of the clusters of several seeds together."""

    resolution: float = 1.0


class ProfileArguments(Arguments):
    """A cell, or a cluster at a resolution, whose reconstruction is shown."""

    cell: int | None = None
    cluster: int | None = None
    resolution: float | None = None


class BundleArguments(Arguments):
    """What goes into a bundle: core.store.bundles.Bundles checks it."""

    by: str  # "clusters" (Leiden at `resolution`) or "made:" and the line of a clustering
    resolution: float
    parts: tuple[str, ...]
    denoised: bool = False
    size: tuple[int | float, ...]  # fields of core.config.bundle.Size
    maps: str | None = (
        None  # the name of the file of what the maps showed; none in bundles of earlier versions
    )


class MarkersArguments(Arguments):
    """The key of the Groups whose markers are computed, and the obs column of samples to compare them over, or None."""

    groups: str
    samples: str | None = None


class ConditionsArguments(Arguments):
    """The key of Groups of cells, and two values of an obs column that are compared over the samples of another column."""

    groups: str
    column: str
    first: str
    second: str
    samples: str


class ClustersArguments(Arguments):
    """A method of clustering and its value: the number of clusters, their least size, or the resolution.

    `among` is the key of Groups whose group 0 is clustered on its own, within the clustering `line` with this `title`.
    """

    method: str
    value: int | float
    among: str | None = None
    line: str | None = None
    title: str = ""


class SelectArguments(Arguments):
    """The key of the Groups that hold selected cells of a run; `words` say how these were selected."""

    of: str
    of_name: str
    run: str
    run_name: str
    words: str
    groups: str


class MapArguments(Arguments):
    """A dataset to map onto a run, the key of the Groups whose labels are transferred, and the key of the mapping."""

    dataset: str
    groups: str
    title: str
    batch: str | None = None
    key: str


class MapExportArguments(Arguments):
    """A mapping, and the confidence below which its labels are unknown."""

    key: str
    threshold: float


ARGUMENTS = {
    "read": ReadArguments,
    "steps": StepsArguments,
    "recipe": RecipeArguments,
    "recommended": RecommendedArguments,
    "choose": ChooseArguments,
    "look": JoinArguments,
    "join": JoinArguments,
    "genes": SettingsArguments,
    "proteins": ProteinsArguments,
    "forecast": SettingsArguments,
    "rates": SettingsArguments,
    "train": TrainArguments,
    "embed": EmbedArguments,
    "labels": LabelsArguments,
    "spaces": SpacesArguments,
    "support": SupportArguments,
    "stability": SeedsArguments,
    "seeds_together": TogetherArguments,
    "profile": ProfileArguments,
    "bundle": BundleArguments,
    "markers": MarkersArguments,
    "conditions": ConditionsArguments,
    "clusters": ClustersArguments,
    "select": SelectArguments,
    "map": MapArguments,
    "map_export": MapExportArguments,
}


def arguments_of(kind, arguments=None):
    """The arguments of a kind of job, from a record of them, their JSON, or None for the defaults."""
    return ARGUMENTS.get(kind, Arguments).upgraded(arguments)
