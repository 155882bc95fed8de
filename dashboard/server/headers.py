"""The headers of every answer: nothing from outside, nothing framed, nothing guessed, nothing kept."""

from flask import request

# The same for everybody: browsers keep them.
PUBLIC_FILES = ("/assets/", "/_dash-component-suites/", "/_favicon.ico")
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


def register(server):
    """Add the headers to every answer of a Flask server."""

    @server.after_request
    def headers(response):
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if not request.path.startswith(PUBLIC_FILES):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
