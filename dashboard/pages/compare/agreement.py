"""How the clusters of compared runs agree: the ARI of each pair, and which clusters of two runs split or merge."""

from dash import Input, Output, State, html

from core import figures
from core.analysis import cluster_agreement
from core.config import DEFAULT_RESOLUTION, RESOLUTIONS
from core.text import listed
from dashboard import ids as shared
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, graph, number, table, term
from dashboard.pages.compare import clusterings, ids
from dashboard.pages.compare.chosen import chosen
from dashboard.server import session

MOST_SENTENCES = 8


def layout(runs):
    options = [{"label": run.name, "value": run.id} for run in runs]
    resolutions = [{"label": f"{value:g}", "value": value} for value in RESOLUTIONS]

    return card(
        "Agreement of the clusters",
        html.P(
            [
                "The ",
                term("adjusted Rand index", "Adjusted Rand index (ARI)"),
                " of two clusterings of the same cells: 1 is the same partition, 0 is agreement by chance.",
            ]
        ),
        html.Div(
            [
                picker_field("From", ids.FIRST, options, runs[0].id),
                picker_field("To", ids.SECOND, options, runs[1].id),
                picker_field("Resolution", ids.RESOLUTION, resolutions, DEFAULT_RESOLUTION),
            ],
            className="nuwa-form",
        ),
        html.Div(id=ids.AGREEMENT),
        graph(ids.FLOW, "Flow of cells from the clusters of one run to those of another", height=320),
    )


def ari_table(view, runs, resolution):
    """The ARI of each pair of the runs that have clusters, as a table; a sentence where fewer than two have."""
    known = clusterings.has_clusters(view, runs, resolution)
    if len(known) < 2:
        return html.P(
            "Fewer than two of these runs have clusters. They appear here when their clusters are ready."
        )
    values = {}
    for i, first in enumerate(known):
        for second in known[i + 1 :]:
            codes = clusterings.pair(view, first, second, resolution)
            counts = cluster_agreement.contingency(*codes)
            values[first.id, second.id] = (
                cluster_agreement.adjusted_rand_index(counts) if counts.sum() else None
            )
    rows = []
    for first in known:
        row = [
            "–"
            if first is second
            else number(values.get((first.id, second.id), values.get((second.id, first.id))))
            for second in known
        ]
        rows.append([first.name, *row])
    return table(["ARI", *(run.name for run in known)], rows, numeric=range(1, len(known) + 1))


def counts_of(view, first, second, resolution):
    """The contingency table of the clusters of two runs, or None where one has none."""
    if any(clusterings.clusters(view, run, resolution) is None for run in (first, second)):
        return None
    codes = clusterings.pair(view, first, second, resolution)
    n = [int(clusterings.clusters(view, run, resolution).max()) + 1 for run in (first, second)]
    return cluster_agreement.contingency(*codes, *n)


def sentences(counts, first, second):
    """What becomes of the clusters of the first run in the second, in words."""
    changes = cluster_agreement.changes(counts)
    kept = sum(change.kind == "kept" for change in changes)
    n = int((counts.sum(axis=1) > 0).sum())
    out = [
        f"{kept} of {n} clusters of '{first}' are the same in '{second}' (Jaccard index of {cluster_agreement.KEPT:g} or more)."
    ]
    for change in changes:
        parts = listed(
            [f"{j} ({100 * share:.0f} %)" for j, share in zip(change.targets, change.shares, strict=True)]
        )
        if change.kind == "split":
            out.append(f"Cluster {change.source} of '{first}' splits into {parts} of '{second}'.")
        elif change.kind == "merged":
            out.append(f"Cluster {change.source} of '{second}' holds clusters {parts} of '{first}'.")
    if len(out) > MOST_SENTENCES + 1:
        out = [
            *out[: MOST_SENTENCES + 1],
            f"{len(out) - MOST_SENTENCES - 1} smaller changes are in the figure.",
        ]
    return out


def register(app, store):
    @app.callback(
        Output(ids.AGREEMENT, "children"),
        Output(ids.FLOW, "figure"),
        *(Input(ids.FIRST, "value"), Input(ids.SECOND, "value"), Input(ids.RESOLUTION, "value")),
        *(Input(ids.STATE, "data"), Input(shared.THEME, "data")),
        State(ids.RUNS, "data"),
    )
    def show(first, second, resolution, _, theme, run_ids):
        view = store.of(session.user())
        return agreement(view, chosen(view, run_ids), first, second, resolution or DEFAULT_RESOLUTION, theme)


def agreement(view, runs, first, second, resolution, theme):
    """(the table and sentences, the flow) of two of the runs, by id."""
    parts = [ari_table(view, runs, resolution)]
    known = {run.id: run for run in runs}
    if first == second or first not in known or second not in known:
        return parts, figures.empty("Choose two different runs", theme, 200)
    a, b = known[first], known[second]
    counts = counts_of(view, a, b, resolution)
    if counts is None:
        return parts, figures.empty("these two runs do not both have clusters yet", theme, 200)
    if not counts.sum():
        parts.append(
            html.P("These two runs have no cell of the same name, so their clusters cannot be compared.")
        )
    else:
        parts.append(html.Ul([html.Li(one) for one in sentences(counts, a.name, b.name)]))
    return parts, figures.cluster_flow(counts, (a.name, b.name), theme)
