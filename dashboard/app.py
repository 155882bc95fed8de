"""create_app(store): the frame of every page, and which page a link means."""

from functools import partial

import diskcache
from dash import Dash, DiskcacheManager, Input, Output, State, dcc, html, no_update, set_props
from dash.exceptions import BackgroundCallbackError
from flask_compress import Compress

from core.store import Explored, Missing, Status
from dashboard import ids
from dashboard.components import location as places
from dashboard.components.widgets import badge, notice
from dashboard.pages import home
from dashboard.pages.clusters import page as clusters
from dashboard.pages.data import page as data
from dashboard.pages.data import provenance
from dashboard.pages.model import page as model
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.runs import page as runs
from dashboard.pages.train import page as train
from dashboard.server import session, upload_routes
from dashboard.server.auth import guard

PAGES = (home, data, preprocess, model, train, clusters, runs)
STEPS = (data, preprocess, model, train, clusters)
KINDS = ("dataset", "preparation", "run")  # in the order of places.Here

# The theme stands on <html> before the first paint; the language helps screen readers.
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nuwa</title>
<script>
  try { document.documentElement.dataset.bsTheme = JSON.parse(localStorage.getItem("theme")) || "light"; } catch (e) {}
</script>
{%favicon%}{%css%}
</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def create_app(store, drain=None):
    """The Dash app over a store; `app.server` is the WSGI application.

    With `drain`, a function of the store, `app.work_here()` carries out queued jobs in the process that asks for them
    (NUWA_INLINE=1); without it they are left to the worker.
    """
    import flask

    server = flask.Flask("nuwa")
    guard(server, store.settings)
    Compress(server)
    upload_routes.register(server, store)
    app = Dash(
        "nuwa",
        server=server,
        assets_folder=str(assets()),
        title="Nuwa",
        update_title=None,
        index_string=INDEX,
        suppress_callback_exceptions=True,
        background_callback_manager=DiskcacheManager(diskcache.Cache(str(store.root / "cache"))),
        on_error=explain,
    )
    app.work_here = partial(drain, store) if drain else lambda: None
    app.layout = frame
    register(app, store)
    provenance.register(app, store)
    for page in PAGES:
        page.register(app, store)
    app._setup_server()  # finishes set-up before the first request: with two at once, one would find it half done
    return app


def explain(error):
    """A callback asked for what was deleted in the meantime: the page says so, and stops asking."""
    if (words := gone(error)) is None:
        raise error
    way = html.A(
        "See what there is", href="", className="btn btn-primary"
    )  # the same link: it finds the latest
    said = html.Div([html.P(words), way], className="nuwa-empty", role="alert")
    kind, id = getattr(error, "kind", None), getattr(error, "id", None)
    set_props(ids.GONE, {"data": {"kind": kind, "id": id, "said": said}})


def gone(error):
    """What a Missing says, or None for any other error; one of a long callback comes as text from its process."""
    if isinstance(error, Missing):
        return str(error)
    name = f"{Missing.__module__}.{Missing.__name__}: "
    if isinstance(error, BackgroundCallbackError) and name in str(error):
        return str(error).rpartition(name)[2].strip()
    return None


def assets():
    from pathlib import Path

    return Path(__file__).parent.parent / "assets"


def frame():
    """What surrounds every page."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh="callback-nav"),
            dcc.Store(id=ids.THEME, storage_type="local", data="light"),
            dcc.Interval(id=ids.FOOT_TICK, interval=2000),
            dcc.Store(id=ids.PLACE),
            dcc.Store(id=ids.GONE),
            html.A("Skip to the page", href="#main", className="visually-hidden-focusable"),
            html.Div(
                [
                    html.Div(id=ids.SIDEBAR),
                    html.Div(
                        [
                            html.Div(id=ids.FOOT, role="status"),
                            html.Button(
                                [html.I(className="bi bi-circle-half"), " Light / dark"],
                                id=ids.THEME_BUTTON,
                                className="btn btn-sm btn-outline-secondary mt-2",
                            ),
                        ],
                        className="nuwa-foot",
                    ),
                ],
                className="nuwa-sidebar",
            ),
            html.Main([html.Div(id=ids.HEADER), html.Div(id=ids.CONTENT)], className="nuwa-main", id="main"),
        ]
    )


def register(app, store):
    """The callbacks of the frame."""

    @app.callback(
        Output(ids.PLACE, "data"),
        Output(ids.SIDEBAR, "children"),
        Output(ids.HEADER, "children"),
        Output(ids.CONTENT, "children"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
    )
    def show(path, search):
        view = store.of(session.user())
        here = places.resolve(view, search)
        place = {kind: row and row["id"] for kind, row in zip(KINDS, here, strict=False)}
        frame = place | {"done": steps_done(here)}, sidebar(here, path)
        page = next((p for p in PAGES if path == p.PATH), None)
        if page is None:
            return *frame, header("Not found", here), notice("There is no such page.", "warn")
        content = [notice(here.lost, "warn")] if here.lost else []
        return *frame, header(page.TITLE, here), [*content, page.layout(view, here)]

    @app.callback(
        Output(ids.FOOT, "children"),
        Output(ids.SIDEBAR, "children", allow_duplicate=True),
        Output(ids.HEADER, "children", allow_duplicate=True),
        Output(ids.PLACE, "data", allow_duplicate=True),
        Input(ids.FOOT_TICK, "n_intervals"),
        State(ids.PLACE, "data"),
        State(ids.URL, "pathname"),
        prevent_initial_call="initial_duplicate",
    )
    def foot(_, place, path):
        """The device, the queue, and the ticks and the badge of what was finished while the page stood open."""
        if not place:
            return at_the_foot(store), no_update, no_update, no_update
        view = store.of(session.user())
        here = places.Here(*(view.readable(kind, place[kind]) for kind in KINDS), "")
        if place["done"] == (done := steps_done(here)):
            return at_the_foot(store), no_update, no_update, no_update
        page = next((p for p in PAGES if path == p.PATH), None)
        top = header(page.TITLE, here) if page else no_update
        return at_the_foot(store), sidebar(here, path), top, place | {"done": done}

    # A step that was undone is deleted while its page still asks for its pictures, and their answer comes after the next
    # page was drawn: what that page is not about is no news to it. Decided here, where it is known what is drawn.
    app.clientside_callback(
        """(gone, place) => {
            const elsewhere = gone && gone.kind && place && place[gone.kind] !== gone.id;
            return gone && !elsewhere ? gone.said : window.dash_clientside.no_update;
        }""",
        Output(ids.CONTENT, "children", allow_duplicate=True),
        Input(ids.GONE, "data"),
        State(ids.PLACE, "data"),
        prevent_initial_call=True,
    )

    app.clientside_callback(
        """(n, theme) => {
            const next = n ? (theme === "dark" ? "light" : "dark") : (theme || "light");
            document.documentElement.dataset.bsTheme = next;
            return n ? next : window.dash_clientside.no_update;
        }""",
        Output(ids.THEME, "data"),
        Input(ids.THEME_BUTTON, "n_clicks"),
        State(ids.THEME, "data"),
    )


def steps_done(here):
    """{path: bool} of the five steps."""
    run = here.run
    return {
        "/data": here.dataset is not None and here.dataset["status"] == Status.READY,
        "/preprocess": here.preparation is not None and here.preparation["status"] == Status.READY,
        "/model": run is not None,
        "/train": run is not None and run["status"] in (Status.DONE, Status.CANCELLED),
        "/clusters": run is not None and run["explored"] == Explored.READY,
    }


def sidebar(here, path):
    """The five steps in order, ticked where done, and the runs."""
    done = steps_done(here)
    links = [_step(page, i, here, path, done[page.PATH]) for i, page in enumerate(STEPS, 1)]
    brand = dcc.Link(
        "Nuwa",
        href="/",
        className="nuwa-brand",
    )
    links += [html.Hr(), _step(runs, None, here, path, False)]
    return [brand, html.Nav(links, **{"aria-label": "Steps"})]


def _step(page, number, here, path, done):
    active = path == page.PATH
    mark = (
        html.I(className="bi bi-check-lg")
        if done
        else (str(number) if number else html.I(className="bi bi-list-ul"))
    )
    words = [html.Span(mark, className="mark"), html.Span(page.TITLE)]
    if done:
        words.append(html.Span("(done)", className="visually-hidden"))
    style = "nuwa-step" + (" active" if active else "") + (" done" if done else "")
    return dcc.Link(words, href=here.link(page.PATH), className=style)


def header(title, here):
    """The page's title, and always which data set and which run."""
    parts = []
    if here.dataset:
        parts += ["Data ", html.B(here.dataset["name"]), " ", badge(here.dataset)]
    if here.run:
        parts += [" · Run ", html.B(f"{here.run['name']} ({here.run['id']})")]
    return html.Header([html.H1(title), html.Div(parts, className="context")], className="nuwa-header")


def at_the_foot(store):
    """The device and the queue, in two lines."""
    device = store.recall("device")
    queue = store.of(session.user()).jobs.queue()
    lines = [
        html.Div(
            device["name"] if device else "The worker is starting ...", title=device["why"] if device else ""
        )
    ]
    names = {"train": "training", "short": "short", "slow": "drawing"}
    busy = [f"{len(jobs)} {names[lane]}" for lane, jobs in queue.items() if jobs]
    lines.append(html.Div(f"At work: {', '.join(busy)}" if busy else "Nothing at work"))
    return lines
