"""A token on every request that changes something, so that no other site can send one in a person's name.

The token is bound to the session and lies in a cookie that scripts of this page can read and other sites cannot; Dash's
renderer and assets/79-csrf.js send it back as a header, forms as a field.
"""

import hashlib
import hmac

from flask import abort, current_app, g, request

HEADER, FIELD = "X-CSRFToken", "csrf"
SAFE = ("GET", "HEAD", "OPTIONS")
STALE = "This page is older than your session: load it again."


def cookie_name(key):
    """The name of the cookie: cookies know no ports, so two servers on one host need two."""
    return f"nuwa_csrf_{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def token(key, bound_to):
    """The token of a session."""
    return hmac.new(key.encode(), f"csrf:{bound_to}".encode(), hashlib.sha256).hexdigest()


def current():
    """The token of the session behind this request, for a field of a form."""
    return token(current_app.secret_key, g.identity.bound_to)


def check(key, identity):
    """Refuse a request that changes something without the token of its session."""
    if request.method in SAFE or identity.bound_to is None:
        return
    sent = request.headers.get(HEADER) or ""
    if not sent and request.mimetype == "application/x-www-form-urlencoded":
        sent = request.form.get(FIELD, "")
    if not hmac.compare_digest(sent.encode(), token(key, identity.bound_to).encode()):
        abort(403, STALE)


def register(server, key, secure):
    """Give every answer to a person the cookie with the token."""
    name = cookie_name(key)

    @server.after_request
    def give(response):
        identity = g.get("identity")
        if identity is not None and identity.bound_to is not None:
            value = token(key, identity.bound_to)
            if request.cookies.get(name) != value:
                response.set_cookie(name, value, samesite="Strict", secure=secure)
        return response
