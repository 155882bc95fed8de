"""The card of the scores of a run, and of the agreement of its clusters with a label column."""

from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate

from core.analysis.metrics.descriptions import SCORES, SEEN, UNSEEN
from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import LabelsArguments
from core.config.models import MODELS
from core.config.run_facts import RunFacts
from dashboard.components import job_card
from dashboard.components.widgets import card, more, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.controls import categories
from dashboard.server import session

JOB = watched("comparing")
LABELS = "labels"
RESULT = "labels-result"

EXPLAINED = (
    "Explained: by how much the model reduces the loss of predicting the mean. For a squared error this is the share of "
    "variance that is reconstructed from the latent space: 1 is all of it, 0 no better than the mean. For the model "
    "'counts' it is a share of the log-likelihood, which stays well below 1 even for a perfect model: compare it with PCA "
    "in the same row only."
)
HARMONY = (
    "Batches mixed: 'input' is the principal components of the input. 'Harmony' corrects these for batches (Korsunsky "
    "2019), with default settings."
)
HELD_OUT = (
    "Held-out negative log-likelihood: how unexpected the test cells are to the model, in nats per cell, summed over all "
    "features; lower is better. {density} The first row takes the mean of a cell's latent distribution. The bound weighs "
    "50 draws of it against the prior (Burda 2016), so it also counts the cost of the latent space."
)
DENSITY_OF_COUNTS = "It is the likelihood of the raw counts."
DENSITY_OF_VALUES = (
    "It is the likelihood of the preprocessed values with noise of unit variance, and that noise is most of it: compare "
    "it only between runs with the same preprocessing."
)


def layout(view, run):
    """The scores beside those of PCA of the same size, and the choice of a label column."""
    scores, columns = run["scores"], categories(view, run)
    return card(
        "Scores",
        html.P(f"On {scored_cells(scores)}. Best epoch: {scores['best_epoch']}."),
        table(
            ["", "Autoencoder", f"PCA, {run['config']['n_latent']} dimensions", "Mean"],
            score_rows(run),
            numeric=(1, 2, 3),
        ),
        html.Label("Compare clusters with a label column", htmlFor=LABELS),
        dcc.Dropdown(
            columns,
            id=LABELS,
            placeholder="Choose an obs column" if columns else "obs has no categorical columns",
        ),
        *job_card.parts(view, JOB),
        html.Div(id=RESULT),
        more("What do these scores mean?", html.Ul([html.Li(text) for text in _explanations(run)])),
    )


def score_rows(run):
    """The rows of the table: a score, and its values for the autoencoder, PCA and the mean."""
    scores = run["scores"]
    total = [number(scores[f"loss_total{of}"]) for of in ("", "_pca", "_mean")]
    neighbours = [number(scores[f"neighbours_kept_15{of}"]) for of in ("", "_pca")]
    rows = [["Loss", *total], *_explained_rows(run), ["Neighbours kept (15)", *neighbours, "–"]]
    if (agreement := scores.get("protein_agreement_15")) is not None:
        pca = number(scores["protein_agreement_15_pca"])
        proteins_seen = SEEN if RunFacts.upgraded(run["facts"]).n_proteins else UNSEEN
        rows.append([f"Agreement with proteins (15), {proteins_seen}", number(agreement), pca, "–"])
    resolution = scores.get("resolution", DEFAULT_RESOLUTION)
    rows.append([f"Silhouette of the clusters at {resolution:g}", number(scores["silhouette"]), "–", "–"])
    if scores.get("held_out_nll") is not None:
        rows += _held_out_rows(scores)
    if "ilisi" in scores:
        before = f"{number(scores['ilisi_input'])} (input)"
        if "ilisi_harmony" in scores:  # runs of earlier versions lack it
            before += f", {number(scores['ilisi_harmony'])} (Harmony)"
        rows.append(
            [f"Batches mixed (iLISI, 1 to {scores['batches']})", number(scores["ilisi"]), before, "–"]
        )
    return rows


def _explained_rows(run):
    scores, reads_counts = run["scores"], MODELS[run["config"]["model"]].reads_counts
    explained = "Likelihood explained" if reads_counts else "Variance explained"
    rows = []
    for part, name in (("rna", "RNA"), ("protein", "protein")):
        if getattr(RunFacts.upgraded(run["facts"]).loss, part) is None:
            continue
        pca = number(scores[f"variance_explained_{part}_pca"])
        if (alone := scores.get(f"variance_explained_{part}_pca_alone")) is not None:
            pca = f"{pca} ({name} alone {number(alone)})"
        rows.append([f"{explained}, {name}", number(scores[f"variance_explained_{part}"]), pca, "0"])
    return rows


def _held_out_rows(scores):
    """The rows on the likelihood of test cells, for models that have one."""
    likelihood = [number(scores[f"held_out_nll{of}"], 1) for of in ("", "_pca", "_mean")]
    bound = [number(scores["held_out_bound"], 1), "–", "–"]
    return [["Held-out negative log-likelihood", *likelihood], ["Held-out bound over the latent", *bound]]


def _explanations(run):
    """What the rows of the table mean, for those that it has."""
    scores, model = run["scores"], MODELS[run["config"]["model"]]
    names = ["neighbours_kept_15", "protein_agreement_15", "silhouette", "ilisi"]
    texts = [EXPLAINED, *(SCORES[name].sentence for name in names if name in scores)]
    if scores.get("held_out_nll") is not None:
        texts.append(HELD_OUT.format(density=DENSITY_OF_COUNTS if model.reads_counts else DENSITY_OF_VALUES))
    return texts + ([HARMONY] if "ilisi_harmony" in scores else [])


def scored_cells(scores):
    """The cells that the scores are computed on, as text."""
    n = f"{scores['judged_cells']:,}"  # keys of runs on disk
    if scores["judged_on"] == "test":
        return f"{n} test cells, which the model has never seen"
    return f"{n} validation cells, which were also used to choose the best epoch (there is no test set)"


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(LABELS, "value"), Input(ids.RESOLUTION, "value"))
    def compare(view, run, token, column, resolution):
        if not column:
            raise PreventUpdate
        arguments = LabelsArguments(column=column, resolution=resolution)
        return view.jobs.submit("labels", run["id"], arguments, token, priority=1)

    @app.callback(
        Output(RESULT, "children"),
        Input(JOB.done, "data"),
        Input(LABELS, "value"),
        prevent_initial_call=True,
    )
    def show(job_id, column):
        """The agreement with the chosen column; nothing while the result is that of another one."""
        job = store.of(session.user()).jobs.one(job_id) if job_id else None
        arguments = LabelsArguments.of_job(job) if job else None
        if arguments is None or arguments.column != column:
            return ""
        return agreement(job["result"], column, arguments.resolution)


def agreement(result, column, resolution):
    """The table of the agreement of clusters with a label column."""
    rows = [
        ["kNN accuracy (15), latent space", number(result["knn_accuracy"]), "–"],
        ["kNN accuracy (15), PCA of the same size", number(result["knn_accuracy_pca"]), "–"],
        ["ARI (adjusted Rand index)", number(result["ari"]), number(result["ari_all_cells"])],
        ["NMI (normalised mutual information)", number(result["nmi"]), number(result["nmi_all_cells"])],
    ]
    head = [f"Clusters at {resolution:g} against {column}", "test cells", "all cells"]
    sentences = [html.Li(SCORES[name].sentence) for name in ("ari", "nmi", "knn_accuracy")]
    return [table(head, rows, numeric=(1, 2)), html.Ul(sentences, className="help")]
