"""The card that compares two conditions within groups of cells, over samples with replicates."""

import json

from dash import Input, Output, State, html

from core.config import DEFAULT_RESOLUTION
from core.config.job_arguments import ConditionsArguments
from core.config.run_files import CONDITIONS_RECORD, CONDITIONS_TABLE
from core.errors import UserError
from core.text import listed
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, more, notice, number, table
from dashboard.ids import watched
from dashboard.pages.clusters import ids, run_jobs
from dashboard.pages.clusters.colours import CLUSTERS, groupings
from dashboard.pages.clusters.controls import categories, go, samples_of
from dashboard.pages.clusters.groups import groups_of
from dashboard.server import session

JOB = watched("conditions")
GO = "conditions-go"
GROUPS = "conditions-groups"
COLUMN = "conditions-column"
FIRST = "conditions-first"
SECOND = "conditions-second"
SAMPLES = "conditions-samples"
RESULT = "conditions-result"
SHOWN = 5  # genes of a group in the table

EXPLANATION = (
    "The counts of each sample are added up within each group, so a sample is one observation, and cells of one sample are no "
    "replicates (Squair 2021). The sums are tested by PyDESeq2 (Muzellec 2023), which has DESeq2's negative binomial model "
    "and Wald test (Love 2014). A sample needs 10 cells in a group, and a condition two samples; with fewer there is no p "
    "value. Where at least two samples have cells of both conditions, they are compared within themselves.",
    "log2 fold: positive where the first condition is higher. p is adjusted over the genes of a group (Benjamini and Hochberg "
    "1995). A gene without an adjusted p was left out by DESeq2: it has an outlier, or too few counts.",
    "The groups come from the same genes, so a gene that differs can move cells from one group to another. Compare the sizes "
    "of the groups by condition under 'Clusters and names' as well.",
)


def layout(view, run):
    columns = categories(view, run)
    placeholder = "Choose an obs column" if columns else "obs has no categorical columns"
    return card(
        "Conditions compared over samples",
        html.P(
            "The genes that differ between two conditions, such as treated and untreated, within each group of cells. It needs "
            "at least two samples of each condition."
        ),
        html.Div(
            [
                picker_field("Groups", GROUPS, groupings(view, run), CLUSTERS, wide=True),
                picker_field("Condition", COLUMN, columns, placeholder=placeholder, wide=True),
                picker_field("First value", FIRST, [], placeholder="Choose a value"),
                picker_field("Compared with", SECOND, [], placeholder="Choose a value"),
                picker_field(
                    "Samples", SAMPLES, columns, samples_of(view, run), placeholder=placeholder, wide=True
                ),
            ],
            className="nuwa-form",
        ),
        go("Compare conditions", GO),
        *job_card.parts(view, JOB, view.jobs.last(run["id"], "conditions")),
        html.Div(id=RESULT),
        more("How is this tested?", html.Ul([html.Li(text) for text in EXPLANATION])),
    )


def register(app, store):
    @app.callback(
        Output(FIRST, "options"),
        Output(FIRST, "value"),
        Output(SECOND, "options"),
        Output(SECOND, "value"),
        Input(COLUMN, "value"),
        State(shared.RUN, "data"),
        prevent_initial_call=True,
    )
    def offer_values(column, run_id):
        view = store.of(session.user())
        values = _values(view, view.runs.one(run_id), column) if column else []
        first, second = [*values, None, None][:2]
        return values, first, values, second

    @run_jobs.asks(
        app,
        store,
        JOB,
        Input(GO, "n_clicks"),
        State(GROUPS, "value"),
        State(ids.RESOLUTION, "value"),
        State(COLUMN, "value"),
        State(FIRST, "value"),
        State(SECOND, "value"),
        State(SAMPLES, "value"),
    )
    def ask(view, run, _, base, resolution, column, first, second, samples):
        check(column, first, second, samples)
        title, groups = groups_of(view, run, base or CLUSTERS, resolution or DEFAULT_RESOLUTION)
        key = view.groups.keep(run["id"], groups._replace(words=f"{title}, {groups.words}"))
        arguments = ConditionsArguments(
            groups=key, column=column, first=first, second=second, samples=samples
        )
        return view.jobs.ask("conditions", run["id"], arguments)

    @run_jobs.draws(app, store, JOB, RESULT, CONDITIONS_RECORD)
    def show(view, run, path, _):
        return result(run, json.loads(path.read_text()))


def _values(view, run, column):
    entry, _ = view.datasets.folder(run["dataset"]).column(column)
    return list(entry["categories"])


def check(column, first, second, samples):
    """Raise UserError where something is not chosen, or a column or value is chosen twice."""
    if not column or first is None or second is None:
        raise UserError("Choose the obs column of the condition and two of its values.")
    if not samples:
        raise UserError("Choose the obs column of the samples: p values need replicates.")
    if first == second:
        raise UserError("The two values are the same. Choose two different ones.")
    if column == samples:
        raise UserError(
            "The condition and the samples are the same column. Choose the column of the samples."
        )


def result(run, record):
    """How many genes differ in each group with the first of them, the groups without a test, and the text for a paper."""
    rows, missing = [], []
    for one in record["compared"]:
        if one["reason"]:
            missing.append(one["group"])
            continue
        pair = " and ".join(map(str, one["samples"])) + (", paired" if one["paired"] else "")
        genes = ", ".join(f"{gene} ({fold:+.1f}, p {number(p)})" for gene, fold, p in one["top"][:SHOWN])
        rows.append([one["group"], pair, f"{one['tested']:,}", f"{one['differ']:,}", genes])
    head = ["group", "samples", "genes tested", "genes with adjusted p < 0.05", "first genes (log2 fold)"]
    first, second = record["first"], record["second"]
    words = f"'{first}' compared with '{second}' ({record['column']}), samples: {record['samples']}."
    link = html.A("Download all genes (CSV)", href=f"/download/{run['id']}/{CONDITIONS_TABLE}")
    return [
        notice(words, "info"),
        table(head, rows, numeric=(2, 3)),
        *(
            [notice(f"Not tested, since they have too few samples: {listed(missing[:9])}.", "warn")]
            if missing
            else []
        ),
        html.Div(link, className="nuwa-actions"),
        more("Text for the methods section", html.P(record["words"])),
    ]
