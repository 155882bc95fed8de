"""The recipe of a dataset: presets, the buttons of single steps, and recipes to download or upload."""

import base64
import binascii

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.config import PREPARE, RunConfig
from core.config.dataset_record import DatasetRecord
from core.config.numbers import Number
from core.errors import UserError
from core.preprocessing.recipe import PRESETS, from_json, preset, script
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.forms import SETTINGS, read_form
from dashboard.components.number_field import number_field, watch
from dashboard.components.widgets import more, notice
from dashboard.pages.data.download import before_steps_link
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.cell_quality import LIMIT_FIELDS, batch_columns, first_batches
from dashboard.pages.preprocess.limits import ALL_CELLS, refuse_unreadable
from dashboard.server import session

MIN_CELLS = Number("Cells with the gene, at least", whole=True, low=1, high=10**9, unit="cells")
DOUBLETS_RATE = Number("Expected doublets, % per thousand cells", low=0, high=20, unit="%")
UPLOAD_LIMIT = 1024**2  # bytes; a recipe has a few thousand
PRESET = {"type": "preset", "name": ALL}


def presets(view, row):
    """The presets as buttons: each does all of its steps, and preprocesses; and how far a recipe is."""
    record = DatasetRecord.of(row)
    batch = record.batch
    switch = dbc.Switch(
        id=ids.PRESET_BATCH,
        value=bool(batch),
        label=f"with '{batch}' as batch covariate, and limits for each batch" if batch else "",
        className="" if batch else "d-none",
    )
    buttons = [
        html.Button(
            name,
            id=ids.preset(name),
            className="btn btn-sm btn-outline-primary",
            title=words,
            disabled=bool(record.stops),
        )
        for name, words in PRESETS.items()
    ]
    return html.Div(
        [
            html.Div(["Or use a preset: ", *buttons], className="nuwa-actions"),
            switch,
            *job_card.parts(view, ids.APPLY_RECIPE, view.recipes.under_way(row["id"])),
            html.Button(
                "Cancel",
                id=ids.APPLY_RECIPE_CANCEL,
                className="btn btn-sm btn-outline-secondary",
                hidden=True,
            ),
            more(
                "What do the presets do?",
                html.Ul([html.Li([html.B(name), f": {words}"]) for name, words in PRESETS.items()]),
            ),
        ]
    )


def exchange(row):
    """A recipe out, as JSON or as a script, and in."""
    upload = dcc.Upload(
        html.Div([html.I(className="bi bi-upload"), " Choose or drop a recipe (.json)"]),
        id=ids.RECIPE_UPLOAD,
        max_size=UPLOAD_LIMIT,
        className="nuwa-drop",
        accept=".json",
    )
    name = dbc.Input(id=ids.RECIPE_NAME, value=row["name"], maxlength=200, debounce=True)
    buttons = [
        html.Button("Recipe (.json)", id=ids.RECIPE_JSON, className="btn btn-sm btn-outline-secondary"),
        html.Button(
            "scanpy script (.py)", id=ids.RECIPE_SCRIPT, className="btn btn-sm btn-outline-secondary"
        ),
        html.A(
            "Data before the steps (.h5ad)",
            href=before_steps_link(row["id"]),
            className="btn btn-sm btn-outline-secondary",
        ),
    ]
    return more(
        "Download or upload a recipe",
        html.P(
            "A recipe is the list of steps of this dataset with the settings below. Uploaded again, it gives the same matrix. "
            "The script does the same with scanpy alone, from the data before the steps, or from your own file if scanpy "
            "can read it; its first lines say which."
        ),
        html.Div(html.Label(["Name", name], className="nuwa-labelled"), className="nuwa-field"),
        html.Div(buttons, className="nuwa-actions"),
        upload,
        html.Div(id=ids.RECIPE_MESSAGE),
        dcc.Download(id=ids.RECIPE_FILE),
    )


def genes_step():
    """The step that removes genes found in few cells."""
    button = html.Button(
        "Remove genes found in fewer cells",
        id=ids.take("filter_genes"),
        className="btn btn-sm btn-outline-primary",
    )
    field = number_field(
        ids.MIN_CELLS,
        MIN_CELLS,
        3,
        "A gene that is above 0 in fewer cells carries little information; 3 is scanpy's usual value.",
    )
    return html.Div([field, html.Div(button, className="nuwa-actions")])


def scores_steps(row):
    """Scores of doublets and the cell cycle: columns of obs that can colour plots."""
    options = [{"label": "all cells together", "value": ALL_CELLS}]
    options += [{"label": f"separately for each {name}", "value": name} for name in batch_columns(row)]
    by = dbc.Select(id=ids.DOUBLETS_BY, options=options, value=first_batches(row))
    has_counts = bool(DatasetRecord.of(row).counts_where)
    reason = "" if has_counts else "Doublets are simulated from raw counts, and this dataset has none."
    return more(
        "Doublets and cell cycle",
        html.P(
            "Scrublet adds cells together in pairs and asks which cells look like such a sum; a limit on the score then "
            "appears above. It takes seconds to minutes, and is best done after broken cells are gone."
        ),
        html.Div(
            [
                html.Div(
                    html.Label(["Doublets among", by], className="nuwa-labelled"), className="nuwa-field"
                ),
                number_field(
                    ids.DOUBLETS_RATE,
                    DOUBLETS_RATE,
                    0.8,
                    "0.8 % for each thousand cells of a batch is usual for 10x.",
                ),
            ],
            className="nuwa-form",
        ),
        html.Div(
            [
                html.Button(
                    "Score doublets",
                    id=ids.take("score_doublets"),
                    className="btn btn-sm btn-outline-primary",
                    disabled=not has_counts,
                    title=reason,
                ),
                html.Button(
                    "Score the cell cycle",
                    id=ids.take("score_cell_cycle"),
                    className="btn btn-sm btn-outline-primary",
                ),
            ],
            className="nuwa-actions",
        ),
        html.Div(reason, id=ids.DOUBLETS_REASON, className="help"),
        html.P(
            "The cell cycle is scored by the genes of Tirosh 2016, found by name in human and mouse.",
            className="help",
        ),
    )


def register(app, store):
    watch(
        app,
        {ids.DOUBLETS_RATE: DOUBLETS_RATE},
        [ids.take("score_doublets")],
        Input(ids.APPLY_RECIPE.tick, "disabled"),
        [Input(ids.DOUBLETS_REASON, "children")],
    )
    _applying(app, store)
    watch(
        app, {ids.MIN_CELLS: MIN_CELLS}, [ids.take("filter_genes")], Input(ids.APPLY_RECIPE.tick, "disabled")
    )

    @app.callback(
        Output(ids.RECIPE_FILE, "data"),
        Output(ids.RECIPE_MESSAGE, "children"),
        Input(ids.RECIPE_JSON, "n_clicks"),
        Input(ids.RECIPE_SCRIPT, "n_clicks"),
        State(ids.RECIPE_NAME, "value"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(ids.PREPARE_DATASET, "data"),
        prevent_initial_call=True,
    )
    def export(as_json, as_script, name, values, names, dataset_id):
        if not (as_json or as_script):
            return no_update, no_update
        view = store.of(session.user())
        try:
            recipe = view.steps.recipe(dataset_id, read_form(values, names, PREPARE), name)
            if ctx.triggered_id == ids.RECIPE_JSON:
                content, ending = recipe.to_json(), "json"
            else:
                record, ending = DatasetRecord.of(view.datasets.one(dataset_id)), "py"
                file, start = f"{file_name(recipe.name)}.py", view.steps.script_start(dataset_id)
                content = script(recipe, record, RunConfig(), file, start)
        except UserError as error:
            return no_update, notice(str(error), "bad")
        return {"content": content, "filename": f"{file_name(recipe.name)}.{ending}"}, ""


def _applying(app, store):
    """The buttons that apply a recipe or one step, the job that does it, and the way to what it makes."""

    here = (State(ids.PREPARE_DATASET, "data"), State(shared.PAGE, "data"))

    @job_card.asks(app, store, ids.APPLY_RECIPE, Input(ids.RECIPE_UPLOAD, "contents"), *here)
    def apply_file(view, contents, dataset_id, page):
        return apply_recipe(view, dataset_id, from_json(read_upload(contents)), page)["id"]

    @job_card.asks_too(
        app, store, ids.APPLY_RECIPE, Input(PRESET, "n_clicks"), State(ids.PRESET_BATCH, "value"), *here
    )
    def apply_preset(view, clicks, by_batch, dataset_id, page):
        batch = DatasetRecord.of(view.datasets.one(dataset_id)).batch if by_batch else None
        return apply_recipe(view, dataset_id, preset(ctx.triggered_id["name"], batch), page, "repairs")["id"]

    def takes(name, *states):
        """Decorate a function of `states` that gives the parameters of a step: its button takes the step."""

        def register_step(params):
            @job_card.asks_too(
                app, store, ids.APPLY_RECIPE, Input(ids.take(name), "n_clicks"), *here, *states
            )
            def take(view, clicks, dataset_id, page, *values):
                step = {"name": name, "params": params(*values)}
                return view.recipes.apply(dataset_id, [step], page, keep="everything")["id"]

        return register_step

    @takes(
        "filter_cells",
        State(ids.QUALITY_LIMITS, "data"),
        State(LIMIT_FIELDS, "value"),
        State(LIMIT_FIELDS, "id"),
    )
    def limits(chosen, texts, fields):
        refuse_unreadable({field["name"]: text for field, text in zip(fields, texts, strict=True)})
        return chosen

    @takes("filter_genes", State(ids.MIN_CELLS, "value"))
    def min_cells(text):
        return {"min_cells": MIN_CELLS.read(text)}

    @takes("score_doublets", State(ids.DOUBLETS_BY, "value"), State(ids.DOUBLETS_RATE, "value"))
    def doublets(by, rate):
        return {"batch_key": None if by == ALL_CELLS else by, "per_thousand": DOUBLETS_RATE.read(rate)}

    takes("score_cell_cycle")(lambda: None)

    @app.callback(
        Output(shared.URL, "href", allow_duplicate=True),
        Input(ids.APPLY_RECIPE.done, "data"),
        prevent_initial_call=True,
    )
    def go(job_id):
        if not job_id:
            raise PreventUpdate
        result = store.of(session.user()).jobs.one(job_id)["result"]
        return f"/preprocess?{query(result)}"

    @app.callback(
        Output(ids.APPLY_RECIPE.tick, "n_intervals"),
        Input(ids.APPLY_RECIPE_CANCEL, "n_clicks"),
        State(ids.APPLY_RECIPE.tick, "n_intervals"),
        State(ids.APPLY_RECIPE.job, "data"),
        prevent_initial_call=True,
    )
    def cancel(clicks, n, job_id):
        if not (clicks and job_id):
            raise PreventUpdate
        store.of(session.user()).recipes.cancel(job_id)
        return (n or 0) + 1  # look at once

    app.clientside_callback(
        "over => over",
        Output(ids.APPLY_RECIPE_CANCEL, "hidden"),
        Input(ids.APPLY_RECIPE.tick, "disabled"),
    )


def apply_recipe(view, dataset_id, recipe, page, keep="nothing"):
    """Queue a Recipe with its settings; returns the job."""
    return view.recipes.apply(
        dataset_id, [step.record() for step in recipe.steps], page, recipe.settings, keep
    )


def query(result):
    """The part of an address that names what the job of a recipe made: its preparation, else its dataset."""
    if result["preparation"]:
        return f"preparation={result['preparation']}"
    return f"dataset={result['dataset']}"


def read_upload(contents):
    """The bytes of a file that dash's upload hands over; raises UserError."""
    try:
        return base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, AttributeError):
        raise UserError("The upload of the recipe is incomplete. Choose the file again.") from None


def file_name(name):
    """A name with letters, digits and dashes alone, for a file."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)
    return kept.strip("-.")[:80] or "recipe"
