"""The pickers of the viewer: what they offer, how many are shown, and colours chosen in another card."""

from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from core.data.name_search import rank_of
from dashboard import ids as shared
from dashboard.components import picker
from dashboard.pages.clusters import colour_search, ids
from dashboard.pages.clusters.viewer import embeddings
from dashboard.server import session

# The heading over an embedding in a list, by the kind of its key; EMBEDDINGS over those without.
TITLES = {
    "latent": "Latent dimensions",
    "obsm": "From the file",
    "run": "Other runs",
    "mapped": "Mapped cells",
}
EMBEDDINGS = "Embeddings"


def colour_picker(view, run, id, choice):
    """A picker of what can colour the cells; `choice`, such as "gene:CD3E", is its value."""
    source, recent = f"/cells/{run['id']}/options/colours", f"colour-{run['dataset']}"
    return picker.picker(id, [colour_search.option(view, run, choice)], choice, source=source, recent=recent)


def embedding_picker(view, run, id, key):
    """A picker of an embedding of the cells; `key`, such as "latent_umap", is its value."""
    options = [{"label": embeddings.label(view, run, key), "value": key}]
    return picker.picker(
        id,
        options,
        key,
        source=f"/cells/{run['id']}/options/embeddings",
        recent=f"embedding-{run['dataset']}",
    )


def embedding_groups(view, run, text="", recent=()):
    """The groups of embeddings that match a typed text; two numbers mean two dimensions."""
    options = embeddings.options(view, run, text)
    groups = {}
    for option in options:
        kind = option["value"].partition(":")[0] if ":" in option["value"] else ""
        groups.setdefault(TITLES.get(kind, EMBEDDINGS), []).append(option)
    if text.strip():
        return [
            picker.group(title, sorted(some, key=lambda one: _rank(text, one)))
            for title, some in groups.items()
        ]
    by_key = {option["value"]: option for option in options}
    again = [by_key[key] for key in recent if key in by_key]
    return [picker.group("Recent", again), *(picker.group(title, some) for title, some in groups.items())]


def _rank(text, option):
    rank = rank_of(text, option["label"])
    return -1 if rank is None else rank  # offered for its two numbers


def register(app, store):
    sources = {"colours": colour_search.colour_groups, "embeddings": embedding_groups}
    for name, groups in sources.items():
        _serve(app, store, name, groups)


def _serve(app, store, name, groups):
    """Answer the pickers of a run at /cells/RUN/options/NAME by `groups(view, run, text, recent)`."""

    def groups_of(view, text, recent, run_id):
        return groups(view, view.runs.one(run_id), text, recent)

    picker.answers(app, store, f"/cells/<run_id>/options/{name}", groups_of)


def colours_cells(app, store, trigger, *states):
    """Decorate the function that gives the colour of the cells, such as "gene:CD3E", when a control is pressed or chosen."""

    def register(choice_of):
        @app.callback(
            Output(ids.COLOUR, "value", allow_duplicate=True),
            Output(ids.COLOUR, "options", allow_duplicate=True),
            trigger,
            State(shared.RUN, "data"),
            *states,
            prevent_initial_call=True,
        )
        def colour(value, run_id, *values):
            if not value:
                raise PreventUpdate
            view, choice = store.of(session.user()), choice_of(value, *values)
            return choice, [colour_search.option(view, view.runs.one(run_id), choice)]

        return choice_of

    return register


def row_colours_cells(app, store, table):
    """Colour the cells by the gene or protein of the row that is selected in a table."""

    @colours_cells(app, store, Input(table, "selectedRows"))
    def choice_of_row(rows):
        return f"{rows[0]['kind']}:{rows[0]['feature']}"
