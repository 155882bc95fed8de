"""The latent maps of compared runs beside one another, with the same colours."""

import numpy as np
from dash import Input, Output, State, html

from core import figures
from core.config import DEFAULT_RESOLUTION
from dashboard import ids as shared
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, graph
from dashboard.pages.compare import clusterings, ids
from dashboard.pages.compare.chosen import chosen
from dashboard.server import session

MAP = "embeddings/latent_umap"


def layout(view, runs):
    options = [{"label": "each run's own clusters", "value": clusterings.OWN}]
    options += [{"label": f"clusters of {run.name}", "value": run.id} for run in runs]
    options += [
        {"label": name, "value": f"{clusterings.OBS}{name}"}
        for name in clusterings.common_columns(view, runs)
    ]
    return card(
        "Latent maps",
        html.P(
            "UMAP of the latent space of each run. A cell has the same colour on every map.", className="help"
        ),
        picker_field("Colour by", ids.COLOUR, options, runs[0].id),
        html.Div(id=ids.MAPS),
    )


def maps(view, runs, by, theme):
    """A figure with the maps of the runs of each dataset, and what they do not show."""
    parts = []
    for dataset in dict.fromkeys(run.row["dataset"] for run in runs):
        members = [run for run in runs if run.row["dataset"] == dataset]
        names = clusterings.names_of(view, dataset)
        rows = clusterings.drawn(len(names))
        colours = [clusterings.colour_of(view, run, by, runs, DEFAULT_RESOLUTION) for run in members]
        common = None if by == clusterings.OWN else colours[0]
        panels = [
            _panel(view, run, rows, colour if common is None else None)
            for run, colour in zip(members, colours, strict=True)
        ]
        if common is None:
            common = next((panel.colour for panel in panels if panel.colour), _nothing(len(rows)))
        else:
            common = common._replace(values=np.asarray(common.values)[rows])
        figure = figures.panels(
            panels, common, [name.decode() for name in names[rows]], theme, columns=min(3, len(panels))
        )
        label = f"Latent maps of {', '.join(run.name for run in members)}"
        parts.append(
            graph(ids.map_of(dataset), label, dataset=view.readable("dataset", dataset), figure=figure)
        )
        if len(rows) < len(names):
            parts.append(html.P(f"{len(rows):,} of {len(names):,} cells are drawn.", className="help"))
    return [*parts, *_without_colour(view, runs, by)]


def _panel(view, run, rows, colour):
    points = view.results.array(run.id, MAP)
    if points is None:
        return figures.Panel(run.name, None, "This run has no map yet.")
    if colour is not None:
        colour = colour._replace(values=np.asarray(colour.values)[rows])
    return figures.Panel(run.name, np.asarray(points)[rows], x="UMAP 1", y="UMAP 2", colour=colour)


def _nothing(n):
    return figures.Colour("cluster", np.full(n, -1), ("none",))


def _without_colour(view, runs, by):
    """Sentences on cells that another dataset's run has no cluster for."""
    source = next((run for run in runs if run.id == by), None)
    if source is None:
        return []
    if clusterings.clusters(view, source, DEFAULT_RESOLUTION) is None:
        return [html.P(f"'{source.name}' has no clusters, so the cells have no colour.", className="help")]
    out = []
    for dataset in dict.fromkeys(run.row["dataset"] for run in runs):
        rows = clusterings.shared(view, source.row["dataset"], dataset)
        if rows is not None:
            out.append(html.P(shared_sentence(view, source, dataset, len(rows[0])), className="help"))
    return out


def shared_sentence(view, source, dataset, n):
    """How many cells of a dataset have the name of a cell of another run's dataset, and what that may mean."""
    name, n_cells = (
        (view.readable("dataset", dataset) or {}).get("name", "?"),
        len(clusterings.names_of(view, dataset)),
    )
    sentence = f"{n:,} of the {n_cells:,} cells of '{name}' have the name of a cell that '{source.name}' was trained on."
    if 0 < n < clusterings.FEW_SHARED * n_cells:
        sentence += " Barcodes of two samples can be equal by chance: check that these are the same cells."
    return sentence


def register(app, store):
    @app.callback(
        Output(ids.MAPS, "children"),
        *(Input(ids.COLOUR, "value"), Input(ids.STATE, "data"), Input(shared.THEME, "data")),
        State(ids.RUNS, "data"),
    )
    def draw(by, _, theme, run_ids):
        view = store.of(session.user())
        return maps(view, chosen(view, run_ids), by or clusterings.OWN, theme)
