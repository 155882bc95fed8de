"""The card of the scores of a run, and of the agreement of its clusters with a label column."""

from statistics import mean, stdev

from dash import Input, Output, html
from dash.exceptions import PreventUpdate

from core.analysis.metrics.descriptions import FROM_PCA, SCORES, SEEN, UNSEEN, is_clustering
from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import LabelsArguments
from core.config.models import MODELS
from core.config.run_facts import RunFacts
from core.config.training import DISTANCES
from core.text import interval
from dashboard.components import job_card
from dashboard.components.picker import picker
from dashboard.components.widgets import card, more, notice, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import count_split, ids, run_jobs
from dashboard.pages.clusters.controls import categories, field
from dashboard.pages.run_status import OLD_PCA, old_pca
from dashboard.server import session

JOB = watched("comparing")
LABELS = "labels"
RESULT = "labels-result"

EXPLAINED = (
    "Explained: by how much the model reduces the loss of predicting the mean. For a squared error this is the share of "
    "variance that is reconstructed from the latent space: 1 is all of it, 0 no better than the mean. For the model "
    "'counts' it is a share of the log-likelihood, which stays well below 1 even for a perfect model: compare it with PCA "
    "in the same row only, which is PCA turned back into counts, scaled to their sums, with dispersions by likelihood."
)
INTERVALS = (
    "± is 1.96 standard errors over cells: from 20 groups of test cells for losses (jackknife), from 200 resamples for the "
    "others (bootstrap). The difference is the autoencoder minus PCA on the same cells; 0 within its interval is no "
    "difference. Training again with other seeds can change a score by more: see Stability across random seeds."
)
OVER_SEEDS = {
    "loss_total": "Loss",
    "variance_explained_rna": "Explained, RNA",
    "variance_explained_protein": "Explained, protein",
    "neighbours_kept_15": "Neighbours kept (15)",
    "silhouette": "Silhouette of the clusters",
    "ilisi": "Batches mixed (iLISI)",
}
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
    placeholder = "Choose an obs column" if columns else "obs has no categorical columns"
    labels = picker(LABELS, columns, placeholder=placeholder, clearable=True)
    return card(
        "Scores",
        html.P(
            f"On {scored_cells(scores)}. Best epoch: {scores['best_epoch']}. Neighbours, clusters, maps and scores are by "
            f"{DISTANCES[run['config'].get('metric', 'euclidean')]}."
        ),
        table(
            ["", "Autoencoder", f"PCA, {run['config']['n_latent']} dimensions", "Difference", "Mean"],
            score_rows(run),
            numeric=(1, 2, 3, 4),
        ),
        *_seed_rows(view, run),
        *([notice(OLD_PCA, "warn")] if old_pca(run, RunFacts.upgraded(run["facts"])) else []),
        html.Div(
            field("Compare clusters with a label column", labels, wide=True), className="nuwa-form mt-3"
        ),
        *job_card.parts(view, JOB),
        html.Div(id=RESULT),
        *count_split.parts(view, run),
        more("What do these scores mean?", html.Ul([html.Li(text) for text in _explanations(run)])),
    )


def score_rows(run):
    """The rows of the table: a score, its values for the autoencoder, PCA, their difference, and the mean."""
    scores = run["scores"]
    of_mean = number(scores["loss_total_mean"])
    rows = [["Loss", *_pair(scores, "loss_total"), of_mean], *_explained_rows(run)]
    rows.append(["Neighbours kept (15)", *_pair(scores, "neighbours_kept_15"), "–"])
    if scores.get("protein_agreement_15") is not None:
        proteins_seen = SEEN if RunFacts.upgraded(run["facts"]).n_proteins else UNSEEN
        rows.append(
            [f"Agreement with proteins (15), {proteins_seen}", *_pair(scores, "protein_agreement_15"), "–"]
        )
    resolution = scores.get("resolution", DEFAULT_RESOLUTION)
    silhouette = _value(scores, "silhouette")
    rows.append([f"Silhouette of the clusters at resolution {resolution:g}", silhouette, "–", "–", "–"])
    if scores.get("held_out_nll") is not None:
        rows += _held_out_rows(scores)
    if "ilisi" in scores:
        before = f"{_value(scores, 'ilisi_input')} (input)"
        if "ilisi_harmony" in scores:  # runs of earlier versions lack it
            before += f", {_value(scores, 'ilisi_harmony')} (Harmony)"
        name = f"Batches mixed (iLISI, 1 to {scores['batches']})"
        rows.append([name, _value(scores, "ilisi"), before, "–", "–"])
    return rows


def _value(scores, name):
    """A score with its interval, which runs of earlier versions lack."""
    return interval(scores.get(name), scores.get(f"{name}_error"))


def _pair(scores, name):
    """The score of the autoencoder, of PCA, and the first minus the second on the same cells."""
    return [_value(scores, f"{name}{end}") for end in ("", "_pca", "_difference")]


def _explained_rows(run):
    scores, reads_counts = run["scores"], MODELS[run["config"]["model"]].reads_counts
    explained = "Likelihood explained" if reads_counts else "Variance explained"
    rows = []
    for part, name in (("rna", "RNA"), ("protein", "protein")):
        if getattr(RunFacts.upgraded(run["facts"]).loss, part) is None:
            continue
        ours, pca, difference = _pair(scores, f"variance_explained_{part}")
        if (alone := scores.get(f"variance_explained_{part}_pca_alone")) is not None:
            pca = f"{pca} ({name} alone {number(alone)})"
        rows.append([f"{explained}, {name}", ours, pca, difference, "0"])
    return rows


def _held_out_rows(scores):
    """The rows on the likelihood of test cells, for models that have one."""
    ours, pca, of_mean = (number(scores[f"held_out_nll{of}"], 1) for of in ("", "_pca", "_mean"))
    bound = [number(scores["held_out_bound"], 1), "–", "–", "–"]
    return [
        ["Held-out negative log-likelihood", ours, pca, "–", of_mean],
        ["Held-out bound over the latent", *bound],
    ]


def _seed_rows(view, run):
    """A score, and its mean and standard deviation over the runs with other seeds; no rows without such runs."""
    runs = [run["scores"], *(row["scores"] for row in view.seeds.all(run["id"]) if row["scores"])]
    if len(runs) < 2:
        return []
    rows = []
    for name, title in OVER_SEEDS.items():
        values = [scores[name] for scores in runs if scores.get(name) is not None]
        if len(values) == len(runs):
            rows.append([title, f"{mean(values):.3f} (standard deviation {stdev(values):.3f})"])
    return [table([f"Over {len(runs)} seeds", "Autoencoder"], rows, numeric=(1,))]


def _explanations(run):
    """What the rows of the table mean, for those that it has."""
    scores, model = run["scores"], MODELS[run["config"]["model"]]
    names = ["neighbours_kept_15", "protein_agreement_15", "silhouette", "ilisi"]
    texts = [INTERVALS, EXPLAINED, *(SCORES[name].sentence for name in names if name in scores)]
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
    count_split.register(app, store)

    @run_jobs.asks(app, store, JOB, Input(LABELS, "value"), Input(ids.RESOLUTION, "value"))
    def compare(view, run, token, column, resolution):
        if not column:
            raise PreventUpdate
        arguments = LabelsArguments(column=column, resolution=resolution)
        return view.jobs.submit("labels", run["id"], arguments, token)

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
        ["AMI (adjusted mutual information)", _value(result, "ami"), "–", "–"],
        ["ARI (adjusted Rand index)", _value(result, "ari"), "–", "–"],
        ["NMI (normalised mutual information)", _value(result, "nmi"), "–", "–"],
        ["kNN accuracy (15)", *_pair(result, "knn_accuracy")],
    ]
    head = [
        f"Clusters at {resolution:g} against {column}",
        "latent space",
        "PCA of the same size",
        "difference",
    ]
    words = (
        f"On all {result['labelled_cells']:,} cells with a label, since labels are no part of the training."
    )
    sentences = [html.Li(SCORES[name].sentence) for name in ("ami", "ari", "nmi", "knn_accuracy")]
    return [
        table(head, rows, numeric=(1, 2, 3)),
        html.P(words, className="help"),
        *([notice(FROM_PCA, "warn")] if is_clustering(column) else []),
        html.Ul(sentences, className="help"),
    ]
