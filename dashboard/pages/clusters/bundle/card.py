"""The card that takes a run away: what goes into the zip, how large its figures are, and whether the run holds."""

from datetime import datetime

import dash_bootstrap_components as dbc
from dash import html

from core.config.bundle import DEFAULT, DENOISED, INCH, PARTS
from core.store import Missing
from core.text import size
from dashboard.components import job_card
from dashboard.components.widgets import card, more, notice, when
from dashboard.pages.clusters import ids
from dashboard.pages.clusters.colours import CLUSTERS, MADE, groupings

UNITS = {"mm": 1.0, "inches": INCH}  # millimetres of one
SINGLE = {
    "model.pt": "Weights (model.pt)",
    "config.json": "Settings (config.json)",
    "history.csv": "Losses by epoch (history.csv)",
    "scores.json": "Scores (scores.json)",
}


def takeaway_card(view, run):
    """The card; a bundle that was made before is there at once, and so is what came of verifying it."""
    return card(
        "Take it away",
        html.P(
            "Everything in one zip: the data with what the run made of it, tables, figures for a paper, a report with a "
            "methods paragraph, and a script that trains the run again. It is made in the background."
        ),
        html.Div(_clusters(view, run), className="nuwa-form"),
        _parts(),
        html.Div(_size(), className="nuwa-form"),
        html.Div(
            html.Button("Make the zip", id=ids.TAKE_GO, className="btn btn-primary"), className="nuwa-actions"
        ),
        *job_card.parts(view, ids.TAKE, view.jobs.mine(run["id"], "bundle")),
        html.Div(id=ids.TAKE_RESULT),
        _verifying(view, run),
        more("Single files", _single(run)),
    )


def _clusters(view, run):
    return html.Div(
        [
            html.Label("Clusters to take along", htmlFor=ids.TAKE_BY),
            dbc.Select(id=ids.TAKE_BY, options=choices(view, run), value=CLUSTERS),
            html.Div(
                "They are what figures, markers and report show. Those that colour the cells above are taken.",
                className="help",
            ),
            html.Div(id=ids.TAKE_WORDS, className="help", role="status"),
        ],
        className="nuwa-field wide",
    )


def choices(view, run):
    """The clusters of Leiden and those that were made by hand."""
    return [o for o in groupings(view, run) if o["value"] == CLUSTERS or o["value"].startswith(f"{MADE}:")]


def _size():
    """How large figures are."""
    fields = (
        (
            "Width of figures",
            ids.TAKE_WIDTH,
            DEFAULT.width,
            "180 mm is two columns of most journals, 89 mm one",
        ),
        (
            "Height of figures",
            ids.TAKE_HEIGHT,
            DEFAULT.height,
            "markers and composition are as high as their rows",
        ),
        (
            "Dots an inch",
            ids.TAKE_DPI,
            DEFAULT.dpi,
            "of PNGs, and of points where there are more than 20,000",
        ),
    )
    made = [
        html.Div(
            [
                html.Label(label, htmlFor=id),
                dbc.Input(id=id, type="number", value=value, min=1, step="any"),
                html.Div(help, className="help"),
            ],
            className="nuwa-field",
        )
        for label, id, value, help in fields
    ]
    unit = html.Div(
        [
            html.Label("Unit of width and height", htmlFor=ids.TAKE_UNIT),
            dbc.Select(id=ids.TAKE_UNIT, options=[{"label": u, "value": u} for u in UNITS], value="mm"),
        ],
        className="nuwa-field",
    )
    return [*made[:2], unit, made[2]]


def _parts():
    """What goes in."""
    options = [{"label": f"{part.label}: {part.words}", "value": name} for name, part in PARTS.items()]
    return html.Div(
        [
            html.H3("What goes in", id=f"{ids.TAKE_PARTS}-label"),
            html.Div(
                dbc.Checklist(id=ids.TAKE_PARTS, options=options, value=list(PARTS)),
                role="group",
                **{"aria-labelledby": f"{ids.TAKE_PARTS}-label"},
            ),
            dbc.Switch(id=ids.TAKE_DENOISED, value=False, label=f"with {DENOISED}"),
            html.Div(
                "Settings, versions, losses, recipe, the latent space to the last bit and reproduce.py are always there.",
                className="help",
            ),
        ],
        className="nuwa-parts",
    )


def _verifying(view, run):
    return html.Div(
        [
            html.H3("Does it come out again?"),
            html.P(
                "Trains the run of the zip once more, with the same settings on the same data, in the queue of trainings, and "
                "compares latent space, losses and clusters. On the same device with as many threads and the same "
                "versions they are equal to the last bit."
            ),
            html.Div(
                [
                    html.Button("Verify", id=ids.VERIFY_GO, className="btn btn-outline-primary"),
                    html.Button("Cancel", id=ids.VERIFY_CANCEL, className="btn btn-outline-secondary"),
                ],
                className="nuwa-actions",
            ),
            *job_card.parts(view, ids.VERIFY, view.jobs.mine(run["id"], "verify")),
            html.Div(id=ids.VERIFY_RESULT),
        ],
        id=ids.VERIFY_SHOWN,
        className="nuwa-parts",
        hidden=bundle_of(view, run["id"]) is None,
    )


def _single(run):
    base = f"/download/{run['id']}"
    latent = html.A("Latent space as CSV", id=ids.LINK_LATENT, href="")
    rest = [html.A(words, href=f"{base}/{name}") for name, words in SINGLE.items()]
    return html.Ul([html.Li(link) for link in (latent, *rest)])


def bundle_of(view, run_id):
    """The path of the bundle of a run, or None while there is none."""
    try:
        return view.results.file(run_id, "bundle.zip")
    except Missing:
        return None


def made(view, run_id):
    """The link to the bundle, with what is to be known of it."""
    path, job = bundle_of(view, run_id), view.jobs.mine(run_id, "bundle")
    if path is None:
        return []
    state = path.stat()
    link = html.A(
        f"Download bundle.zip ({size(state.st_size)})",
        href=f"/download/{run_id}/bundle.zip",
        className="btn btn-primary",
    )
    parts = [html.Div([link, html.Span(["made ", when(state.st_mtime)])], className="nuwa-actions")]
    if job and job["status"] == "done":
        found = job["result"]
        parts += [notice(words, "warn") for words in found["remarks"]]
        names = html.Ul([html.Li(name) for name in found["names"]])
        parts.append(more(f"{len(found['names'])} files", html.P(f"Groups: {found['words']}."), names))
    return parts


def told(found):
    """What came of training a run once more."""
    lines = html.Ul([html.Li(line) for line in found["lines"]])
    why = (
        [html.P("Why that can be:"), html.Ul([html.Li(r) for r in found["reasons"]])]
        if found["reasons"]
        else []
    )
    made = datetime.fromisoformat(found["bundle"]).timestamp()
    head = html.Div(
        [
            html.Strong(found["verdict"]),
            " Compared ",
            when(found["at"]),
            " with the zip made ",
            when(made),
            ".",
        ]
    )
    return notice([head, lines, *why], "good" if found["same"] else "warn")
