"""One line over the maps on batches: how well they mix, or which column keeps cells apart that may be batches."""

from urllib.parse import urlencode

from dash import dcc

from core.config.run_facts import RunFacts
from dashboard.components.widgets import notice, term

WITHOUT = (
    " Harmony was not computed: an administrator installs requirements-harmony.txt, and further runs have it."
)


def line(run):
    """The notice for a run, with the way to a batch covariate where there is none; None where nothing is to be said."""
    column = run["config"].get("batch_key")
    if column:
        return _with_batches(column, run["scores"] or {})
    facts = RunFacts.upgraded(run["facts"])
    apart = next((one for one in facts.mixing if one.apart), None) if facts else None
    if apart is None:
        return None
    address = urlencode({"dataset": run["dataset"], "batch": apart.column})
    return notice(
        [
            f"Cells of one '{apart.column}' stay together: ",
            term("batches mix", "iLISI"),
            f" {apart.ilisi:.2f} of {apart.batches} in the latent space (1: not at all). ",
            dcc.Link(f"Use '{apart.column}' as batch column", href=f"/preprocess?{address}"),
        ],
        "warn",
    )


def _with_batches(column, scores):
    """How the batches of the covariate mix, beside Harmony on the principal components of the input."""
    if scores.get("ilisi") is None:
        return None
    others = [
        (name, scores.get(f"ilisi_{key}")) for key, name in (("input", "input"), ("harmony", "Harmony"))
    ]
    known = ", ".join(f"{name} {value:.2f}" for name, value in others if value is not None)
    parts = [
        term("Batches", "Batch covariate"),
        f" of '{column}' ",
        term("mix", "iLISI"),
        f" {scores['ilisi']:.2f} of {scores['batches']}",
        f" ({known})." if known else ".",
    ]
    if scores.get("ilisi_harmony") is None:
        parts.append(WITHOUT)
    return notice(parts)
