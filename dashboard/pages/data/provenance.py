"""Where a dataset comes from: its steps with numbers before and after each, its samples, its selection."""

from dash import Input, Output, State, dcc, html, no_update

from core.config.dataset_record import DatasetRecord
from core.preprocessing.recipe import STEPS
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.widgets import card, table, term
from dashboard.pages.data import ids


def steps_card(view, row, page):
    """The steps of a dataset and the button that undoes the last one, back to `page`; None where there is none."""
    derived = DatasetRecord.of(row).derived
    if not derived:
        return None
    original = view.readable("dataset", derived.of)
    link = (
        dcc.Link(original["name"], href=f"{page}?dataset={original['id']}") if original else "another dataset"
    )
    rows = [
        [f"{i}. {STEPS[step['name']].label}", step["said"], *_change(step)]
        for i, step in enumerate(derived.steps, 1)
    ]
    return card(
        "Steps so far",
        html.P(["Made from ", link, ", which is unchanged. Each ", term("step"), " makes another dataset."]),
        table(["step", "effect", "cells", "genes", "proteins"], rows, numeric=(2, 3, 4)),
        html.Div(
            html.Button("Undo last step", id=ids.STEP_UNDO, className="btn btn-sm btn-outline-primary"),
            className="nuwa-actions",
        ),
        html.Div(id=ids.STEP_MESSAGE),
    )


def joined_card(view, row):
    """The samples that a dataset was joined from; None where it was not joined."""
    joined = DatasetRecord.of(row).joined
    if not joined:
        return None
    rows = []
    for sample in joined.samples:
        there = view.readable("dataset", sample.dataset)
        link = dcc.Link(there["name"], href=f"/data?dataset={there['id']}") if there else sample.title
        steps = ", ".join(STEPS[step["name"]].label for step in sample.steps)
        rows.append([sample.name, link, f"{sample.cells:,}", steps or "none"])
    return card(
        "Joined from samples",
        html.P(["The column ", html.Code(joined.batch), " of obs names the sample of each cell."]),
        table(["sample", "dataset", "cells", "steps before"], rows, numeric=(2,)),
        html.P(
            "Nothing was lost." if not joined.lost else "See below what was lost.",
            className="help mt-2",
        ),
    )


def selected_card(view, row):
    """The dataset, run and selection that a dataset was made from; None where it was not."""
    selected = DatasetRecord.of(row).selected
    if not selected:
        return None
    data, run = view.readable("dataset", selected.of), view.readable("run", selected.run)
    of = (
        dcc.Link(data["name"], href=f"/data?dataset={data['id']}")
        if data
        else f"{selected.of_name} (deleted)"
    )
    by = dcc.Link(run["name"], href=f"/clusters?run={run['id']}") if run else f"{selected.run_name} (deleted)"
    steps = ", ".join(STEPS[step["name"]].label for step in selected.steps)
    return card(
        "Selected cells",
        html.P(
            [f"{selected.cells:,} of {selected.of_cells:,} cells of ", of, ", chosen in the run ", by, "."]
        ),
        html.P(f"Selected by: {selected.words}."),
        html.P(
            f"Earlier steps: {steps or 'none'}. The new dataset has none of its own at first.",
            className="help",
        ),
    )


def _change(step):
    """Cells, genes and proteins before and after, such as "2,700 → 2,638"; once where nothing changed."""
    for name, before in step["before"].items():
        after = step["after"][name]
        yield f"{before:,}" if before == after else f"{before:,} → {after:,}"


def register(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.STEP_UNDO, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.STEP_MESSAGE, "children"),
        State(shared.CONTEXT, "data"),
        State(shared.URL, "pathname"),
    )
    def undo(view, _, place, path):
        return f"{path}?dataset={view.steps.undo(place['dataset'])}", no_update
