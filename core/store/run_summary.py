"""What the table of runs shows of a run, as columns of its row: the table then reads no folder, and the database sorts it.

A summary follows from what is written into a row. `Database` adds it to every write, so that no writer has to know of it.
"""

import json

from core.config import RunConfig
from core.config.run_facts import RunFacts

SCORES = {  # column: its key in the scores of a run
    "explained_rna": "variance_explained_rna",
    "explained_protein": "variance_explained_protein",
    "neighbours_kept": "neighbours_kept_15",
    "ilisi": "ilisi",
}
OF_SPACES = ("knn_accuracy", "nmi", "ilisi")  # columns that the comparison of spaces fills
LATENT = "latent"


def summary(values):
    """The columns that follow from `values`, columns of a run's row as they are written."""
    columns = {}
    if values.get("config") is not None:
        columns |= _of_config(values["config"])
    if facts := RunFacts.upgraded(values.get("facts")):
        loss, pca = facts.loss, facts.test_baselines.pca
        columns |= {"loss": loss and loss.total, "pca_loss": pca.total if loss else None}
        columns["judged_on"] = "test" if facts.n_test else "valid"
        columns["device"] = facts.device_name or facts.device_used
    if scores := values.get("scores"):
        known = {column: scores.get(key) for column, key in SCORES.items()}
        columns |= {column: value for column, value in known.items() if value is not None}
    return columns


def of_spaces(records):
    """The columns that follow from a comparison of spaces, the records of core.analysis.metrics.benchmark."""
    known = {one["score"]: one["value"] for one in records if one["space"] == LATENT}
    return {name: known[name] for name in OF_SPACES if known.get(name) is not None}


def _of_config(config):
    """The model, the batch covariate, and as JSON the settings that are not the default."""
    fields = RunConfig.model_fields
    changed = {
        name: value
        for name, value in config.items()
        if name in fields and value is not None and value != fields[name].default
    }
    return {
        "model": config.get("model", fields["model"].default),
        "batch_column": config.get("batch_key") or "",
        "changed": json.dumps(changed, sort_keys=True),
    }
