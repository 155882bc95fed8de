"""The dialog in which a run gets a name, tags and a note; of several runs, tags alone."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate

from core.errors import UserError
from core.store.run_edits import LONGEST_NAME, LONGEST_NOTE
from dashboard.components.widgets import notice
from dashboard.pages.runs import ids
from dashboard.pages.runs.actions import ids_of
from dashboard.server import session


def layout():
    """The dialog, closed."""
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.EDITOR_TITLE)),
            dbc.ModalBody(
                [
                    html.Div(
                        [
                            html.Label("Name", htmlFor=ids.NAME),
                            dbc.Input(id=ids.NAME, maxlength=LONGEST_NAME),
                        ],
                        id=ids.NAME_FIELD,
                        className="mb-3",
                    ),
                    html.Div(
                        [
                            html.Label("Tags", htmlFor=ids.TAGS),
                            dbc.Input(id=ids.TAGS, placeholder="figure 2, control"),
                            html.Div("Separate tags by commas.", className="help"),
                        ],
                        className="mb-3",
                    ),
                    html.Div(
                        [
                            html.Label("Note", htmlFor=ids.NOTE),
                            dbc.Textarea(id=ids.NOTE, maxlength=LONGEST_NOTE, rows=4),
                        ],
                        id=ids.NOTE_FIELD,
                    ),
                    html.Div(id=ids.EDITOR_ERROR),
                ]
            ),
            dbc.ModalFooter(
                [
                    html.Button("Cancel", id=ids.CLOSE, className="btn btn-outline-secondary"),
                    html.Button("Save changes", id=ids.SAVE, className="btn btn-primary"),
                ]
            ),
        ],
        id=ids.EDITOR,
        labelledby=ids.EDITOR_TITLE,
        is_open=False,
    )


def register(app, store):
    _opening(app, store)

    @app.callback(
        Output(ids.EDITOR, "is_open", allow_duplicate=True),
        Output(ids.EDITOR_ERROR, "children", allow_duplicate=True),
        Output(ids.CHANGED, "data", allow_duplicate=True),
        Input(ids.SAVE, "n_clicks"),
        *(State(ids.GRID, "selectedRows"), State(ids.NAME, "value"), State(ids.TAGS, "value")),
        *(State(ids.NOTE, "value"), State(ids.CHANGED, "data")),
        prevent_initial_call=True,
    )
    def save(clicks, rows, name, tags, note, changed):
        if not clicks or not (chosen := ids_of(rows)):
            raise PreventUpdate
        try:
            write(store.of(session.user()), chosen, name, tags, note)
        except UserError as error:
            return no_update, notice(str(error), "bad"), no_update
        return False, "", (changed or 0) + 1


def write(view, run_ids, name, tags, note):
    """Write what the dialog holds, all of it or nothing: of several runs the tags alone."""
    with view.store.transaction():
        if len(run_ids) == 1:
            view.run_edits.rename(run_ids[0], name)
            view.run_edits.note(run_ids[0], note)
        view.run_edits.tag(run_ids, tags)


def _opening(app, store):
    @app.callback(
        Output(ids.EDITOR, "is_open"),
        Output(ids.EDITOR_TITLE, "children"),
        Output(ids.EDITOR_ERROR, "children"),
        *(Output(ids.NAME, "value"), Output(ids.TAGS, "value"), Output(ids.NOTE, "value")),
        *(Output(ids.NAME_FIELD, "hidden"), Output(ids.NOTE_FIELD, "hidden")),
        Input(ids.EDIT, "n_clicks"),
        State(ids.GRID, "selectedRows"),
        prevent_initial_call=True,
    )
    def open_editor(clicks, rows):
        if not clicks or not (chosen := ids_of(rows)):
            raise PreventUpdate
        run = store.of(session.user()).runs.one(chosen[0])  # as it is now, not as the table has it
        if len(chosen) == 1:
            return True, f"Edit '{run['name']}'", "", run["name"], run["tags"], run["note"], False, False
        return True, f"Tags of {len(chosen)} runs", "", "", run["tags"], "", True, True

    app.clientside_callback(
        "clicks => clicks ? false : window.dash_clientside.no_update",
        Output(ids.EDITOR, "is_open", allow_duplicate=True),
        Input(ids.CLOSE, "n_clicks"),
        prevent_initial_call=True,
    )
