"""The frames of a film as numbers (assets/95-film.js is the client), and the film as a GIF or an HTML file."""

from flask import Blueprint, Response, abort, request

from core import figures
from core.errors import UserError
from dashboard.pages.train.film import colours
from dashboard.server import session


def register(server, store):
    routes = Blueprint("film", __name__, url_prefix="/film/<run_id>")

    def view_and_run(run_id):
        view = store.of(session.user())
        try:
            return view, view.runs.one(run_id)
        except UserError as error:
            abort(404, str(error))

    @routes.get("/frames")
    def frames(run_id):
        """The frames after the epoch `since`, along the axes of the frame of the epoch `axes` (the last one by default)."""
        view, _ = view_and_run(run_id)
        since, axes = (request.args.get(name, 0, type=int) for name in ("since", "axes"))
        file = view.results.film(run_id)
        numbers, head = numbers_of(file, since, axes)
        response = Response(figures.message(head, numbers), mimetype="application/octet-stream")
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/film.<form>")
    def download(run_id, form):
        """The whole film, coloured by `by`."""
        view, run = view_and_run(run_id)
        film = view.results.film(run_id).read()
        if film is None or form not in FORMS:
            abort(404, "This run has no such film.")
        try:
            colour = colours.colour_of(view, run, film, request.args.get("by", colours.SETS))
        except UserError as error:
            abort(404, str(error))
        places = figures.film_places(film.frames, figures.film_axes(film.frames[-1]))
        theme = "dark" if request.args.get("theme") == "dark" else "light"
        mimetype, draw = FORMS[form]
        content = draw(places, film, colour, f"Latent space of {run['name']}", theme)
        name = f"nuwa_{run_id}_film.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, mimetype=mimetype, headers=headers)

    server.register_blueprint(routes)


def numbers_of(file, since=0, axes=0):
    """(the places as int16, what they are) of a FilmFile: of all frames, where those `axes` are gone."""
    epochs = file.epochs()
    if not epochs:
        return figures.film_numbers(figures.film_places([[[0.0]]], figures.film_axes([[0.0]])))[0][:0], {
            "epochs": [],
            "axes": 0,
            "n": 0,
            "unit": 1.0,
        }
    if axes not in epochs:
        since, axes = 0, epochs[-1]
    film = file.read(since, axes)
    frame = film.frames[film.epochs == axes]
    if not len(frame):  # it made room in this moment
        return numbers_of(file)
    new = film.epochs > since
    places = figures.film_places(film.frames[new], figures.film_axes(frame[0]))
    numbers, unit = figures.film_numbers(places)
    head = {"epochs": film.epochs[new].tolist(), "axes": axes, "n": len(film.cells), "unit": unit}
    return numbers, head


def _gif(places, film, colour, title, theme):
    return figures.film_gif(places, film.epochs, colour, film.is_validation, title, theme)


def _html(places, film, colour, title, theme):
    return figures.html_page(figures.film_page(places, film.epochs, colour, film.is_validation, theme), title)


FORMS = {"gif": ("image/gif", _gif), "html": ("text/html", _html)}
