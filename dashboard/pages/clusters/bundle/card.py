"""The card that downloads a run: what the zip includes, the size of its figures, and its verification."""

import dash_bootstrap_components as dbc
from dash import html

from core.config.bundle import COARSEST, DEFAULT, DENOISED, FINEST, INCH, LARGEST, PARTS, SMALLEST
from core.config.numbers import Number
from core.store import Missing, Status
from core.text import size
from dashboard.components import job_card
from dashboard.components.number_field import number_field
from dashboard.components.widgets import card, more, notice, when
from dashboard.pages.clusters.bundle import ids
from dashboard.pages.clusters.colours import CLUSTERS, MADE, groupings

UNITS = {"mm": 1.0, "inches": INCH}  # in millimetres
LENGTHS = {"mm": (SMALLEST, LARGEST), "inches": (1.58, 19.68)}  # the same range, rounded inwards
DPI = Number("Dots per inch", whole=True, low=COARSEST, high=FINEST)
SINGLE = {
    "model.pt": "Weights (model.pt)",
    "config.json": "Settings (config.json)",
    "history.csv": "Losses by epoch (history.csv)",
    "scores.json": "Scores (scores.json)",
}


def layout(view, run):
    """The card; an earlier bundle and the result of its verification are shown at once."""
    return card(
        "Download results",
        html.P(
            "Everything in one zip file: the data with all results, tables, figures for a paper, a report with a methods "
            "paragraph, and a script that trains the run again. It is created in the background."
        ),
        html.Div(_clusters(view, run), className="nuwa-form"),
        _parts(),
        html.Div(_size(), className="nuwa-form"),
        html.Div(
            html.Button("Create zip", id=ids.BUNDLE_GO, className="btn btn-primary"), className="nuwa-actions"
        ),
        *job_card.parts(view, ids.BUNDLE, view.jobs.mine(run["id"], "bundle")),
        html.Div(id=ids.BUNDLE_RESULT),
        _verification(view, run),
        more("Single files", _single(run)),
    )


def _clusters(view, run):
    return html.Div(
        [
            html.Label("Clusters to include", htmlFor=ids.BUNDLE_BY),
            dbc.Select(id=ids.BUNDLE_BY, options=choices(view, run), value=CLUSTERS),
            html.Div(
                "Figures, markers and report show these clusters. The default is what colours the maps.",
                className="help",
            ),
            html.Div(id=ids.BUNDLE_NOTE, className="help", role="status"),
        ],
        className="nuwa-field wide",
    )


def choices(view, run):
    """The options for clusters: Leiden, and the clusterings that people made."""
    return [o for o in groupings(view, run) if o["value"] == CLUSTERS or o["value"].startswith(f"{MADE}:")]


def _size():
    """The fields for the size of figures."""
    unit = html.Div(
        [
            html.Label("Unit of width and height", htmlFor=ids.BUNDLE_UNIT),
            dbc.Select(id=ids.BUNDLE_UNIT, options=[{"label": u, "value": u} for u in UNITS], value="mm"),
        ],
        className="nuwa-field",
    )
    return [
        number_field(
            ids.BUNDLE_WIDTH,
            length("Width of figures", "mm"),
            DEFAULT.width,
            "180 mm is two columns of most journals, 89 mm is one",
        ),
        number_field(
            ids.BUNDLE_HEIGHT,
            length("Height of figures", "mm"),
            DEFAULT.height,
            "the height of markers and composition depends on their rows",
        ),
        unit,
        number_field(
            ids.BUNDLE_DPI,
            DPI,
            DEFAULT.dpi,
            "for PNG files, and for scatter plots of more than 20,000 points",
        ),
    ]


def length(label, unit):
    """The Number of a width or height in one of UNITS."""
    return Number(label, low=LENGTHS[unit][0], high=LENGTHS[unit][1], unit=unit)


def _parts():
    options = [{"label": f"{part.label}: {part.content}", "value": name} for name, part in PARTS.items()]
    return html.Div(
        [
            html.H3("Contents", id=f"{ids.BUNDLE_PARTS}-label"),
            html.Div(
                dbc.Checklist(id=ids.BUNDLE_PARTS, options=options, value=list(PARTS)),
                role="group",
                **{"aria-labelledby": f"{ids.BUNDLE_PARTS}-label"},
            ),
            dbc.Switch(id=ids.BUNDLE_DENOISED, value=False, label=f"with {DENOISED}"),
            html.Div(
                "Settings, versions, losses, recipe, the exact latent space and reproduce.py are always included.",
                className="help",
            ),
        ],
        className="nuwa-parts",
    )


def _verification(view, run):
    return html.Div(
        [
            html.H3("Is the run reproducible?"),
            html.P(
                "Trains the run of the zip again, with the same settings on the same data, in the queue of training jobs, and "
                "compares latent space, losses and clusters. On the same device, with the same number of threads and the "
                "same versions, they are identical to the last bit."
            ),
            html.Div(
                html.Button("Verify", id=ids.VERIFY_GO, className="btn btn-outline-primary"),
                className="nuwa-actions",
            ),
            *job_card.parts(view, ids.VERIFY, view.jobs.mine(run["id"], "verify")),
            html.Div(id=ids.VERIFY_RESULT),
        ],
        id=ids.VERIFY_BOX,
        className="nuwa-parts",
        hidden=bundle_of(view, run["id"]) is None,
    )


def _single(run):
    base = f"/download/{run['id']}"
    latent = html.A("Latent space (CSV)", id=ids.LINK_LATENT, href="")
    others = [html.A(label, href=f"{base}/{name}") for name, label in SINGLE.items()]
    return html.Ul([html.Li(link) for link in (latent, *others)])


def bundle_of(view, run_id):
    """The path of the bundle of a run, or None while there is none."""
    try:
        return view.results.file(run_id, "bundle.zip")
    except Missing:
        return None


def download(view, run_id):
    """The link to the bundle, with its remarks and the list of its files."""
    path, job = bundle_of(view, run_id), view.jobs.mine(run_id, "bundle")
    if path is None:
        return []
    state = path.stat()
    link = html.A(
        f"Download bundle.zip ({size(state.st_size)})",
        href=f"/download/{run_id}/bundle.zip",
        className="btn btn-primary",
    )
    parts = [html.Div([link, html.Span(["created ", when(state.st_mtime)])], className="nuwa-actions")]
    if job and job["status"] == Status.DONE:
        result = job["result"]
        parts += [notice(remark, "warn") for remark in result["remarks"]]
        names = html.Ul([html.Li(name) for name in result["names"]])
        parts.append(more(f"{len(result['names'])} files", html.P(f"Groups: {result['words']}."), names))
    return parts
