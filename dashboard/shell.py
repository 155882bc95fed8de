"""What surrounds every page: the sidebar with the steps, the header, the jobs at the bottom, and which page a link means."""

import uuid

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from core.store import Explored, NotAllowed, Role, Status
from dashboard import ids
from dashboard.components import documents, forms, location, share
from dashboard.components.explained import explain
from dashboard.components.header import header
from dashboard.components.widgets import notice
from dashboard.pages import glossary, home
from dashboard.pages.account import page as account
from dashboard.pages.admin import page as admin
from dashboard.pages.clusters import page as clusters
from dashboard.pages.compare import page as compare
from dashboard.pages.data import page as data
from dashboard.pages.model import page as model
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.runs import page as runs
from dashboard.pages.search import page as search
from dashboard.pages.train import page as train
from dashboard.server import csrf, session
from dashboard.server.identity import Mode

PAGES = (home, data, preprocess, model, train, clusters, runs, compare, search, glossary)
STEPS = (data, preprocess, model, train, clusters)
KINDS = ("dataset", "preparation", "run")  # in the order of location.Context
# The headings of docs/tutorial.md that the help of each page shows.
HELP = {
    home.PATH: ("What an autoencoder is",),
    data.PATH: ("The data",),
    preprocess.PATH: ("Preprocessing",),
    model.PATH: ("The network",),
    train.PATH: ("Learning: back-propagation, and the learning rate", "Watching it learn"),
    clusters.PATH: ("The clusters",),
    runs.PATH: ("Finding and comparing runs", "What a good loss is"),
    compare.PATH: ("Finding and comparing runs", "What a good loss is"),
    search.PATH: ("Searching settings", "What a good loss is"),
    glossary.PATH: ("What an autoencoder is",),
    account.PATH: ("Your account", "Sharing with others"),
    admin.PATH: ("Administration",),
}
# For people with accounts: the links to these are below the name of who has signed in.
PAGES += (account, admin)
LANES = {
    "train": "training",
    "short": "short",
    "slow": "drawing",
    "read": "reading",
}  # as the sidebar calls them


def frame(store=None, mode=Mode.ALONE):
    """What surrounds every page; where people sign in, it says who has, and ends the session."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh="callback-nav"),
            dcc.Store(id=ids.THEME, storage_type="local", data="light"),
            dcc.Interval(id=ids.ACTIVITY_TICK, interval=2000),
            dcc.Store(id=ids.CONTEXT),
            dcc.Store(id=ids.GONE),
            share.dialog(),
            dbc.Offcanvas(id=ids.HELP, labelledby=ids.HELP_TITLE, placement="end", scrollable=True),
            html.A("Skip to the page", href="#main", className="visually-hidden-focusable"),
            html.Div(
                [
                    html.Div(id=ids.SIDEBAR),
                    html.Div(
                        [
                            html.Div(id=ids.ACTIVITY, role="status"),
                            html.Button(
                                [html.I(className="bi bi-circle-half"), " Light / dark"],
                                id=ids.THEME_BUTTON,
                                className="btn btn-sm btn-outline-secondary mt-2",
                            ),
                            *signed_in(store, mode),
                        ],
                        className="nuwa-activity",
                    ),
                ],
                className="nuwa-sidebar",
            ),
            html.Main(
                [html.Div(id=ids.HEADER), html.Div(id=ids.DENIED), html.Div(id=ids.CONTENT)],
                className="nuwa-main",
                id="main",
            ),
        ]
    )


def signed_in(store, mode):
    """Who has signed in, the links to the account and to the administration, and the button that ends the session."""
    identity = session.identity()
    if mode is Mode.ALONE or identity is None:
        return []
    if mode is Mode.PASSWORD:
        return [sign_out_form(identity)]
    view = store.of(identity.user)
    links = [dcc.Link(view.access.name, href=account.PATH, className="nuwa-minor", title="Your account")]
    if view.access.role == Role.ADMIN:
        links.append(dcc.Link(admin.TITLE, href=admin.PATH, className="nuwa-minor"))
    by_session = (identity.bound_to or "").startswith("session:")  # a reverse proxy ends what it has begun
    return [html.Nav(links, **{"aria-label": "Account"}), *([sign_out_form(identity)] if by_session else [])]


def sign_out_form(identity):
    """The button that ends the session in this browser; a form, so that no link can press it."""
    token = dcc.Input(type="hidden", name=csrf.FIELD, value=csrf.current())
    button = html.Button(
        [html.I(className="bi bi-box-arrow-right"), " Sign out"],
        type="submit",
        className="btn btn-sm btn-outline-secondary mt-2",
    )
    return html.Form([token, button], action="/logout", method="post")


def register(app, store):
    """The callbacks of the frame."""
    forms.register(app)
    share.register(app, store)
    _showing(app, store)
    _refreshing(app, store)
    _helping(app)
    _browser(app)


def _showing(app, store):
    @app.callback(
        Output(ids.CONTEXT, "data"),
        Output(ids.SIDEBAR, "children"),
        Output(ids.HEADER, "children"),
        Output(ids.CONTENT, "children"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
    )
    def show(path, search):
        view = store.of(session.user())
        context = location.resolve(view, search)
        rows = {kind: row and row["id"] for kind, row in zip(KINDS, context, strict=False)}
        return rows | {"done": steps_done(context)}, sidebar(context, path), *content(view, context, path)


def content(view, context, path):
    """(header, what is below it) of the page of a path."""
    page, visit = page_of(path), uuid.uuid4().hex
    shared = share.button(view, context)
    if page is None:
        return header("Not found", context, visit, shared), notice("There is no such page.", "warn")
    lost = [notice([context.lost, *_other_runs(context, path)], "warn")] if context.lost else []
    try:
        layout = explain(page.layout(view, context))
        return header(page.TITLE, context, visit, shared), [*lost, layout]
    except NotAllowed as error:
        return header(page.TITLE, context, visit, shared), notice(str(error), "warn")


def _other_runs(context, path):
    """Links to this page about the runs that a deleted one has beside it."""
    links = [
        html.Li(dcc.Link(f"{run['name']} ({run['id']})", href=f"{path}?run={run['id']}"))
        for run in context.others
    ]
    return [html.Ul(links, className="mb-0")] if links else []


def page_of(path):
    return next((page for page in PAGES if path == page.PATH), None)


def _refreshing(app, store):
    @app.callback(
        Output(ids.ACTIVITY, "children"),
        Output(ids.SIDEBAR, "children", allow_duplicate=True),
        Output(ids.HEADER, "children", allow_duplicate=True),
        Output(ids.CONTEXT, "data", allow_duplicate=True),
        Input(ids.ACTIVITY_TICK, "n_intervals"),
        State(ids.CONTEXT, "data"),
        State(ids.URL, "pathname"),
        prevent_initial_call="initial_duplicate",
    )
    def refresh(_, drawn, path):
        """The device, the jobs, and the ticks and the badge of what was finished while the page is open."""
        unchanged = activity(store), no_update, no_update, no_update
        if not drawn:
            return unchanged
        view = store.of(session.user())
        context = location.Context(*(view.readable(kind, drawn[kind]) for kind in KINDS), "")
        if drawn["done"] == (done := steps_done(context)):
            return unchanged
        page = page_of(path)
        top = header(page.TITLE, context, shared=share.button(view, context)) if page else no_update
        return activity(store), sidebar(context, path), top, drawn | {"done": done}


def _helping(app):
    @app.callback(
        Output(ids.HELP, "is_open"),
        Output(ids.HELP, "children"),
        Input(ids.HELP_BUTTON, "n_clicks"),
        State(ids.URL, "pathname"),
        prevent_initial_call=True,
    )
    def show_help(clicks, path):
        """The part of the tutorial on the page."""
        if not clicks:
            raise PreventUpdate
        page = page_of(path)
        text = documents.tutorial(HELP[page.PATH if page else home.PATH])
        return True, [
            html.H2(f"Help: {page.TITLE if page else home.TITLE}", id=ids.HELP_TITLE),
            dcc.Markdown(text, className="nuwa-help"),
            html.A("All terms: the glossary", href=glossary.PATH),
        ]


def _browser(app):
    """What the browser does by itself: give the message for a deleted row, and switch the theme."""
    # A dataset whose step was undone is deleted while its page still requests its figures. Their answer may arrive after
    # the next page is drawn, which does not show that dataset. Only the browser knows what is drawn.
    app.clientside_callback(
        """(gone, drawn) => {
            const elsewhere = gone && gone.kind && drawn && drawn[gone.kind] !== gone.id;
            return gone && !elsewhere ? gone.content : window.dash_clientside.no_update;
        }""",
        Output(ids.CONTENT, "children", allow_duplicate=True),
        Input(ids.GONE, "data"),
        State(ids.CONTEXT, "data"),
        prevent_initial_call=True,
    )

    # What a person may not do on one page says nothing on the next.
    app.clientside_callback("() => null", Output(ids.DENIED, "children"), Input(ids.URL, "pathname"))

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


def steps_done(context):
    """{path: bool} of the five steps."""
    run = context.run
    return {
        "/data": context.dataset is not None and context.dataset["status"] == Status.READY,
        "/preprocess": context.preparation is not None and context.preparation["status"] == Status.READY,
        "/model": run is not None,
        "/train": run is not None and run["status"] in (Status.DONE, Status.CANCELLED),
        "/clusters": run is not None and run["explored"] == Explored.READY,
    }


def sidebar(context, path):
    """The five steps in order, ticked where done, then the runs and the glossary."""
    done = steps_done(context)
    links = [_step(page, i, context, path, done[page.PATH]) for i, page in enumerate(STEPS, 1)]
    brand = dcc.Link("Nuwa", href="/", className="nuwa-brand")
    links += [html.Hr(), _step(runs, None, context, path, False)]
    links.append(dcc.Link(glossary.TITLE, href=context.link(glossary.PATH), className="nuwa-minor"))
    return [brand, html.Nav(links, **{"aria-label": "Steps"})]


def _step(page, number, context, path, done):
    """The link to a page: its number, or a tick when it is done."""
    if done:
        mark = html.I(className="bi bi-check-lg")
    else:
        mark = str(number) if number else html.I(className="bi bi-list-ul")
    parts = [html.Span(mark, className="mark"), html.Span(page.TITLE)]
    if done:
        parts.append(html.Span("(done)", className="visually-hidden"))
    style = "nuwa-step" + (" active" if path == page.PATH else "") + (" done" if done else "")
    return dcc.Link(parts, href=context.link(page.PATH), className=style)


def activity(store):
    """The device and the running jobs, in two lines."""
    device = store.recall("device")
    name = device["name"] if device else "The worker is starting ..."
    counts = [
        f"{n} {LANES[lane]} {'job' if n == 1 else 'jobs'}"
        for lane, n in store.of(session.user()).jobs.counts().items()
        if n
    ]
    return [
        html.Div(name, title=device["why"] if device else ""),
        html.Div(f"Running: {', '.join(counts)}" if counts else "No jobs running"),
    ]
