"""The ids that the frame and several pages share; the others are beside their page."""

from typing import NamedTuple


class Watched(NamedTuple):
    """The ids of a job that a card queues and polls, see dashboard/components/job_card.py."""

    message: str
    job: str
    tick: str
    done: str
    stop: str


def watched(name):
    """The Watched of a card's work by its name."""
    return Watched(*(f"{name}-{part}" for part in Watched._fields))


URL = "url"
SIDEBAR = "sidebar"
HEADER = "header"
CONTENT = "content"
HELP = "help"
HELP_BUTTON = "help-button"
HELP_TITLE = "help-title"
SHARE = "share"  # the dialog that says who else sees a dataset or a run
SHARE_BUTTON = "share-button"
SHARE_BODY = "share-body"
THEME = "theme"
THEME_BUTTON = "theme-button"
ACTIVITY = "sidebar-activity"
ACTIVITY_TICK = "sidebar-tick"
CONTEXT = (
    "context"  # ids of the dataset, preparation and run that the page is about, and which steps are done
)
DENIED = "denied"  # the message of what the person may not do
GONE = "gone"  # what a callback asked for and was deleted
PAGE = "page-token"  # a random word for each time a page is drawn: keeps the long callbacks of two tabs apart
RUN = "run"


def setting(name):
    """The control of one RunConfig field; the name "ALL" is dash's pattern when it is given instead."""
    return {"type": "setting", "name": name}


def obeyed(name, models):
    """The whole field of a setting that only some models obey; the page hides it for the others."""
    return {
        "type": "obeyed",
        "name": name,
        "models": ",".join(models) if isinstance(models, tuple) else models,
    }


def tab(name):
    """The button that opens a tab."""
    return f"tab-{name}"


def tab_pane(name):
    """All of what a tab shows."""
    return f"tab-pane-{name}"


def tab_cards(name):
    """The cards of a tab, which are loaded when it is first opened."""
    return f"tab-cards-{name}"


def wanted(name):
    """Whether somebody has opened that tab."""
    return f"wanted-{name}"


def share(part, kind):
    """A part of the dialog for a "dataset" or a "run": "with", "named", "projects", "save" or "message"."""
    return {"type": f"share-{part}", "kind": kind}


def save(graph, form):
    """The button that saves a graph as "svg" or "png"."""
    return {"type": "save", "graph": graph, "form": form}
