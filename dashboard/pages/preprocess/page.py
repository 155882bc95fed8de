"""Preprocess: filters of cells and genes, the settings that make the input of a model, and their result."""

import uuid

import numpy as np
from dash import ALL, Input, Output, State, dcc, html, no_update

from core import figures
from core.config import MOST_BATCHES, PREPARE, specs, steps_for, upgraded
from core.config.dataset_record import DatasetRecord
from core.config.preparation_record import PreparationRecord
from core.figures import Binned
from core.store import Status
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.forms import ERRORS, SETTINGS, form, read_form
from dashboard.components.widgets import card, empty, graph, more, notice, tile
from dashboard.pages.data.findings import finding_notice
from dashboard.pages.data.provenance import steps_card
from dashboard.pages.preprocess import batches, cell_quality, genes, ids, proteins, recipes
from dashboard.pages.preprocess.cell_quality import batch_columns, first_batches, quality_card
from dashboard.pages.preprocess.limits import suggest
from dashboard.pages.preprocess.recipes import exchange, genes_step, presets, scores_steps
from dashboard.server import session

PATH, TITLE = "/preprocess", "Preprocess"


VALUES = ("normalize", "target_sum", "log1p", "scale", "clip")
BUSY = (Status.QUEUED, Status.RUNNING)


def layout(view, context):
    row = context.dataset
    if row is not None and row["status"] in BUSY:
        words = html.P("This dataset is being made. The page continues by itself.", role="status")
        return html.Div([card(row["name"], words), dcc.Interval(id=ids.WAIT_TICK, interval=700)])
    if row is not None and row["status"] == Status.FAILED:
        return html.Div(
            [notice(row["message"], "bad"), empty("The dataset was not made.", "/data", "Go to Data")]
        )
    if row is None or row["status"] != Status.READY:  # one that asks is answered on the Data page
        return empty("No dataset is ready. Choose one first.", "/data", "Go to Data")
    done = (
        context.preparation if context.preparation and context.preparation["dataset"] == row["id"] else None
    )
    record, job = DatasetRecord.of(row), view.preparations.preparing(row["id"])
    steps = steps_for(record.kind, bool(record.proteins), bool(record.protein_background))
    values = upgraded(done["settings"]) if done else {}
    of_genes = [
        spec.name for spec in specs(PREPARE) if spec.name not in VALUES + proteins.NAMES + batches.NAMES
    ]
    return html.Div(
        [
            dcc.Store(id=shared.PAGE, data=uuid.uuid4().hex),
            dcc.Store(id=ids.PREPARE_DATASET, data=row["id"]),
            dcc.Store(id=ids.PREPARE_SHOWN, data=done["id"] if done else None),
            dcc.Store(id=ids.QUALITY_LIMITS, data=suggest(view, row["id"], first_batches(row))),
            html.Div(
                [
                    card(
                        "From counts to the input of a model",
                        html.P(
                            "Scaling and normalising the data is recommended for better results: the recommended steps are switched on. Press Preprocess to continue, or check cells and genes below first."
                        ),
                        *forbidden(row),
                        html.Button(
                            "Preprocess",
                            id=ids.PREPARE,
                            className="btn btn-primary",
                            disabled=bool(record.stops) or job is not None,
                        ),
                        html.Div(id=ids.PREPARE_MESSAGE),
                        *job_card.parts(view, ids.PREPARING, job),
                        presets(view, row),
                        exchange(row),
                        more(
                            "Why preprocess at all?",
                            html.P(
                                "A cell that was sequenced twice as deeply has twice the counts of every gene, and a few "
                                "genes have most of the counts. Without preprocessing, the model would mainly learn "
                                "these two. Normalising removes the first, the logarithm and scaling the second."
                            ),
                        ),
                    ),
                    html.Div(result(view, done), id=ids.PREPARE_RESULT),
                ],
                className="nuwa-grid even top",
            ),
            steps_card(view, row, PATH),
            quality_card(view, row),
            card(
                "Genes",
                form(PREPARE, values, steps, batch_columns(row, MOST_BATCHES), names=of_genes),
                *genes.choice(row),
                more("Genes found in very few cells", genes_step()),
                more(
                    "Genes with the highest counts",
                    graph(
                        ids.HIGHEST, "Share of a cell's counts of the highest genes", save=False, dataset=row
                    ),
                ),
                scores_steps(row),
            ),
            card("Values", form(PREPARE, values, steps, names=VALUES), html.P(UNSEEN, className="help")),
            proteins.proteins_card(view, row, values, steps),
            batches.batches_card(view, row, values, steps),
        ]
    )


def forbidden(row):
    """The findings that block training on a dataset, with a link to their repairs."""
    there = dcc.Link("See the repairs on the Data page.", href=f"/data?dataset={row['id']}")
    return [finding_notice(finding, there) for finding in DatasetRecord.of(row).stops]


UNSEEN = (
    "Means, deviations and the choice of genes come from the training cells only, so that validation and test cells "
    "stay unseen."
)


def result(view, row):
    """The result of a preparation, with numbers before and after."""
    if row is None:
        return empty("This dataset is not preprocessed. Press Preprocess to start.", icon="bi-sliders")
    if row["status"] == Status.FAILED:
        return card("Result", notice(row["message"], "bad"))
    if row["status"] != Status.READY:
        return card("Result", html.P("Being preprocessed ...", role="status"))
    record, dataset = PreparationRecord.of(row), view.datasets.one(row["dataset"])
    before = DatasetRecord.of(dataset)
    pictures = [
        graph(
            ids.prepare_picture(i),
            f"Values of {h.name} before and after",
            save=False,
            dataset=dataset,
            style={"height": "270px"},
        )
        for i, h in enumerate(record.histograms)
    ]
    return html.Div(
        [
            card(
                "Result",
                html.Div(
                    [
                        tile("Cells", f"{record.n_cells:,}", f"{record.n_train:,} train"),
                        tile("Genes", f"{record.n_genes:,}", f"of {before.genes:,}"),
                        tile("Proteins", f"{record.n_proteins:,}", f"of {len(before.proteins):,}"),
                    ],
                    className="nuwa-tiles",
                ),
                *[notice(words) for words in record.notes],
                dcc.Link(
                    "Create a model",
                    href=f"/model?preparation={row['id']}",
                    className="btn btn-primary",
                ),
            ),
            card("Values before and after", *pictures),
        ]
    )


def register(app, store):
    genes.register(app, store)
    cell_quality.register(app, store)
    recipes.register(app, store)
    proteins.register(app, store)
    batches.register(app, store)

    @job_card.asks(
        app,
        store,
        ids.PREPARING,
        Input(ids.PREPARE, "n_clicks"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.PREPARE_DATASET, "data"),
        State(shared.PAGE, "data"),
    )
    def prepare(view, clicks, values, names, dataset_id, page):
        return view.preparations.create(dataset_id, read_form(values, names, PREPARE), f"{page}:{clicks}")[1]

    @app.callback(
        Output(ids.PREPARE, "disabled"),
        Output(ids.PREPARE_MESSAGE, "children"),
        Input(ERRORS, "children"),
        Input(ids.PREPARING.tick, "disabled"),
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def hold(errors, idle, dataset_id):
        """The button waits for its job, and for numbers that can be used."""
        stops = DatasetRecord.of(store.of(session.user()).datasets.one(dataset_id)).stops
        message = " ".join(filter(None, errors))
        return bool(message or stops or not idle), notice(message, "bad") if message else ""

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.PREPARING.done, "data"),
        prevent_initial_call=True,
    )
    def go(job_id):
        if not job_id:
            return no_update
        return f"{PATH}?preparation={store.of(session.user()).jobs.one(job_id)['target']}"

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.WAIT_TICK, "n_intervals"),
        State(shared.CONTEXT, "data"),
        prevent_initial_call=True,
    )
    def wait(_, place):
        row = store.of(session.user()).readable("dataset", place["dataset"])
        if row is None or row["status"] in BUSY:
            return no_update
        return f"{PATH}?dataset={row['id']}&made={row['status']}"  # another link than before, or nothing is drawn

    @app.callback(
        Output(ids.HIGHEST, "figure"),
        Input(ids.HIGHEST, "id"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_DATASET, "data"),
    )
    def highest(_, theme, dataset_id):
        record = DatasetRecord.of(store.of(session.user()).datasets.one(dataset_id))
        return figures.highest_genes(record.top_genes, theme)

    @app.callback(
        Output(ids.prepare_picture(ALL), "figure"),
        Input(ids.prepare_picture(ALL), "id"),
        Input(shared.THEME, "data"),
        State(ids.PREPARE_SHOWN, "data"),
    )
    def draw(names, theme, shown):
        if not names:
            return []
        record = PreparationRecord.of(store.of(session.user()).preparations.one(shown))
        return [picture(record, name["part"], theme) for name in names]


def picture(record, part, theme):
    """One figure of a preparation: a pair of histograms by number."""
    pair = PreparationRecord.upgraded(record).histograms[part]
    before, after = (
        Binned(np.array(values["counts"]), np.array(values["edges"])) for values in (pair.before, pair.after)
    )
    return figures.histogram_pair(before, after, (f"{pair.name}, raw", f"{pair.name}, preprocessed"), theme)
