"""Compare: two runs or more beside one another, from /compare?runs=a,b,c."""

from dash import dcc, html

from dashboard.components.widgets import card, empty, notice
from dashboard.pages.compare import agreement, differences, ids, live, maps
from dashboard.pages.compare.chosen import chosen, ids_of, remarks
from dashboard.pages.runs.actions import compare_link

PATH, TITLE = "/compare", "Compare runs"


def layout(view, context):
    """The comparison of the runs of the link, or the way to the table where they are ticked."""
    wanted = ids_of(context.query)
    runs = chosen(view, wanted)
    if len(runs) < 2:
        message = "Tick two runs or more, then press 'Compare runs'."
        if missing := len(wanted) - len(runs):
            message = f"{missing} {'run' if missing == 1 else 'runs'} of this link no longer exist. {message}"
        return empty(message, "/runs", "Choose runs", "bi-layers")
    return html.Div(
        [
            dcc.Store(id=ids.RUNS, data=[run.id for run in runs]),
            *_missing(len(wanted) - len(runs)),
            *[notice(sentence, "warn") for sentence in remarks(runs)],
            card("Runs", html.Ul([_run(run, runs) for run in runs], className="nuwa-compared")),
            *live.layout(view, runs),
            *differences.layout(runs),
            maps.layout(view, runs),
            agreement.layout(runs),
        ]
    )


def _missing(n):
    return [notice(f"{n} {'run' if n == 1 else 'runs'} of this link no longer exist.", "warn")] if n else []


def _run(run, runs):
    """A run with its colour, its links, and the link to the comparison without it."""
    others = [one.id for one in runs if one is not run]
    label = f"Leave {run.name} out of the comparison"
    leave = dcc.Link(
        [
            html.I(className="bi bi-x-lg", **{"aria-hidden": "true"}),
            html.Span(label, className="visually-hidden"),
        ],
        href=compare_link(others),
        className="btn btn-sm btn-outline-secondary",
        title=label,
    )
    swatch = html.Span(className="nuwa-swatch", style={"background": run.colour}, **{"aria-hidden": "true"})
    link = dcc.Link(run.name, href=f"/train?run={run.id}", className="fw-semibold")
    return html.Li(
        [swatch, link, html.Span(f" {run.dataset}", className="help"), *([leave] if len(runs) > 2 else [])]
    )


def register(app, store):
    for part in (live, differences, maps, agreement):
        part.register(app, store)
