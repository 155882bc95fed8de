"""A recipe as a file: the steps and settings of the page to download, and a recipe to apply."""

import base64
import binascii

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from core.config import RunConfig
from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.preprocessing.recipe import Recipe, from_json, script
from dashboard import ids as shared
from dashboard.components import buttons, job_card
from dashboard.components.widgets import more
from dashboard.pages.data.download import before_steps_link
from dashboard.pages.preprocess import ids
from dashboard.pages.preprocess.plan import CONTROLS, NAMES, Controls, plan

UPLOAD_LIMIT = 1024**2  # bytes; a recipe has a few thousand


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


def register(app, store):
    def downloads(button):
        """Decorate what a button downloads: a function of a View, the dataset's id and a Recipe; returns (text, ending)."""

        def register_button(content):
            @buttons.on(
                app,
                store,
                Input(button, "n_clicks"),
                Output(ids.RECIPE_FILE, "data", allow_duplicate=True),
                Output(ids.RECIPE_MESSAGE, "children", allow_duplicate=True),
                State(ids.RECIPE_NAME, "value"),
                State(ids.PREPARE_DATASET, "data"),
                *[State(*control) for control in CONTROLS],
                *NAMES,
            )
            def press(view, _, name, dataset_id, *controls):
                recipe = recipe_of(view, dataset_id, name, Controls(*controls))
                text, ending = content(view, dataset_id, recipe)
                return {"content": text, "filename": f"{file_name(recipe.name)}.{ending}"}, ""

        return register_button

    @downloads(ids.RECIPE_JSON)
    def as_json(view, dataset_id, recipe):
        return recipe.to_json(), "json"

    @downloads(ids.RECIPE_SCRIPT)
    def as_script(view, dataset_id, recipe):
        record = DatasetRecord.of(view.datasets.one(dataset_id))
        file, start = f"{file_name(recipe.name)}.py", view.steps.script_start(dataset_id)
        return script(recipe, record, RunConfig(), file, start), "py"

    @job_card.asks_too(
        app,
        store,
        ids.APPLY_RECIPE,
        Input(ids.RECIPE_UPLOAD, "contents"),
        State(ids.PREPARE_DATASET, "data"),
        State(shared.PAGE, "data"),
    )
    def apply_file(view, contents, dataset_id, page):
        recipe = from_json(read_upload(contents))
        steps = [step.record() for step in recipe.steps]
        return view.recipes.apply(dataset_id, steps, page, recipe.settings)["id"]


def recipe_of(view, dataset_id, name, controls):
    """The Recipe of the page: the steps of the dataset, those that its controls add, and its settings."""
    added = plan(view, dataset_id, controls)
    before = view.steps.recipe(dataset_id, added.settings, name)
    return Recipe(before.name, [*(step.record() for step in before.steps), *added.steps], added.settings)


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
