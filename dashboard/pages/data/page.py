"""Data: the datasets of this server, what each contains, and how to add one."""

import uuid

from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core import figures
from core.config.dataset_record import DatasetRecord
from core.store import Status
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components import location as places
from dashboard.components.explained import explain
from dashboard.components.widgets import card, empty, graph, more, notice, progress, table, term, tile
from dashboard.pages.data import (
    about,
    add_data,
    download,
    findings,
    ids,
    join_samples,
    listing,
    provenance,
    recommended,
)
from dashboard.pages.data.findings import findings_card
from dashboard.pages.data.provenance import joined_card, selected_card, steps_card
from dashboard.server import session

PATH, TITLE = "/data", "Data"
BUSY = (Status.QUEUED, Status.RUNNING)


def layout(view, context):
    id = context.dataset["id"] if context.dataset else None
    drawn = signature(view, id)
    drawn[1] = state(view, context.dataset)  # as drawn here: it may have changed since it was read
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.DATASET, data=id),
            dcc.Store(id=ids.DATA_DRAWN, data=drawn),
            dcc.Store(id=ids.DATA_FIRST),
            dcc.Interval(id=ids.DATA_TICK, interval=1000),
            html.Div(id=ids.DATA_MESSAGE),
            html.Div(
                [
                    html.Div(
                        [
                            add_data.card_to_add(view),
                            card(
                                "Datasets on this server",
                                listing.search(),
                                html.Div(listing.listing(view, id), id=ids.DATA_LIST),
                            ),
                            join_samples.samples(view),
                        ]
                    ),
                    html.Div(detail(view, context.dataset), id=ids.DATA_DETAIL),
                ],
                className="nuwa-grid top",
            ),
        ]
    )


def signature(view, dataset):
    """What the list, the detail and the inbox are drawn from; they are redrawn only when it changes."""
    states = [[row["id"], row["name"], row["status"]] for row in view.datasets.all()]
    return [states, state(view, view.readable("dataset", dataset)), view.datasets.inbox()]


def state(view, row):
    """What the detail of a dataset was drawn from. With its id: an answer for the previous page may
    arrive late, and must not count as one for this page."""
    if row is None:
        return None
    question = DatasetRecord.of(row).question
    return [
        row["id"],
        row["status"],
        question.model_dump(mode="json") if question else None,
        view.datasets.progress(row["id"]) if row["status"] in BUSY else None,
    ]


def detail(view, row):
    """What one dataset contains."""
    if row is None:
        return empty(
            "There is no dataset. The demo datasets are being loaded; you can also add your own.",
            icon="bi-hourglass-split",
        )
    if row["status"] in BUSY:
        message, share = view.datasets.progress(row["id"]) or ("", 0.0)
        return card(
            row["name"],
            html.P("The file is being loaded and checked. This takes seconds to minutes.", role="status"),
            progress(message, share) if message else None,
            recommended.part(view, row),
        )
    if row["status"] == Status.FAILED:
        return card(row["name"], notice(row["message"], "bad"), _delete(row))
    if row["status"] == Status.ASKING:
        return card(row["name"], *add_data.question(row), _delete(row))
    record = DatasetRecord.of(row)
    used = len(record.proteins) - len(record.proteins_left_out)
    proteins = f"{used} trained on" if record.proteins else "RNA alone"
    kind = record.badge.words.removeprefix("X: ")
    columns = [[c.name, c.kind, f"{c.distinct:,}", ", ".join(c.examples)] for c in record.columns]
    return html.Div(
        [
            card(
                row["name"],
                html.Div(
                    [
                        tile("Cells", f"{record.cells:,}"),
                        tile("Genes", f"{record.genes:,}"),
                        tile("Proteins", f"{len(record.proteins):,}", proteins),
                        tile("Zeros", f"{100 * record.sparsity:.0f} %", "share of empty entries"),
                        tile("X holds", kind, f"trains on {record.trains_on}"),
                    ],
                    className="nuwa-tiles",
                ),
                html.P(f"Values of genes in plots: {record.colours}.", className="help"),
                about.origin(row),
                about.twin(view, row),
                recommended.part(view, row),
                html.Div(
                    [
                        dcc.Link(
                            "Preprocess this dataset step by step",
                            href=f"/preprocess?dataset={row['id']}",
                            className="btn btn-outline-primary",
                        ),
                        _delete(row),
                    ],
                    className="nuwa-actions",
                ),
                about.rename(row) if row["owner"] == view.user else None,
                add_data.second(view, row["id"]),
            ),
            joined_card(view, row),
            selected_card(view, row),
            steps_card(view, row, PATH),
            findings_card(record),
            card(
                "Counts and genes per cell",
                graph(
                    ids.DATA_PICTURE,
                    "Histograms of counts and genes per cell",
                    dataset=row,
                    style={"height": "270px"},
                ),
            ),
            card(
                "Columns of obs",
                table(["column", "kind", "distinct", "examples"], columns, numeric=(2,))
                if columns
                else html.P("There are no columns."),
                more(
                    "What is obs?",
                    html.P(
                        [
                            "The table of cell annotations: ",
                            term("sample"),
                            ", label, quality. A column can be the ",
                            term("batch covariate"),
                            " of a model, or colour the cells.",
                        ]
                    ),
                ),
            ),
        ]
    )


def _delete(row):
    """The button that deletes a dataset, after a question; demo datasets have none."""
    if row["origin"].startswith("demo:"):
        return html.Div()
    return html.Div(
        [
            html.Button("Delete ...", id=ids.DATA_DELETE, className="btn btn-outline-danger btn-sm"),
            dcc.ConfirmDialog(
                id=ids.DATA_CONFIRM, message=f"Delete '{row['name']}' and its preprocessing from this server?"
            ),
        ]
    )


def register(app, store):
    for part in (about, add_data, findings, join_samples, provenance, recommended):
        part.register(app, store)
    download.register(app.server, store)

    @app.callback(
        Output(ids.DATA_LIST, "children"),
        Output(ids.DATA_DETAIL, "children"),
        Output(ids.INBOX_PART, "children"),
        Output(ids.DATA_DRAWN, "data"),
        Output(ids.DATA_FIRST, "data"),
        Input(ids.DATA_TICK, "n_intervals"),
        State(ids.DATASET, "data"),
        State(ids.DATA_DRAWN, "data"),
        State(ids.DATA_SEARCH, "value"),
        prevent_initial_call=True,
    )
    def refresh(_, dataset, drawn, query):
        view = store.of(session.user())
        now = signature(view, dataset)
        if now == drawn:
            raise PreventUpdate
        row = view.readable("dataset", dataset)
        parts = [listing.listing(view, dataset, query), explain(detail(view, row)), add_data.inbox(view)]
        unchanged_parts = [now[i] == drawn[i] for i in range(3)]
        # At the very first start the page may be open before the first dataset is loaded; it is shown then.
        first = None if row else places.resolve(view, "").dataset
        return (
            *(
                no_update if unchanged else part
                for unchanged, part in zip(unchanged_parts, parts, strict=True)
            ),
            now,
            f"/data?dataset={first['id']}" if first else no_update,
        )

    # In the browser: an upload that ended since the request was sent has opened its own dataset.
    app.clientside_callback(
        """first => (first && !new URLSearchParams(window.location.search).has("dataset"))
            ? first : window.dash_clientside.no_update""",
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.DATA_FIRST, "data"),
        prevent_initial_call=True,
    )

    listing.register(app, store)

    @app.callback(
        Output(ids.DATA_PICTURE, "figure"),
        Input(ids.DATA_PICTURE, "id"),
        Input(shared.THEME, "data"),
        State(ids.DATASET, "data"),
    )
    def draw(_, theme, dataset):
        folder = store.of(session.user()).datasets.folder(dataset)
        counts, genes = folder.per_cell("n_counts"), folder.per_cell("n_genes")
        if counts is None and genes is None:
            return figures.empty(
                "The values are not counts, so counts and genes per cell are unknown.", theme
            )
        return figures.counts_and_genes(counts, genes, theme)

    buttons.confirm(app, ids.DATA_DELETE, ids.DATA_CONFIRM)

    @buttons.on(
        app,
        store,
        Input(ids.DATA_CONFIRM, "submit_n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
        State(ids.DATASET, "data"),
    )
    def delete(view, _, dataset):
        view.datasets.forget(dataset)
        return "/data", no_update
