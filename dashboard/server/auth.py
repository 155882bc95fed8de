"""One gate before every route: who is not let in here is let in nowhere."""

import hashlib
import hmac
import logging
from datetime import timedelta

from flask import abort, redirect, render_template, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from core.errors import UserError
from dashboard.server.session import LOOPBACK, secret

OPEN = ("/login", "/health")
LOOK = ("/assets/00-bootstrap.min.css", "/assets/20-font.css", "/assets/90-nuwa.css", "/assets/nuwa.svg")


PUBLIC_FILES = (
    "/assets/",
    "/_dash-component-suites/",
    "/_favicon.ico",
)  # the same for everybody: browsers keep them
# Nothing from outside. Dash starts by an inline script, and dash-ag-grid evaluates the functions of its columns.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        *("object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'self'"),
    )
)
MOST_QUERY = 64 * 1024  # bytes of an address after its question mark

log = logging.getLogger("nuwa.access")


def check_address(settings):
    """Refuse to start where unpublished data would lie open: raises UserError."""
    if settings.host not in LOOPBACK and settings.password is None:
        raise UserError(
            f"On the address {settings.host} anybody in the network could see your data. Set NUWA_PASSWORD "
            "(or NUWA_PASSWORD_FILE) to one shared password, or leave NUWA_HOST at 127.0.0.1."
        )


def guard(server, settings):
    """Put the gate before every route of a Flask server; must come before any route is added."""
    key = secret(settings.data_dir)
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
    limiter = Limiter(get_remote_address, app=server, storage_uri="memory://")
    # The session remembers which password it was opened with, so that a new password signs everybody out.
    known = hashlib.sha256(f"{server.secret_key}{settings.password}".encode()).hexdigest()

    @server.before_request
    def gate():
        if len(request.query_string) > MOST_QUERY:
            abort(414, "This address is too long.")
        if settings.password is None and settings.host in LOOPBACK and _host() not in LOOPBACK:
            abort(
                403, "Nuwa answers on this machine's own address only."
            )  # another page's name for this address
        if request.method not in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Site") == "cross-site":
            abort(403, "A page of another site may not use Nuwa.")
        if settings.password is None or request.path in OPEN or request.path in LOOK:
            return None
        if hmac.compare_digest(session.get("opened_with", ""), known):
            return None
        if request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document":
            return redirect("/login")
        abort(401, "Please sign in again.")

    @server.after_request
    def headers(response):
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if not request.path.startswith(PUBLIC_FILES):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @server.get("/health")
    def health():
        return {"status": "ok"}

    @server.post("/logout")
    def logout():
        session.clear()
        return redirect("/login")

    @server.route("/login", methods=["GET", "POST"])
    @limiter.limit("10 per minute", methods=["POST"], deduct_when=lambda answer: answer.status_code == 401)
    def login():
        if settings.password is None:
            return redirect("/")
        message = ""
        if request.method == "POST":
            given = request.form.get("password", "")
            if hmac.compare_digest(given.encode(), settings.password.encode()):
                session["opened_with"] = known
                session.permanent = True
                return redirect("/")
            message = "The password is wrong."
            log.warning("Wrong password from %s", request.remote_addr)
        return render_template("login.html", message=message), 401 if message else 200


def _host():
    """The name this request was sent to, without its port."""
    return request.host.rsplit(":", 1)[0].strip("[]")
