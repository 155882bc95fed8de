"""The card that maps cells of another dataset onto a run: what to map, and where its result is shown."""

from dash import dcc, html

from core import figures
from core.config import SURE
from core.config.numbers import Number
from core.config.run_facts import RunFacts
from core.store import Status
from dashboard.components import job_card
from dashboard.components.number_field import number_field
from dashboard.components.picker import picker
from dashboard.components.widgets import card, graph, more, working
from dashboard.pages.clusters.colours import CLUSTERS, groupings
from dashboard.pages.clusters.controls import button, field
from dashboard.pages.clusters.mapping import ids
from dashboard.pages.clusters.viewer.mapped_colours import BY

IN_LINK = ("mapped", "mapped_by", "mapped_sure")  # in the address: which mapping, its colour, its threshold
THRESHOLD = Number("Unknown below a confidence of", low=0, high=1)
OWN_BATCH = " "  # an empty value would show an empty field


def query_store(query):
    """The part of the link that this card reads; the card itself is loaded later."""
    return dcc.Store(id=ids.MAP_QUERY, data={name: query.get(name) for name in IN_LINK})


def layout(view, run):
    mappings = options(view, run["id"])
    return card(
        "Map new data",
        html.P(
            "Encodes the cells of another dataset with the trained model, without training again. Each cell gets the label "
            "that most of its 15 nearest cells of this run have."
        ),
        _controls(view, run),
        *job_card.parts(view, ids.MAPPING, view.jobs.mine(run["id"], "map")),
        html.Div(id=ids.MAP_MISSING, role="status"),
        html.Div(
            [_choice(mappings), *_result(view, run)], id=ids.MAP_BOX, hidden=not mappings, className="mt-3"
        ),
        _explanation(),
    )


def options(view, run_id):
    """The options of what is shown: each mapping onto the run that the person may see, the newest first."""
    return [
        {
            "label": f"{mapping['name']}: {mapping['cells']:,} cells, {mapping['title']}{_batch(mapping)}",
            "value": mapping["key"],
        }
        for mapping in view.mappings.all(run_id)
    ]


def _batch(about):
    return f", batch {about['batch']}" if about["batch"] else ""


def _controls(view, run):
    others = [
        row for row in view.datasets.all() if row["status"] == Status.READY and row["id"] != run["dataset"]
    ]
    choices = [{"label": row["name"], "value": row["id"]} for row in others]
    batches = RunFacts.upgraded(run["facts"]).groups
    batch_options = [
        {"label": f"their own ({run['config']['batch_key']})", "value": OWN_BATCH},
        *({"label": batch, "value": batch} for batch in batches),
    ]
    placeholder = "choose a dataset" if choices else "there is no other dataset"
    labels = picker(ids.MAP_LABELS, groupings(view, run), CLUSTERS)
    batch = picker(ids.MAP_BATCH, batch_options, OWN_BATCH)
    return html.Div(
        [
            field(
                "Dataset to map", picker(ids.MAP_DATASET, choices, placeholder=placeholder, clearable=True)
            ),
            field("Labels of this run", labels),
            html.Div(field("Encode as batch", batch), hidden=not batches),
            button("Map cells", ids.MAP_GO, "btn-primary"),
        ],
        className="nuwa-form",
    )


def _choice(mappings):
    own_labels = picker(ids.MAP_OWN, placeholder="an obs column of that dataset", clearable=True)
    return html.Div(
        [
            field(
                "Mapped cells",
                picker(ids.MAP_CHOSEN, mappings, placeholder="choose mapped cells", clearable=True),
            ),
            field("Colour by", picker(ids.MAP_COLOUR, BY, "label")),
            number_field(ids.MAP_THRESHOLD, THRESHOLD, SURE),
            field("Compare with own labels", own_labels),
        ],
        className="nuwa-form",
    )


def _result(view, run):
    return [
        html.Div(id=ids.MAP_NOTES, role="status", className="mt-3"),
        graph(
            ids.MAP_FIGURE,
            "The mapped cells over the cells of the run, which are grey",
            dataset=view.datasets.one(run["dataset"]),
            mark="",
            height=figures.panel_height(1) + 40,
        ),
        html.Div(id=ids.MAP_TABLE, className="mt-3"),
        html.Div(
            [
                html.A("Download mapped cells (CSV)", id=ids.MAP_CSV, href=""),
                html.Button("Create mapped.h5ad", id=ids.MAP_EXPORT_GO, className="btn btn-outline-primary"),
                html.Button("Delete ...", id=ids.MAP_DELETE, className="btn btn-outline-danger"),
                dcc.ConfirmDialog(
                    id=ids.MAP_CONFIRM,
                    message="Delete these mapped cells and their files? The run and the dataset are kept, so you can map the "
                    "cells again.",
                ),
            ],
            className="nuwa-actions",
        ),
        *job_card.parts(view, ids.MAP_EXPORT),
        working(ids.MAP_EXPORTED),
    ]


def _explanation():
    return more(
        "How does this work?",
        html.P(
            "Genes are matched by name, by Ensembl id without its version, or by symbol. Library sizes, logarithms, scaling "
            "and the transform of proteins are those of the training cells. A gene or protein that is missing gets its mean "
            "over the training cells. Where fewer than half of the used genes are found, nothing is mapped."
        ),
        html.P("The maps can show the mapped cells, too: choose them as the embedding of a panel."),
        html.P(
            "The 15 nearest cells in the latent space vote, one vote each. The confidence is the share of the 15 that have "
            "the label. Where the new cells have labels of their own, a table shows how often each confidence is right. A "
            "cell of a type that the run has never seen can be confident and wrong: check its distance and its markers as "
            "well."
        ),
        html.P(
            "In the plot a mapped cell is drawn at the median position of these 15 cells. On real cells this kept about as "
            "many neighbours as UMAP's own transform (0.32 against 0.30), and it needs no UMAP model."
        ),
    )
