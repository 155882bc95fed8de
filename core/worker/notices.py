"""A message to people when a run or a search ends: to a webhook, by e-mail, or both, as the server's settings say.

It names the run and how it ended, and holds no data, no settings and no names of datasets.
"""

import json
import smtplib
import threading
import traceback
import urllib.request
from email.message import EmailMessage

from core.store import Missing, Status

PATIENCE = 10  # seconds for a server to answer
ENDS = {Status.DONE: "is done", Status.FAILED: "failed"}


def ended(store, kind, id):
    """Send the notice on a run or a search (`kind`) that is done or has failed, in a thread of its own.

    Nothing is sent for the trials of a search, nor for what a person has cancelled, nor without the settings. Returns
    the thread, or None.
    """
    settings = store.settings
    if not settings.notify_webhook and not settings.notify_email:
        return None
    try:
        row = store.row(kind, id)
    except Missing:
        return None
    if row["status"] not in ENDS or row.get("parent"):
        return None
    text = f"The {kind} '{row['name']}' {ENDS[row['status']]}."
    record = {"text": text, "kind": kind, "id": id, "name": row["name"], "status": str(row["status"])}
    thread = threading.Thread(target=_send, args=(settings, record), name="notice")
    thread.start()
    return thread


def _send(settings, record):
    for is_set, send in ((settings.notify_webhook, post), (settings.notify_email, mail)):
        if is_set:
            try:
                send(settings, record)
            except Exception:  # the run has ended well; the log says why nobody was told
                traceback.print_exc()


def post(settings, record):
    """Post a record as JSON; its "text" is what chat servers such as Slack and Mattermost show."""
    body, kind = json.dumps(record).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(settings.notify_webhook, body, kind)
    # core.settings lets addresses of http and https pass alone.
    urllib.request.urlopen(request, timeout=PATIENCE).close()  # nosec B310


def mail(settings, record):
    """Send a record as an e-mail by the server of NUWA_SMTP_SERVER (HOST:PORT), by TLS where that offers it."""
    message = EmailMessage()
    message["Subject"] = f"Nuwa: {record['text']}"
    message["From"] = settings.notify_from or settings.notify_email
    message["To"] = settings.notify_email
    message.set_content(record["text"])
    host, _, port = settings.smtp_server.partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=PATIENCE) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        server.send_message(message)
