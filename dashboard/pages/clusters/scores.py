"""The card of the scores of a run, and of the agreement of its clusters with labels."""

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core.analysis.metrics.descriptions import SCORES, SEEN, UNSEEN
from core.config import DEFAULT_RESOLUTION
from core.config.models import MODELS
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.widgets import card, more, number, table
from dashboard.pages.clusters import ids
from dashboard.server import session

EXPLAINED = (
    "Explained: how much of the mean's loss is gone. For a squared error that is the share of the variance that comes "
    "back from the latent space: 1 is all of it, 0 no better than the mean. For the model counts it is a share of "
    "the likelihood's nats, of which even a perfect model leaves many: compare it with PCA beside it alone."
)
HARMONY = (
    "Batches mixed: before is the input's principal components, after the latent space; between them stands Harmony, "
    "which moves the principal components until batches mix (Korsunsky 2019), with its defaults."
)
HELD_OUT = (
    "Held-out negative log-likelihood: how much the judging cells surprise the model, in nats a cell, all features added "
    "up; lower is better. {density} The first line takes the mean of a cell's latent for granted; the bound weighs 50 "
    "draws of it against the prior (Burda 2016), so that the latent space is paid for as well."
)
DENSITY_OF_COUNTS = "It is that of the raw counts."
DENSITY_OF_VALUES = (
    "It is that of the preprocessed values with noise of unit variance on each, so most of it is that noise: "
    "compare such numbers between runs of the same preprocessing alone."
)


def layout(view, run):
    """The scores with PCA of equal size beside them, and the choice of a label column."""
    s = run["scores"]
    explained = (
        "Likelihood explained" if MODELS[run["config"]["model"]].reads_counts else "Variance explained"
    )
    rows = [["Loss", number(s["loss_total"]), number(s["loss_total_pca"]), number(s["loss_total_mean"])]]
    for part, words in (("rna", "RNA"), ("protein", "protein")):
        if run["facts"]["loss"][part] is None:
            continue
        pca = number(s[f"variance_explained_{part}_pca"])
        if (alone := s.get(f"variance_explained_{part}_pca_alone")) is not None:
            pca = f"{pca} ({words} alone {number(alone)})"
        rows.append([f"{explained}, {words}", number(s[f"variance_explained_{part}"]), pca, "0"])
    rows.append(
        ["Neighbours kept (15)", number(s["neighbours_kept_15"]), number(s["neighbours_kept_15_pca"]), "–"]
    )
    if (agreement := s.get("protein_agreement_15")) is not None:
        pca = number(s["protein_agreement_15_pca"])
        seen = SEEN if run["facts"]["n_proteins"] else UNSEEN
        rows.append([f"Agreement with proteins (15), {seen}", number(agreement), pca, "–"])
    rows.append(
        [
            f"Silhouette of the clusters at {s.get('resolution', DEFAULT_RESOLUTION):g}",
            number(s["silhouette"]),
            "–",
            "–",
        ]
    )
    if s.get("held_out_nll") is not None:
        rows += _held_out_rows(s)
    if "ilisi" in s:
        words = f"Batches mixed (iLISI, 1 to {s['batches']})"
        input = f"{number(s['ilisi_input'])} (input)"
        if "ilisi_harmony" in s:  # runs of an earlier Nuwa lack it
            input += f", {number(s['ilisi_harmony'])} (Harmony)"
        rows.append([words, number(s["ilisi"]), input, "–"])
    columns = [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"]
    return card(
        "Scores",
        html.P(f"On {judged(s)}. Best epoch: {s['best_epoch']}."),
        table(
            ["", "Autoencoder", f"PCA, {run['config']['n_latent']} dimensions", "Mean"],
            rows,
            numeric=(1, 2, 3),
        ),
        html.Label("Compare the clusters with a label column", htmlFor=ids.LABELS),
        dcc.Dropdown(
            columns, id=ids.LABELS, placeholder="Choose a column of obs" if columns else "obs has no labels"
        ),
        *job_card.parts(view, ids.COMPARING),
        html.Div(id=ids.LABELS_RESULT),
        more(
            "What do these say?",
            html.Ul([html.Li(words) for words in _explanations(run)]),
        ),
    )


def _held_out_rows(scores):
    """The table's lines on the likelihood of held-out cells, for models that have one."""
    held = [number(scores[f"held_out_nll{of}"], 1) for of in ("", "_pca", "_mean")]
    bound = [number(scores["held_out_bound"], 1), "–", "–"]
    return [["Held-out negative log-likelihood", *held], ["Held-out bound over the latent", *bound]]


def _explanations(run):
    """What the lines of the table say, for those that are there."""
    scores, model = run["scores"], MODELS[run["config"]["model"]]
    told = ["neighbours_kept_15", "protein_agreement_15", "silhouette", "ilisi"]
    found = [EXPLAINED, *(SCORES[name].sentence for name in told if name in scores)]
    if scores.get("held_out_nll") is not None:
        density = DENSITY_OF_COUNTS if model.reads_counts else DENSITY_OF_VALUES
        found.append(HELD_OUT.format(density=density))
    return found + ([HARMONY] if "ilisi_harmony" in scores else [])


def judged(scores):
    """Which cells the scores are read from, in words."""
    if scores["judged_on"] == "test":
        return f"{scores['judged_cells']:,} test cells, which the model has never seen"
    return f"{scores['judged_cells']:,} validation cells, which also chose the best epoch (chosen on)"


def register(app, store):
    @job_card.asks(
        app,
        store,
        ids.COMPARING,
        Input(ids.LABELS, "value"),
        Input(ids.RESOLUTION, "value"),
        State(shared.RUN, "data"),
        State(shared.PAGE, "data"),
    )
    def compare(view, column, resolution, run_id, page):
        if not column:
            raise PreventUpdate
        arguments = {"column": column, "resolution": resolution}
        return view.jobs.submit(
            "labels", run_id, arguments, f"{page}:labels:{column}:{resolution}", priority=1
        )

    @app.callback(
        Output(ids.LABELS_RESULT, "children"),
        Input(ids.COMPARING.done, "data"),
        Input(ids.LABELS, "value"),
        prevent_initial_call=True,
    )
    def show(job_id, column):
        """The scores of the column that is chosen; nothing while they are of another one."""
        job = store.of(session.user()).jobs.one(job_id) if job_id else None
        if job is None or job["arguments"]["column"] != column:
            return ""
        r, resolution = job["result"], job["arguments"]["resolution"]
        lines = [
            ["kNN accuracy (15), latent space", number(r["knn_accuracy"]), "–"],
            ["kNN accuracy (15), PCA of as many dimensions", number(r["knn_accuracy_pca"]), "–"],
            ["ARI (adjusted Rand index)", number(r["ari"]), number(r["ari_all_cells"])],
            ["NMI (normalised mutual information)", number(r["nmi"]), number(r["nmi_all_cells"])],
        ]
        return [
            table(
                [f"Clusters at {resolution:g} against {column}", "judging cells", "all cells"],
                lines,
                numeric=(1, 2),
            ),
            html.Ul(
                [html.Li(SCORES[name].sentence) for name in ("ari", "nmi", "knn_accuracy")], className="help"
            ),
        ]
