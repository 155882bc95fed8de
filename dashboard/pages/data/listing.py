"""The list of datasets: the newest first, each with what was made from it below, and a search."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from core.config.dataset_record import DatasetRecord
from core.config.preparation_record import PreparationRecord
from core.store import Status
from dashboard.components.widgets import when
from dashboard.pages.data import ids
from dashboard.server import session

STATUS_TEXT = {Status.READY: "", Status.FAILED: "could not be loaded", Status.ASKING: "has a question"}
SHOWN = 3  # preparations of a dataset before "and 2 more"


def search():
    """The field that filters the list."""
    field = dbc.Input(id=ids.DATA_SEARCH, type="search", placeholder="Search datasets", className="mb-2")
    return html.Div(
        [html.Label("Search datasets", htmlFor=ids.DATA_SEARCH, className="visually-hidden"), field]
    )


def listing(view, chosen, query=None):
    """The datasets as links, each with its status; `query` are words that a name, or that of a descendant, contains."""
    rows = {row["id"]: row for row in view.datasets.all()}
    if not rows:
        return html.P("The demo datasets are being loaded ...")
    parents, prepared = view.relatives.parents(), view.preparations.by_dataset()
    children = {}
    for id, parent in parents.items():
        children.setdefault(parent, []).append(id)
    kept = _kept(rows, parents, query)
    if not kept:
        return html.P("No dataset has such a name. Change the search.", role="status")

    def newest(id):
        return max([rows[id]["created"], *(newest(child) for child in children.get(id, []))])

    def items(parent):
        ids_here = [id for id in children.get(parent, []) if id in kept]
        return [
            _item(rows[id], chosen, prepared.get(id, []), items(id))
            for id in sorted(ids_here, key=newest, reverse=True)
        ]

    return html.Ul(items(None), className="nuwa-list")


def _kept(rows, parents, query):
    """The ids of the datasets that match a search, and of what they were made from."""
    words = (query or "").casefold().split()
    kept = set()
    for id, row in rows.items():
        if all(word in row["name"].casefold() for word in words):
            while id is not None:
                kept.add(id)
                id = parents[id]
    return kept


def _item(row, chosen, preparations, children):
    """One dataset with its preparations, and with the items of the datasets made from it."""
    status = STATUS_TEXT.get(row["status"], "being loaded ...")
    record = DatasetRecord.of(row) if row["status"] == Status.READY else None
    size = f"{record.cells:,} cells, {record.genes:,} genes" if record else ""
    proteins = f", {len(record.proteins)} proteins" if record and record.proteins else ""
    parts = [
        dcc.Link(row["name"], href=f"/data?dataset={row['id']}", className="fw-semibold"),
        html.Div([status or f"{size}{proteins}", " · ", when(row["created"])], className="help"),
    ]
    below = [_preparation(preparation) for preparation in preparations[:SHOWN]]
    if len(preparations) > SHOWN:
        below.append(html.Li(f"and {len(preparations) - SHOWN} more", className="help"))
    if below or children:
        parts.append(html.Ul([*below, *children], className="nuwa-children"))
    current = {"aria-current": "true"} if row["id"] == chosen else {}
    return html.Li(parts, className="chosen" if row["id"] == chosen else "", **current)


def _preparation(row):
    """The link to a preparation, which says what came of it."""
    record, batch = PreparationRecord.of(row), row["settings"].get("batch_key")
    sizes = [f"{record.n_genes:,} genes"] if record.n_genes else []
    sizes += [f"{record.n_proteins:,} proteins"] if record.n_proteins else []
    sizes += [f"batch '{batch}'"] if batch else []
    link = dcc.Link(f"Preprocessed: {', '.join(sizes)}", href=f"/preprocess?preparation={row['id']}")
    return html.Li([link, " · ", when(row["created"])], className="help")


def register(app, store):
    @app.callback(
        Output(ids.DATA_LIST, "children", allow_duplicate=True),
        Input(ids.DATA_SEARCH, "value"),
        State(ids.DATASET, "data"),
        prevent_initial_call=True,
    )
    def find(query, chosen):
        return listing(store.of(session.user()), chosen, query)
