"""The card that maps cells of another data set onto a run: what to map, and where its result is shown."""

import dash_bootstrap_components as dbc
from dash import dcc, html

from core.config import SURE
from dashboard.components import job_card
from dashboard.components.widgets import card, graph, more, working
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, groupings
from dashboard.pages.clusters.viewer.mapped_colours import BY

ASKED = ("mapped", "mapped_by", "mapped_sure")  # in the address: which mapping, its colour, its threshold
OWN_BATCH = " "  # an empty value would show an empty field


def asked_store(asked):
    """What a link says of the card, until it is there: `asked` is the query of the page's address."""
    return dcc.Store(id=ids.MAP_ASKED, data={name: asked.get(name) for name in ASKED})


def mapping_card(view, run):
    """The card; what a link asks it to show comes with its first callback."""
    shown = options(view, run["id"])
    return card(
        "Map new cells",
        html.P(
            "Cells of another data set go through the trained model as they are: nothing is trained again. Each gets the "
            "label that most of its 15 nearest cells of this run have."
        ),
        _asking(view, run),
        *job_card.parts(view, ids.MAPPING, view.jobs.mine(run["id"], "map")),
        html.Div(id=ids.MAP_LOST, role="status"),
        html.Div(
            [_choosing(shown), *_result(view, run)], id=ids.MAP_SHOWN, hidden=not shown, className="mt-3"
        ),
        _explained(),
    )


def options(view, run_id):
    """Options for what is shown: each mapping onto the run that one may see, the newest first."""
    return [
        {"label": f"{one['name']}: {one['cells']:,} cells, {one['title']}{_as(one)}", "value": one["key"]}
        for one in view.mappings.all(run_id)
    ]


def _as(about):
    return f", read as {about['batch']}" if about["batch"] else ""


def _asking(view, run):
    others = [row for row in view.datasets.all() if row["status"] == "ready" and row["id"] != run["dataset"]]
    choices = [{"label": row["name"], "value": row["id"]} for row in others]
    batches = run["facts"]["groups"]
    key = run["config"]["batch_key"]
    known = [
        {"label": f"their own ({key})", "value": OWN_BATCH},
        *({"label": b, "value": b} for b in batches),
    ]
    return html.Div(
        [
            _field(
                "Data set to map",
                dcc.Dropdown(
                    choices,
                    id=ids.MAP_DATASET,
                    placeholder="choose a data set" if choices else "no other data set is here",
                ),
            ),
            _field(
                "Labels of this run",
                dcc.Dropdown(groupings(view, run), CLUSTERS, id=ids.MAP_LABELS, clearable=False),
            ),
            html.Div(
                _field(
                    "Batch they are read as",
                    dcc.Dropdown(known, OWN_BATCH, id=ids.MAP_BATCH, clearable=False),
                ),
                hidden=not batches,
            ),
            html.Div(
                html.Button("Map them", id=ids.MAP_GO, className="btn btn-primary"),
                style={"alignSelf": "end"},
            ),
        ],
        className="nuwa-form",
    )


def _choosing(shown):
    return html.Div(
        [
            _field("Shown", dcc.Dropdown(shown, id=ids.MAP_CHOSEN, placeholder="choose what was mapped")),
            _field("Colour by", dcc.Dropdown(BY, "label", id=ids.MAP_BY, clearable=False)),
            _field(
                "Unknown below a confidence of",
                dbc.Input(id=ids.MAP_SURE, type="number", min=0, max=1, step=0.05, value=SURE),
            ),
            _field(
                "Compare with its own labels",
                dcc.Dropdown([], id=ids.MAP_OWN, placeholder="a column of its obs"),
            ),
        ],
        className="nuwa-form",
    )


def _result(view, run):
    return [
        html.Div(id=ids.MAP_WORDS, role="status", className="mt-3"),
        graph(
            ids.MAP_FIGURE,
            "The new cells over those of the run, which are grey",
            dataset=view.datasets.one(run["dataset"]),
            mark="",
        ),
        html.Div(id=ids.MAP_TABLE, className="mt-3"),
        html.Div(
            [
                html.A("Mapped cells as CSV", id=ids.MAP_CSV, href=""),
                html.Button("Make mapped.h5ad", id=ids.MAP_EXPORT_GO, className="btn btn-outline-primary"),
                html.Button("Delete ...", id=ids.MAP_DELETE, className="btn btn-outline-danger"),
                dcc.ConfirmDialog(
                    id=ids.MAP_CONFIRM,
                    message="Delete what was mapped, with its files? Run and data set stay; it can be mapped again.",
                ),
            ],
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.MAP_EXPORT),
        working(ids.MAP_EXPORTED),
    ]


def _explained():
    return more(
        "How is this done?",
        html.P(
            "Genes are matched by name, Ensembl id without its version, or symbol. Library sizes, logarithms, means and "
            "deviations, and the transform of proteins, are those of the training cells; a gene or protein that is missing "
            "is filled with its mean over them. Below half of the used genes nothing is mapped."
        ),
        html.P(
            "The mapped cells can stand beside the other panels, too: they are among the embeddings of each panel, under See."
        ),
        html.P(
            "The 15 nearest cells in the latent space vote, the nearer ones with more weight, as in scArches (Lotfollahi "
            "2022); the confidence is the winner's share of all weight. A cell of a kind that the run has never seen can "
            "be sure and wrong: look at its distance and at markers as well."
        ),
        html.P(
            "In the picture a new cell stands at the median of the places of these 15. Held against UMAP's own transform on "
            "real cells this kept as many neighbours (0.32 against 0.30), and needs no model of the picture."
        ),
    )


def _field(words, control):
    return html.Div([html.Label(words, htmlFor=control.id), control], className="nuwa-field")
