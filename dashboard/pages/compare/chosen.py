"""The runs that a comparison is of, and what about them cannot be compared."""

from typing import NamedTuple

from core import config, figures
from core.config.run_facts import RunFacts
from core.errors import UserError
from core.text import listed
from dashboard.pages.runs.actions import MOST_COMPARED

SPLITS = ("seed", "train_share", "valid_share", "split_by")
WEIGHTS = ("weight_rna", "weight_protein", "modalities", "target", "split_share")


class Chosen(NamedTuple):
    """A run of a comparison: its row, its RunConfig or None, its RunFacts or None, its dataset's name, its colour."""

    row: dict
    config: config.RunConfig | None
    facts: RunFacts | None
    dataset: str
    colour: str

    @property
    def name(self):
        return self.row["name"]

    @property
    def id(self):
        return self.row["id"]

    @property
    def loss_label(self):
        """What the loss of the run is."""
        return self.config.loss_label if self.config else ""


def ids_of(query):
    """The ids of a link such as "?runs=a,b,c", each once."""
    return list(dict.fromkeys(id for id in query.get("runs", "").split(",") if id))[:MOST_COMPARED]


def chosen(view, run_ids):
    """The Chosen of those of the runs that one may see, in order."""
    rows = [row for id in run_ids if (row := view.readable("run", id))]
    names = {row["dataset"]: view.readable("dataset", row["dataset"]) for row in rows}
    return [
        Chosen(row, _config(row), RunFacts.upgraded(row["facts"]), _name(names[row["dataset"]]), colour)
        for row, colour in zip(rows, figures.run_colours(len(rows)), strict=True)
    ]


def _config(row):
    try:
        return config.parse(row["config"])
    except UserError:  # of a version that is not known here
        return None


def _name(dataset):
    return dataset["name"] if dataset else "a dataset that you may not see"


def remarks(runs):
    """Sentences on what of these runs cannot be compared, and what can be instead."""
    out = []
    datasets = list(dict.fromkeys(run.row["dataset"] for run in runs))
    if len(datasets) > 1:
        names = listed(list(dict.fromkeys(f"'{run.dataset}'" for run in runs)))
        out.append(
            f"These runs are of {len(datasets)} datasets, {names}. Their losses and scores are of different cells and "
            "cannot be compared. Their settings can; maps and clusters are compared on cells of the same name."
        )
    labels = list(dict.fromkeys(run.loss_label for run in runs if run.loss_label))
    if len(labels) > 1:
        out.append(f"Their losses are not the same measure: {listed(labels)}. Compare each with its own PCA.")
    elif len(datasets) == 1:
        out += _within(runs)
    return out


def _within(runs):
    """Sentences on losses of runs of one dataset and one model's loss."""
    if _differ(runs, [spec.name for spec in config.specs(config.PREPARE)]):
        return [
            "These runs were preprocessed differently, so their losses are of different values. Compare each with its own "
            "PCA ('Loss above PCA')."
        ]
    if _differ(runs, WEIGHTS):
        return ["RNA and protein do not count the same in all of these runs. Compare the losses of one part."]
    if _differ(runs, SPLITS):
        return [
            "These runs have different test cells, so small differences of their losses mean nothing. Compare each with its "
            "own PCA."
        ]
    return []


def _differ(runs, names):
    records = [run.row["config"] for run in runs]
    return any(len({str(record.get(name)) for record in records}) > 1 for name in names)
