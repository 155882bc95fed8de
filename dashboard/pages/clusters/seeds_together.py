"""The card that uses the latent spaces of a run and of its runs with other seeds as one space."""

import json

from dash import Input, State, dcc, html

from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import TogetherArguments
from core.config.run_files import SEEDS_TOGETHER_RECORD
from core.errors import UserError
from core.text import listed
from dashboard.components import job_card
from dashboard.components.widgets import card, more, notice, table
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs, stability
from dashboard.pages.clusters.controls import go

JOB = watched("seeds-together")
GO = "seeds-together-go"
RESULT = "seeds-together-result"


def layout(view, run):
    return card(
        "Seeds together",
        html.P(
            "Puts the latent spaces of this run and of its finished runs with other seeds side by side as one space. Structure "
            "that all seeds have stays, and chance structure of one seed weighs less. The space has a UMAP and clusters of "
            "its own, at the chosen resolution."
        ),
        go("Use the seeds together", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "seeds_together")),
        html.Div(id=RESULT),
        more(
            "How is this computed?",
            html.P(
                "By cosine distance each cell has unit length in the space of each seed, by Euclidean distance each space has "
                "the same total variance. The spaces are then joined: a distance between two cells is the mean over the seeds "
                "(of the squared distances, if Euclidean). Neighbours, UMAP and Leiden clusters follow as for the latent "
                "space of one seed. New cells cannot be mapped onto this space."
            ),
        ),
    )


def register(app, store):
    @run_jobs.asks(app, store, JOB, Input(GO, "n_clicks"), State(ids.RESOLUTION, "value"))
    def ask(view, run, _, resolution):
        if reason := stability.nothing_to_compare(view, run["id"]):
            raise UserError(reason)
        arguments = TogetherArguments(resolution=resolution or DEFAULT_RESOLUTION)
        return view.jobs.ask("seeds_together", run["id"], arguments)

    run_jobs.shows_clustering(app, store, JOB)

    @run_jobs.draws(app, store, JOB, RESULT, SEEDS_TOGETHER_RECORD)
    def show(view, run, path, _):
        return result(view, run, json.loads(path.read_text()))


def result(view, run, record):
    """What the space was made of, and where its UMAP and clusters are."""
    seeds = listed([str(one["seed"]) for one in record["runs"]])
    words = (
        f"The seeds {seeds} together: {record['dimensions']} dimensions, {record['clusters']} clusters at resolution "
        f"{record['resolution']:g}. The maps offer the panel 'Seeds together, UMAP', and 'Clusters and names' the clustering "
        f"'Seeds together, resolution {record['resolution']:g}'."
    )
    lines = [[one["seed"], _link(view, one)] for one in record["runs"]]
    return [notice(words, "info"), table(["seed", "run"], lines, numeric=(0,))]


def _link(view, one):
    """A link to a run of the record, or its name where it was deleted."""
    if view.readable("run", one["id"]) is None:
        return f"{one['name']} (deleted)"
    return dcc.Link(one["name"], href=f"/clusters?run={one['id']}")
