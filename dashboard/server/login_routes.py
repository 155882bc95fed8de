"""Signing in and out, and the page of a one-time link."""

import hmac
import logging

from flask import abort, g, redirect, render_template, request, session

from core.errors import UserError
from dashboard.server.identity import Mode

BACK = "nuwa_back"  # the cookie with the page that a person wanted before signing in
log = logging.getLogger("nuwa.access")


def register(server, store, identities, limiter):
    """The routes of a Flask server."""
    mode, settings = identities.mode, store.settings
    accounts = mode is Mode.ACCOUNTS
    failed = {"methods": ["POST"], "deduct_when": lambda answer: answer.status_code == 401}

    def login_name():
        """What the tries of one account are counted under."""
        return "account:" + request.form.get("login", "").strip().lower()[:64]

    @server.post("/logout")
    def logout():
        if accounts and isinstance(session.get("sid"), str):
            store.sessions.close(session["sid"])
            store.audit.record(g.identity.user, "sign out", "account", g.identity.user)
        session.clear()
        return redirect("/login")

    @server.route("/login", methods=["GET", "POST"])
    @limiter.limit("10 per minute", **failed)
    @limiter.limit("10 per 15 minutes", key_func=login_name, exempt_when=lambda: not accounts, **failed)
    def login():
        if mode is Mode.ALONE:
            return redirect("/")
        message = ""
        if request.method == "POST":
            if opened():
                session.permanent = True
                return after_login(request.cookies.get(BACK, "/"))
            message = "The login name or the password is wrong." if accounts else "The password is wrong."
            log.warning("Wrong password from %s", request.remote_addr)
        return page(message), 401 if message else 200

    def opened():
        """Open the session of a right password; False for a wrong one."""
        password = request.form.get("password", "")
        if not accounts:
            if not hmac.compare_digest(password.encode(errors="replace"), settings.password.encode()):
                return False
            session["opened_with"] = identities.known
            return True
        name = request.form.get("login", "")
        user = store.accounts.check(name, password)
        if user is None:
            store.audit.record("", "failed sign in", "account", name[:64])
            return False
        enter(user)
        return True

    def enter(user):
        session.clear()
        session["sid"] = store.sessions.open(user, request.remote_addr, request.user_agent.string)
        session.permanent = True
        store.audit.record(user, "sign in", "account", user)

    def page(message=""):
        first = accounts and not store.accounts.any()
        return render_template("login.html", message=message, accounts=accounts, first=first)

    @server.route("/welcome/<secret>", methods=["GET", "POST"], endpoint="welcome")
    @limiter.limit("20 per minute", **failed)
    def welcome(secret):
        link = store.accounts.link(secret) if accounts else None
        if link is None:
            abort(404, "This link was used or is too old: ask an administrator for a new one.")
        message, form = "", request.form
        if request.method == "POST":
            try:
                if form.get("password") != form.get("again"):
                    raise UserError("The two passwords differ: type the same one twice.")
                user = store.accounts.follow(
                    secret, form.get("login", ""), form.get("name", ""), form.get("password", "")
                )
                store.audit.record(
                    user, "set password" if link["user"] else "create account", "account", user
                )
                enter(user)
                return after_login("/")
            except UserError as error:
                message = str(error)
        known = store.accounts.one(link["user"]) if link["user"] else None
        text = render_template("welcome.html", message=message, link=link, known=known, form=form)
        return text, 401 if message else 200


def after_login(path):
    """Go to a page of this server, and to no other address that somebody put into the cookie."""
    inside = (
        path.startswith("/")
        and not path.startswith(("//", "/\\", "/login", "/welcome"))
        and path.isprintable()
    )
    answer = redirect(path if inside else "/")
    if BACK in request.cookies:
        answer.delete_cookie(BACK, httponly=True, samesite="Strict")
    return answer


def to_login(secure):
    """The redirect of a stranger, who is brought back to this page later."""
    answer = redirect("/login")
    path = request.full_path.rstrip("?")
    if "." not in request.path and not request.path.startswith("/_") and len(path) < 2000:
        answer.set_cookie(BACK, path, max_age=900, httponly=True, samesite="Strict", secure=secure)
    return answer
