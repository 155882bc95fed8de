"""Adding data: by upload, from the inbox or from a folder of the server; a second file; and a question about a file."""

import uuid

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update

from core.config.dataset_record import DatasetRecord
from core.errors import UserError
from core.store import DROPLET_NUMBERS, DROPLETS, ENDINGS, PART
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.forms import automatic
from dashboard.components.number_field import block, error_id, error_of, number_field
from dashboard.components.widgets import card, more, notice, term
from dashboard.pages.data import ids

ADDS = {
    "proteins": "its proteins",
    "annotations": "labels of its cells (a table)",
    "background": "all droplets, the unfiltered matrix: its empty droplets give the background of the proteins (for DSB)",
}


DROPLET_FIELDS = {ids.DROPLETS_PROTEIN: "fewest_protein", ids.DROPLETS_RNA: "most_rna"}


def card_to_add(view):
    """The card that adds a new dataset."""
    kinds = "Formats: .h5ad, .h5mu, 10x .h5, .loom, csv, tsv or txt; a .zip or .tar of a 10x or zarr folder."
    again = "Files may have any size: an interrupted upload continues where it stopped. "
    parts = [
        drop(ids.UPLOAD, "Choose files"),
        html.Div(id=ids.UPLOADS),  # filled by assets/83-upload-queue.js
        html.P(kinds, className="help mt-2"),
        html.P(
            f"{again}Put folders, and files that are already on the server, into the folder 'inbox' of its data folder:",
            className="help",
        ),
        html.Div(inbox(view), id=ids.INBOX_PART),
    ]
    if view.datasets.browse():
        parts.append(more("From a folder on the server", html.Div(roots(view), id=ids.ROOTS_PART)))
    return card("Add data", *parts)


def drop(id, label, dataset=""):
    """Where files are dropped or chosen; with a dataset, they are added to it (assets/83-upload-queue.js)."""
    button = html.Button([html.I(className="bi bi-upload"), f" {label}"], className="btn btn-outline-primary")
    kinds = ",".join(sorted({f".{end.rpartition('.')[2]}" for end in ENDINGS}))
    data = {"data-accept": kinds, "data-part": str(PART), "data-dataset": dataset}
    parts = [button, html.Span(" or drop them here"), html.Span(className="nuwa-pick")]
    return html.Div(parts, id=id, className="nuwa-drop", **data)


def inbox(view):
    """A choice of the files in the inbox."""
    files = [{"label": _label(name, size), "value": name} for name, size in view.datasets.inbox()]
    return [
        html.Label("File in the inbox", htmlFor=ids.INBOX, className="visually-hidden"),
        dbc.Select(
            id=ids.INBOX,
            options=files,
            placeholder="Choose a file" if files else "The inbox is empty",
            disabled=not files,
            className="mb-2",
        ),
        html.Button(
            "Load file",
            id=ids.LOAD_FROM_INBOX,
            className="btn btn-outline-primary btn-sm",
            disabled=not files,
        ),
    ]


def roots(view, folder=""):
    """A folder below NUWA_DATA_ROOTS: open a folder in it, or load the chosen file."""
    try:
        entries = view.datasets.browse(folder)
    except UserError:
        folder, entries = "", view.datasets.browse()
    options = [{"label": _label(name, size), "value": path} for name, size, path in entries]
    small = "btn btn-outline-primary btn-sm me-2"
    return [
        dcc.Store(id=ids.ROOTS_AT, data=folder),
        html.Div(folder or "Folders on this server", className="help mb-1"),
        html.Label("File or folder on this server", htmlFor=ids.ROOTS, className="visually-hidden"),
        dbc.Select(id=ids.ROOTS, options=options, placeholder="Choose a file or folder", className="mb-2"),
        html.Button("Open folder", id=ids.ROOTS_OPEN, className=small),
        html.Button("Show all folders", id=ids.ROOTS_UP, className=small, disabled=not folder),
        html.Button("Load file", id=ids.ROOTS_READ, className=small),
    ]


def _label(name, size):
    return f"{name} (folder)" if size is None else f"{name} ({size / 1e6:,.1f} MB)"


def question(row):
    """The question about a file with its answers; the likely one is chosen."""
    question = DatasetRecord.of(row).question
    options = [{"label": text, "value": i} for i, (_, text) in enumerate(question.choices)]
    values = [value for value, _ in question.choices]
    default = values.index(question.default) if question.default in values else None
    return [
        notice(question.sentence, "warn"),
        dbc.RadioItems(id=ids.ANSWER, options=options, value=default, className="mb-2"),
        html.Button("Load with this answer", id=ids.ANSWER_GO, className="btn btn-primary me-2"),
    ]


def second(view, dataset):
    """A second file for a dataset: its proteins, labels of its cells, or its unfiltered matrix."""
    files = [{"label": _label(name, size), "value": name} for name, size in view.datasets.inbox()]
    return more(
        "Add proteins, labels or a background from a second file",
        html.P("Cells are matched by barcode. The result is a new dataset; this one does not change."),
        dbc.RadioItems(
            id=ids.JOIN_WHAT,
            options=[{"label": f"The file holds {content}", "value": kind} for kind, content in ADDS.items()],
            value="proteins",
            className="mb-2",
        ),
        html.Div(droplets(), id=ids.DROPLETS, hidden=True),
        drop(ids.JOIN_UPLOAD, "Choose a file", dataset),
        html.Label("Second file, in the inbox", htmlFor=ids.JOIN_INBOX, className="visually-hidden"),
        dbc.Select(
            id=ids.JOIN_INBOX,
            options=files,
            placeholder="or choose a file of the inbox",
            className="mt-2 mb-2",
        ),
        html.Button("Add file", id=ids.JOIN_GO, className="btn btn-outline-primary btn-sm"),
    )


def droplets():
    """The fields that define empty droplets."""
    fields = [
        number_field(id, DROPLET_NUMBERS[name], DROPLETS[name], placeholder=automatic(DROPLETS[name]))
        for id, name in DROPLET_FIELDS.items()
    ]
    return [
        html.Div(fields, className="nuwa-form"),
        html.P(
            [
                "Most barcodes of an unfiltered matrix come from no droplet, and some from a cell that was lost. ",
                term("DSB"),
                " takes the ",
                term("background"),
                " of the proteins from the others. These limits, 10^1.5 and 10^2.5, are those of the tutorial of the R "
                "package dsb (Mulè 2022) for 10x.",
            ],
            className="help",
        ),
    ]


def droplet_errors(what, *values):
    """The error of each field of droplets, as far as the kind of file needs them."""
    numbers = (DROPLET_NUMBERS[name] for name in DROPLET_FIELDS.values())
    return [error_of(*one) if what == "background" else "" for one in zip(numbers, values, strict=True)]


def register(app, store):
    app.callback(
        [Output(error_id(id), "children") for id in DROPLET_FIELDS],
        Input(ids.JOIN_WHAT, "value"),
        [Input(id, "value") for id in DROPLET_FIELDS],
        prevent_initial_call=True,
    )(droplet_errors)
    block(app, [ids.JOIN_GO], [Input(error_id(id), "children") for id in DROPLET_FIELDS])

    def adds(button, *states):
        """Decorate what a button does: a function of (view, states) that returns the id of a dataset, which is then shown."""

        def register_button(add):
            @buttons.on(
                app,
                store,
                Input(button, "n_clicks"),
                Output(shared.URL, "href", allow_duplicate=True),
                Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
                *states,
            )
            def press(view, _, *values):
                return f"/data?dataset={add(view, *values)}", no_update

        return register_button

    page = State(shared.PAGE, "data")  # what is added twice from one page is added once

    @adds(ids.LOAD_FROM_INBOX, State(ids.INBOX, "value"), page)
    def from_inbox(view, name, page):
        return view.datasets.add_from_inbox(_chosen(name, "file of the inbox"), buttons.token(page, name))

    @adds(ids.ANSWER_GO, State(ids.ANSWER, "value"), State(ids.DATASET, "data"))
    def answer(view, choice, dataset):
        choices = DatasetRecord.of(view.datasets.one(dataset)).question.choices
        if not isinstance(choice, int) or not 0 <= choice < len(choices):
            raise UserError("Choose one of the answers first.")
        view.datasets.answer(dataset, choices[choice][0], uuid.uuid4().hex)
        return dataset

    @app.callback(Output(ids.DROPLETS, "hidden"), Input(ids.JOIN_WHAT, "value"))
    def show_droplets(kind):
        return kind != "background"

    second = [
        State(id, "value" if id != ids.DATASET else "data")
        for id in (ids.JOIN_WHAT, ids.DATASET, ids.DROPLETS_PROTEIN, ids.DROPLETS_RNA)
    ]

    @adds(ids.JOIN_GO, State(ids.JOIN_INBOX, "value"), *second, page)
    def join_inbox(view, name, kind, dataset, protein, rna, page):
        limits = {"fewest_protein": protein, "most_rna": rna} if kind == "background" else None
        file = _chosen(name, "file of the inbox")
        token = buttons.token(page, dataset, kind, file, limits)
        return view.datasets.join(dataset, kind, token, file, droplets=limits)

    @adds(ids.ROOTS_READ, State(ids.ROOTS, "value"), page)
    def from_roots(view, path, page):
        return view.datasets.add_from_roots(_chosen(path, "file or folder"), buttons.token(page, path))

    def goes(button, *states):
        """Decorate what a button does: a function of (view, states) that returns the folder to show."""

        def register_button(folder):
            @buttons.on(
                app,
                store,
                Input(button, "n_clicks"),
                Output(ids.ROOTS_PART, "children", allow_duplicate=True),
                Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
                *states,
            )
            def press(view, _, *values):
                return roots(view, folder(*values)), ""

        return register_button

    @goes(ids.ROOTS_OPEN, State(ids.ROOTS, "value"))
    def open_folder(path):
        return _chosen(path, "folder")

    @goes(ids.ROOTS_UP)
    def show_all_folders():
        return ""


def _chosen(value, kind):
    """`value`; raises UserError where nothing was chosen."""
    if not value:
        raise UserError(f"Choose a {kind} first.")
    return value
