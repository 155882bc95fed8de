"""create_app(store): the Dash app, its pages and what an error does."""

import logging
import secrets
from functools import partial
from pathlib import Path

import diskcache
import flask
from dash import Dash, DiskcacheManager, html, set_props
from dash.exceptions import BackgroundCallbackError, DependencyException
from flask import request
from flask_compress import Compress

from core.store import Missing, NotAllowed
from dashboard import ids, shell
from dashboard.components.widgets import notice
from dashboard.server import callback_shapes, csrf, upload_routes
from dashboard.server.auth import guard

log = logging.getLogger("nuwa")
ASSETS = Path(__file__).parent.parent / "assets"

# The theme is set on <html> before the first paint; the language helps screen readers.
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}<meta name="nuwa-csrf" content="CSRF_COOKIE"><meta name="viewport" content="width=device-width, initial-scale=1">
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

    With `drain`, a function of the store, `app.work_here()` runs queued jobs in the process that queued them
    (NUWA_INLINE=1); without it they are left to the worker.
    """
    server = flask.Flask("nuwa", static_folder=None, template_folder=str(Path(__file__).parent / "server"))
    mode = guard(server, store)
    csrf_cookie = csrf.cookie_name(server.secret_key)
    Compress(server)
    upload_routes.register(server, store)
    server.register_error_handler(DependencyException, no_such_file)
    server.register_error_handler(500, failed)
    app = Dash(
        "nuwa",
        server=server,
        assets_folder=str(ASSETS),
        title="Nuwa",
        update_title=None,
        index_string=INDEX.replace("CSRF_COOKIE", csrf_cookie),
        csrf_token_name=csrf_cookie,
        suppress_callback_exceptions=True,
        background_callback_manager=DiskcacheManager(diskcache.Cache(str(store.root / "cache"))),
        on_error=explain,
    )
    callback_shapes.register(server, app)
    app.mode = mode
    app.work_here = partial(drain, store) if drain else lambda: None
    app.layout = partial(shell.frame, store, mode)
    shell.register(app, store)
    for page in shell.PAGES:
        page.register(app, store)
    # Private, of the pinned version of Dash: set-up ends before the first request, or the second of two at once would
    # meet it half done.
    app._setup_server()
    return app


def no_such_file(_):
    """The answer to an address of Dash's own files that names none of them."""
    return "This file does not exist.", 404


def failed(_):
    """The answer where something failed inside Nuwa: a number, under which the log has the error."""
    number = flask.g.get("request_id") or secrets.token_hex(4)
    log.error("Failure %s: %s %s", number, request.method, request.url_rule)
    return f"Something failed inside Nuwa. Tell the administrator the number {number}.", 500


def explain(error):
    """Show a message where a callback needs something that was deleted, or may not be done; raise any other error again."""
    if isinstance(error, NotAllowed):
        return set_props(ids.DENIED, {"children": notice(str(error), "warn")})
    if (message := gone(error)) is None:
        raise error
    # The same address, without what was deleted, finds the latest.
    link = html.A("Show the latest", href="", className="btn btn-primary")
    content = html.Div([html.P(message), link], className="nuwa-empty", role="alert")
    kind, id = getattr(error, "kind", None), getattr(error, "id", None)
    set_props(ids.GONE, {"data": {"kind": kind, "id": id, "content": content}})


def gone(error):
    """The message of a Missing, or None for any other error; a background callback gives it as text."""
    if isinstance(error, Missing):
        return str(error)
    name = f"{Missing.__module__}.{Missing.__name__}: "
    if isinstance(error, BackgroundCallbackError) and name in str(error):
        return str(error).rpartition(name)[2].strip()
    return None
