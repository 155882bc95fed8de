"""What surrounds every page: the sidebar with the steps, the header, the jobs at the bottom, and which page a link means."""

from dash import Input, Output, State, dcc, html, no_update

from core.store import Explored, Status
from dashboard import ids
from dashboard.components import location
from dashboard.components.widgets import badge, notice
from dashboard.pages import glossary, home
from dashboard.pages.clusters import page as clusters
from dashboard.pages.data import page as data
from dashboard.pages.model import page as model
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.runs import page as runs
from dashboard.pages.train import page as train
from dashboard.server import session

PAGES = (home, data, preprocess, model, train, clusters, runs, glossary)
STEPS = (data, preprocess, model, train, clusters)
KINDS = ("dataset", "preparation", "run")  # in the order of location.Here
LANES = {"train": "training", "short": "short", "slow": "drawing"}  # as the sidebar calls them


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
    _showing(app, store)
    _refreshing(app, store)
    _browser(app)


def _showing(app, store):
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
        here = location.resolve(view, search)
        place = {kind: row and row["id"] for kind, row in zip(KINDS, here, strict=False)}
        return place | {"done": steps_done(here)}, sidebar(here, path), *content(view, here, path)


def content(view, here, path):
    """(header, what is below it) of the page of a path."""
    page = page_of(path)
    if page is None:
        return header("Not found", here), notice("There is no such page.", "warn")
    lost = [notice(here.lost, "warn")] if here.lost else []
    return header(page.TITLE, here), [*lost, page.layout(view, here)]


def page_of(path):
    return next((page for page in PAGES if path == page.PATH), None)


def _refreshing(app, store):
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
    def refresh(_, place, path):
        """The device, the jobs, and the ticks and the badge of what was finished while the page is open."""
        unchanged = activity(store), no_update, no_update, no_update
        if not place:
            return unchanged
        view = store.of(session.user())
        here = location.Here(*(view.readable(kind, place[kind]) for kind in KINDS), "")
        if place["done"] == (done := steps_done(here)):
            return unchanged
        page = page_of(path)
        top = header(page.TITLE, here) if page else no_update
        return activity(store), sidebar(here, path), top, place | {"done": done}


def _browser(app):
    """What the browser does by itself: say what was deleted, and switch the theme."""
    # A step that was undone is deleted while its page still asks for its pictures. Their answer arrives after the next
    # page is drawn, and what that page does not show is no news to it. Only the browser knows what is drawn.
    app.clientside_callback(
        """(gone, place) => {
            const elsewhere = gone && gone.kind && place && place[gone.kind] !== gone.id;
            return gone && !elsewhere ? gone.content : window.dash_clientside.no_update;
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
    """The five steps in order, ticked where done, then the runs and the glossary."""
    done = steps_done(here)
    links = [_step(page, i, here, path, done[page.PATH]) for i, page in enumerate(STEPS, 1)]
    brand = dcc.Link("Nuwa", href="/", className="nuwa-brand")
    links += [html.Hr(), _step(runs, None, here, path, False)]
    links.append(dcc.Link(glossary.TITLE, href=here.link(glossary.PATH), className="nuwa-minor"))
    return [brand, html.Nav(links, **{"aria-label": "Steps"})]


def _step(page, number, here, path, done):
    """The link to a page: its number, or a tick when it is done."""
    if done:
        mark = html.I(className="bi bi-check-lg")
    else:
        mark = str(number) if number else html.I(className="bi bi-list-ul")
    parts = [html.Span(mark, className="mark"), html.Span(page.TITLE)]
    if done:
        parts.append(html.Span("(done)", className="visually-hidden"))
    style = "nuwa-step" + (" active" if path == page.PATH else "") + (" done" if done else "")
    return dcc.Link(parts, href=here.link(page.PATH), className=style)


def header(title, here):
    """The page's title, and which dataset and run the page is about."""
    parts = []
    if here.dataset:
        parts += ["Data ", html.B(here.dataset["name"]), " ", badge(here.dataset)]
    if here.run:
        parts += [" · Run ", html.B(f"{here.run['name']} ({here.run['id']})")]
    return html.Header([html.H1(title), html.Div(parts, className="context")], className="nuwa-header")


def activity(store):
    """The device and the running jobs, in two lines."""
    device = store.recall("device")
    name = device["name"] if device else "The worker is starting ..."
    counts = [
        f"{len(jobs)} {LANES[lane]} {'job' if len(jobs) == 1 else 'jobs'}"
        for lane, jobs in store.of(session.user()).jobs.queue().items()
        if jobs
    ]
    return [
        html.Div(name, title=device["why"] if device else ""),
        html.Div(f"Running: {', '.join(counts)}" if counts else "No jobs running"),
    ]
