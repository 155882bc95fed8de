"""python -m core admin WHAT: accounts, storage, queue, device, workers, versions and the audit log of a data folder.

Whoever may write into the data folder may use it: it asks for no account, and the audit log says "command line".
"""

import json
import sys
from datetime import UTC, datetime

from core import settings
from core.errors import UserError
from core.text import size

LIMITS = {
    "runs": "runs that may wait for training",
    "jobs": "jobs that may wait",
    "gigabytes": "gigabytes of datasets and runs",
    "weight": "turns in the queue for each turn of other people",
}
ROLES = ("viewer", "member", "admin")


def add(parser):
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")

    def command(name, purpose, *arguments):
        one = what.add_parser(name, help=purpose, description=purpose)
        one.add_argument("--json", action="store_true", help="print records as JSON")
        for argument in arguments:
            one.add_argument(argument, choices=ROLES if argument == "role" else None)
        return one

    command("people", "list the accounts with their storage")
    command("invite", "print a one-time link that creates an account", "role")
    command("reset", "print a one-time link that sets a new password", "login")
    command("role", "give a person another role", "login", "role")
    command("activate", "let a person sign in again", "login")
    command("deactivate", "sign a person out, and in no more", "login")
    command("sign-out", "end all sessions of a person", "login")
    command("give", "give all datasets and runs of one person to another", "owner", "login")
    command("storage", "list the bytes in the data folder by person")
    command("queue", "list the running and waiting jobs")
    command("stop", "stop a job", "job")
    command("front", "let a waiting job start before the others", "job")
    command("pause", "start no further training and no slow job")
    command("unpause", "start waiting jobs again")
    limits = command("limits", "list what each person may have, or set it for one person")
    limits.add_argument("login", nargs="?", help="set the limits of this person")
    for name, help in LIMITS.items():
        limits.add_argument(f"--{name}", metavar="N", help=f"{help}; 'default' for that of the server")
    command("device", "show the device of the worker")
    command("workers", "list the processes of the worker")
    command("versions", "list the versions of Nuwa and its libraries")
    command("log", "print the end of the worker's log")
    audit = command("audit", "print the audit log as CSV, or with --json as records, the newest row first")
    audit.add_argument("--user", default="", help="only rows of this person")
    audit.add_argument("--action", default="", help="only rows of this action")
    audit.add_argument("--text", default="", help="only rows with this text in name, id or address")
    audit.add_argument("--rows", type=int, default=None, help="at most so many rows")


def run(arguments):
    """Do it, and print what there is to see."""
    from core.store import Store

    store = Store(settings.from_environment())
    try:
        result = COMMANDS[arguments.what](store.of_command_line().admin, arguments)
    finally:
        store.engine.dispose()
    if arguments.json:
        print(json.dumps(result, indent=2, default=str))
    elif isinstance(result, list):
        print(table(result))
    elif isinstance(result, dict):
        print(table([{"name": name, "value": value} for name, value in result.items()]))
    elif result:
        print(result)
    return 0


def _user(admin, login):
    return admin.accounts.by_login(login)["user"]


def _people(admin, arguments):
    keys = ("login", "name", "role", "active", "seen", "datasets", "runs", "bytes")
    return [{key: _plain(key, person[key], arguments.json) for key in keys} for person in admin.people()]


def _storage(admin, arguments):
    return [
        {"user": user} | {key: _plain(key, value, arguments.json) for key, value in values.items()}
        for user, values in sorted(admin.storage().items())
    ]


def _queue(admin, arguments):
    keys = ("id", "lane", "kind", "target", "name", "status", "priority", "created")
    return [{key: _plain(key, job[key], arguments.json) for key in keys} for job in admin.queue()]


def _workers(admin, arguments):
    state = admin.workers()
    return state if arguments.json else state["processes"] or "No process of the worker runs."


def _give(admin, arguments):
    owner = arguments.owner
    names = {row["login"]: row["user"] for row in admin.accounts.all()}
    n = admin.give(names.get(owner, owner), _user(admin, arguments.login))
    return f"{n} rows of {owner} belong to {arguments.login} now."


def _audit(admin, arguments):
    from core.store.audit import as_csv

    if arguments.rows is not None and arguments.rows < 1:
        raise UserError("--rows is a number of rows, 1 or more.")
    user = arguments.user
    user = {row["login"]: row["user"] for row in admin.accounts.all()}.get(user, user)
    rows = admin.audit(user=user, action=arguments.action, text=arguments.text, n=arguments.rows)
    if arguments.json:
        return rows
    sys.stdout.write(as_csv(rows))
    return None


def _limits(admin, arguments):
    texts = {name: getattr(arguments, name) for name in LIMITS}
    values = {name: None if text == "default" else text for name, text in texts.items() if text is not None}
    if arguments.login:
        if not values:
            raise UserError("Say which limit to set, such as --runs 20.")
        admin.set_limits(_user(admin, arguments.login), **values)
        return f"The limits of {arguments.login} were set."
    if values:
        raise UserError("Say whose limits to set: python -m core admin limits NAME --runs 20.")
    rows = []
    for row in admin.limits():
        used, most = row["used"], row["of"]
        storage = "no limit" if most.gigabytes is None else f"{most.gigabytes:g}"
        rows.append(
            {
                "login": row["login"],
                "runs": f"{used['runs']} of {most.runs}",
                "jobs": f"{used['jobs']} of {most.jobs}",
                "gigabytes": f"{used['gigabytes']:.1f} of {storage}",
                "weight": f"{most.weight:g}",
            }
        )
    return rows


def _said(act, sentence):
    """A command that changes something and says so."""

    def do(admin, arguments):
        act(admin, arguments)
        return sentence.format(**vars(arguments))

    return do


COMMANDS = {
    "people": _people,
    "invite": lambda admin, a: admin.invite(a.role),
    "reset": lambda admin, a: admin.reset(_user(admin, a.login)),
    "role": _said(lambda admin, a: admin.set_role(_user(admin, a.login), a.role), "{login} is {role} now."),
    "activate": _said(lambda admin, a: admin.set_active(_user(admin, a.login), True), "{login} may sign in."),
    "deactivate": _said(
        lambda admin, a: admin.set_active(_user(admin, a.login), False), "{login} may not sign in."
    ),
    "sign-out": lambda admin, a: f"{admin.sign_out(_user(admin, a.login))} sessions of {a.login} ended.",
    "give": _give,
    "storage": _storage,
    "queue": _queue,
    "stop": _said(lambda admin, a: admin.stop(a.job), "The job {job} was asked to stop."),
    "front": _said(lambda admin, a: admin.move_to_front(a.job), "The job {job} is the next of its lane."),
    "pause": _said(
        lambda admin, a: admin.pause(), "The queue is paused: no training and no slow job starts."
    ),
    "unpause": _said(lambda admin, a: admin.unpause(), "Waiting jobs start again."),
    "limits": _limits,
    "device": lambda admin, a: admin.device() or "The worker has not reported its device yet.",
    "workers": _workers,
    "versions": lambda admin, a: admin.versions(),
    "log": lambda admin, a: admin.log(),
    "audit": _audit,
}


def _plain(key, value, exact):
    """A value for people: times and sizes in words, unless records are to be exact."""
    if exact or value is None:
        return value
    if key in ("seen", "created"):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return size(value) if key == "bytes" else value


def table(rows):
    """Records as aligned text, with their keys as the head."""
    if not rows:
        return "None."
    head = list(rows[0])
    cells = [head, *(["–" if row[key] is None else str(row[key]) for key in head] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    )
