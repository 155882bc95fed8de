"""Logs of the server's processes: text or JSON, a line for each record, with the id of the request or job; rotated.

They hold no secrets and no data: addresses of one-time links and tokens are blanked, values of SQL statements are never
written, and of an exception only its type and its lines of code stay where its message may repeat a value of somebody's file.
"""

import json
import logging
import re
import shutil
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

from core.errors import UserError

# The id of the request that is being answered, or of the job that is carried out.
CONTEXT = ContextVar("context", default="")
MOST_BYTES, KEPT = 10 * 1024**2, 5  # of a log file, and how many older ones stay
EXTRA = (
    "method",
    "path",
    "status",
    "ms",
    "user",
    "address",
    "job",
    "kind",
)  # what a record may have beside its message
SECRET = re.compile(r"(/welcome/|[Bb]earer\s+|[Pp]assword=)[^\s'\"&]+")
# Exceptions whose messages name code, never values.
PLAIN = (ImportError, AttributeError, NameError, RecursionError, UserError)


class Lines(logging.Formatter):
    """One line for each record, as text or as JSON; tracebacks follow as further lines of text, or as one field."""

    def __init__(self, as_json=False):
        super().__init__()
        self.as_json = as_json

    def format(self, record):
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        if context := CONTEXT.get():
            fields["id"] = context
        fields |= {name: getattr(record, name) for name in EXTRA if getattr(record, name, None) is not None}
        if record.exc_info and record.exc_info[1]:
            fields["traceback"] = trace(record.exc_info[1])
        if self.as_json:
            return json.dumps(fields, default=str)
        lines = fields.pop("traceback", "")
        words = [fields.pop("time"), fields.pop("level").upper(), fields.pop("logger"), fields.pop("message")]
        words += [f"{name}={value}" for name, value in fields.items()]
        return "\n".join(filter(None, [" ".join(map(str, words)), lines]))


def clean(text):
    """Text of one line without secrets."""
    return SECRET.sub(r"\1...", str(text)).replace("\r", " ").replace("\n", " ")


def trace(error):
    """The traceback of an exception: its lines of code, and its message where that names code alone."""
    lines = []
    while error is not None:
        message = f": {error}" if isinstance(error, PLAIN) else ""
        if isinstance(error, OSError):
            message = f": {error.strerror}" if error.strerror else ""
        own = traceback.format_tb(error.__traceback__)
        lines.append(
            "".join(own).rstrip() + f"\n{type(error).__module__}.{type(error).__qualname__}{clean(message)}"
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich was caused by\n".join(lines)


def set_up(as_json, path=None):
    """Write warnings and errors to standard error, and with a `path` everything to that file, which is rotated."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    handlers = [logging.StreamHandler(sys.stderr)]
    handlers[0].setLevel(logging.WARNING)
    if path is not None:
        handlers.append(RotatingFileHandler(path, maxBytes=MOST_BYTES, backupCount=KEPT, delay=True))
    for handler in handlers:
        handler.setFormatter(Lines(as_json))
        root.addHandler(handler)
    logging.getLogger("nuwa").setLevel(logging.INFO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)


def rotate(path, most=None):
    """Move the content of a file that several processes append to into path.1, and so on, where it is large."""
    if not path.exists() or path.stat().st_size <= (MOST_BYTES if most is None else most):
        return False
    for n in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{n}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{n + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    with path.open("r+b") as file:  # they have it open to append: the next line is the first one
        file.truncate(0)
    return True
