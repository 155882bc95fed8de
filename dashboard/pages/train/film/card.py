"""The card of the film: a player, what colours its cells, and its files; live and afterwards."""

from urllib.parse import urlencode

from dash import Input, Output, State, dcc, html, no_update

from core import figures
from core.errors import UserError
from core.store import ACTIVE
from dashboard import ids as shared
from dashboard.components.widgets import card, more, notice, term
from dashboard.pages.train import ids as train
from dashboard.pages.train.film import colours, ids, routes
from dashboard.server import session

NO_FILM = "This run has no film of its latent space."
WAITING = "The film begins with the first epoch."
NAMES = 24  # of categories in the legend


def layout(view, context):
    run = context.run
    choices, by = colours.options(view, run), context.query.get("film")
    if by not in [option["value"] for option in choices]:
        by = colours.default(view, run)
    return card(
        "The latent space as it forms",
        html.Div(
            [
                html.Label("Colour", htmlFor=ids.FILM_BY),
                dcc.Dropdown(choices, by, id=ids.FILM_BY, clearable=False, style={"minWidth": "260px"}),
            ],
            className="nuwa-actions",
        ),
        html.Div(id=ids.FILM, className="nuwa-film", hidden=True),
        html.Div(id=ids.FILM_SIZE, className="help", role="status"),
        html.Div(id=ids.FILM_LEGEND, className="nuwa-film-legend"),
        html.Div(id=ids.FILM_FILES, className="nuwa-actions"),
        dcc.Store(id=ids.FILM_COLOUR),
        more(
            "How to read this",
            html.P(
                [
                    "The ",
                    term("latent film"),
                    " shows up to 5,000 cells at up to 120 epochs. Each frame is rotated onto the one before, without "
                    "scaling: the model may turn its latent space freely, and a turn says nothing about the cells. All "
                    "frames are seen along the first two principal axes of the last one.",
                ]
            ),
            html.P(
                "Validation cells have a dark frame. Where they move with the training cells, the model has learnt what holds for "
                "new cells. While the run trains, the axes are those of the last frame so far."
            ),
        ),
    )


def shown(view, run, by, theme, before=None):
    """(colour for the player, legend, sentence on the size, links to the files, hidden?) of a film; `before` is the
    colour that the player has."""
    film = view.results.film(run["id"])
    epochs = film.epochs()
    if not epochs:
        return None, [], WAITING if run["status"] in ACTIVE else NO_FILM, [], True
    key = [run["id"], by, theme, film.stamp()]
    if before and before["key"] == key:  # the player asks for further frames itself
        return no_update, no_update, _size(before["marks"], len(epochs)), no_update, no_update
    cells = film.read(since=epochs[-1])
    if cells is None:
        return None, [], WAITING, [], True
    marks = [int(valid) for valid in cells.is_validation]
    sentence = _size(marks, len(epochs))
    try:
        colour = colours.colour_of(view, run, cells, by)
    except UserError as error:
        return None, notice(str(error), "warn"), sentence, [], True
    codes, palette = figures.film_codes(colour, theme)
    player = {"key": key, "run": run["id"], "codes": codes.tolist(), "palette": palette, "marks": marks}
    query = urlencode({"by": by, "theme": theme})
    links = [
        html.A(
            [html.I(className="bi bi-download"), f" Download {form.upper()}"],
            href=f"/film/{run['id']}/film.{form}?{query}",
            className="btn btn-sm btn-outline-secondary",
            download=f"nuwa_{run['id']}_film.{form}",
        )
        for form in routes.FORMS
    ]
    return player, _legend(figures.film_legend(colour, theme)), sentence, links, False


def _size(marks, n_epochs):
    return f"{len(marks):,} cells, {sum(marks):,} of them validation cells, at {n_epochs} epochs."


def _legend(names):
    parts = [
        html.Span([html.I(style={"background": paint}, **{"aria-hidden": "true"}), name])
        for name, paint in names[:NAMES]
    ]
    return parts + ([html.Span(f"and {len(names) - NAMES} more")] if len(names) > NAMES else [])


def register(app, store):
    routes.register(app.server, store)

    @app.callback(
        Output(ids.FILM_COLOUR, "data"),
        Output(ids.FILM_LEGEND, "children"),
        Output(ids.FILM_SIZE, "children"),
        Output(ids.FILM_FILES, "children"),
        Output(ids.FILM, "hidden"),
        Input(train.TICK, "data"),
        Input(ids.FILM_BY, "value"),
        Input(shared.THEME, "data"),
        State(ids.FILM_COLOUR, "data"),
        State(shared.RUN, "data"),
    )
    def show_film(_, by, theme, before, run_id):
        view = store.of(session.user())
        return shown(view, view.runs.one(run_id), by, theme, before)

    app.clientside_callback(  # the player asks for frames that it lacks; it keeps the colour in the address
        "(colour, tick, by) => window.nuwaFilm && window.nuwaFilm.update(colour, tick, by)",
        Input(ids.FILM_COLOUR, "data"),
        Input(train.TICK, "data"),
        Input(ids.FILM_BY, "value"),
    )
