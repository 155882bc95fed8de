"""A number for each request, in its answer and in the log, and a line in the log for what is worth one.

The number of a failure that a page shows is that of its request. Answers to the polls of open pages have no line while they
are quick: thirty tabs would write a hundred a second.
"""

import logging
import secrets
import time

from flask import g, request

from core.logs import CONTEXT

HEADER = "X-Request-Id"
SLOW = 1.0  # seconds from which every answer has a line
QUIET = ("/_dash-", "/assets/", "/health", "/metrics", "/_favicon", "/_reload-hash")
log = logging.getLogger("nuwa.request")


def register(server):
    """Give every request of a Flask server its number; must come before whatever refuses requests."""

    @server.before_request
    def begin():
        g.began, g.request_id = time.monotonic(), secrets.token_hex(4)
        CONTEXT.set(g.request_id)

    @server.teardown_request
    def forget(_):
        CONTEXT.set("")

    @server.after_request
    def end(response):
        if (began := g.get("began")) is None:
            return response
        response.headers[HEADER] = g.request_id
        seconds = time.monotonic() - began
        if response.status_code >= 400 or seconds >= SLOW or not request.path.startswith(QUIET):
            identity = g.get("identity")
            # The rule, not the address: it has neither the secrets of links nor names of columns and genes.
            path = str(request.url_rule) if request.url_rule else "unknown"
            values = {"method": request.method, "path": path, "status": response.status_code}
            values |= {"ms": round(1000 * seconds), "address": request.remote_addr}
            log.info("request", extra=values | {"user": identity.user if identity else None})
        return response
