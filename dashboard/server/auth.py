"""One gate before every route: who is not let in here is let in nowhere."""

import hashlib
import logging
from datetime import timedelta

from flask import abort, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from core.store import ADDRESS
from dashboard.server import csrf, headers, health, login_routes, metrics, request_log, session
from dashboard.server.identity import Identities, Mode, mode_of

OPEN = ("/login", *health.PATHS, metrics.PATH)  # metrics has a lock of its own
OPEN_ENDPOINTS = ("welcome",)  # the secret in its address opens it
STYLES = tuple(  # of the pages before the login (entrance.html), in their order
    f"/assets/{name}.css"
    for name in (
        "00-bootstrap.min",
        "20-font",
        "84-theme",
        "85-components",
        "86-frame",
        "87-cards",
        "90-pages",
    )
)
FONTS = tuple(f"/assets/fonts/inter-latin-{part}wght-normal.woff2" for part in ("", "ext-"))
LOOK = (*STYLES, *FONTS, "/assets/nuwa.svg", "/assets/favicon.ico")
MOST_QUERY = 64 * 1024  # bytes of an address after its question mark

log = logging.getLogger("nuwa.access")


def guard(server, store):
    """Put the gate before every route of a Flask server; must come before any route is added. Returns the Mode.

    Raises UserError where the settings contradict the data folder.
    """
    settings = store.settings
    key, mode = session.secret(settings.data_dir), mode_of(settings, store)
    server.config.update(
        SECRET_KEY=key,
        # Cookies know no ports: two servers on one host need two names, or each signs the other's people out.
        SESSION_COOKIE_NAME=f"nuwa_{hashlib.sha256(key.encode()).hexdigest()[:8]}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),  # since the last visit
        MAX_CONTENT_LENGTH=32 * 1024**2,  # a file comes in smaller parts, and nothing else is large
    )
    server.jinja_env.globals["styles"] = STYLES
    limiter = Limiter(get_remote_address, app=server, storage_uri="memory://")
    identities = Identities(mode, settings, store, key)

    request_log.register(server)

    @server.before_request
    def gate():
        ADDRESS.set(request.remote_addr or "")
        if len(request.query_string) > MOST_QUERY:
            abort(414, "This address is too long.")
        _check_host(settings, mode)
        _check_origin(settings)
        with_secret = mode is Mode.ACCOUNTS and request.endpoint in OPEN_ENDPOINTS
        if request.path in OPEN or request.path in LOOK or with_secret:
            return None
        g.identity = identities.now()
        if g.identity is not None:
            if mode is not Mode.ALONE:
                csrf.check(key, g.identity)
            _check_asker(store)
            return None
        if request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
            return login_routes.to_login(settings.https)
        abort(401, "Please sign in again.")

    headers.register(server)
    csrf.register(server, key, settings.https)

    @server.after_request
    def record_downloads(response):
        """What leaves the server is in the audit log."""
        if request.path.startswith("/download/") and response.status_code == 200 and g.get("identity"):
            kind, target = ("run", request.view_args.get("run_id"))
            if target is None:
                kind, target = "dataset", request.view_args.get("dataset_id", "")
            store.audit.record(g.identity.user, "download", kind, target, request.path.rpartition("/")[2])
        return response

    health.register(server, store)
    metrics.register(server, store)
    login_routes.register(server, store, identities, limiter)
    return mode


def _check_host(settings, mode):
    """Refuse a request that was sent to a foreign name for this address, as another page's script may."""
    host = _host()
    allowed = {*settings.allowed_hosts, *(session.LOOPBACK if settings.allowed_hosts else ())}
    if mode is Mode.ALONE and settings.host in session.LOOPBACK:
        allowed |= {*session.LOOPBACK}
    if allowed and host not in allowed:
        abort(403, "Nuwa does not answer to this name: an administrator adds it to NUWA_ALLOWED_HOSTS.")


def _check_origin(settings):
    """Refuse what a page of another site sends; the CSRF token is checked beside this."""
    if request.method in csrf.SAFE:
        return
    origin = request.headers.get("Origin", "").lower()
    site = origin.partition("://")[2]
    ours = not origin or site == request.host.lower() or site.rsplit(":", 1)[0] in settings.allowed_hosts
    if not ours or request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        abort(403, "A page of another site may not use Nuwa.")


def _check_asker(store):
    """Refuse a callback that names another person than the one behind this request for its background process."""
    if request.method != "POST" or not request.path.endswith("/_dash-update-component"):
        return
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(400, "A callback is a JSON object.")
    parts = [part for name in ("inputs", "state") for part in _flat(body.get(name))]
    if not session.is_ours(store.root, parts):
        abort(403, csrf.STALE)


def _flat(parts):
    """The parts of a list, and those of the lists in it: patterns have one for each of their components."""
    for part in parts if isinstance(parts, list) else []:
        yield from part if isinstance(part, list) else [part]


def _host():
    """The name this request was sent to, without its port."""
    return request.host.rsplit(":", 1)[0].strip("[]").lower()
