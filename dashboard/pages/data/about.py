"""What a dataset is called and where it comes from: its name, its twin from an earlier file, the licence of an example."""

import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from core.data import EXAMPLE
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.widgets import more, notice, when
from dashboard.pages.data import ids

ORIGINS = {
    f"demo:{EXAMPLE}": "1,500 of the cells of '10k PBMCs from a Healthy Donor' with a panel of 17 TotalSeq-B antibodies "
    "(pbmc_10k_protein_v3) by 10x Genomics, licence CC BY 4.0. The file LICENSE.md in core/data/examples says what was "
    "changed.",
    "demo:simulated": "Simulated by Nuwa, so the types are known.",
    "demo:pbmc68k_reduced": "Shipped with scanpy: 700 of the cells of Zheng et al. 2017, Nature Communications.",
}


def origin(row):
    """The sentence on where a demo dataset comes from; None for any other dataset."""
    text = ORIGINS.get(row["origin"])
    return html.P(text, className="help") if text else None


def twin(view, row):
    """The notice that the content of a dataset's file is here already, with the link to it; None where it is not."""
    other = view.relatives.twin(row)
    if other is None:
        return None
    link = dcc.Link("Open it", href=f"/data?dataset={other['id']}", className="btn btn-sm btn-primary")
    words = ["The same data are already here since ", when(other["created"]), f", as '{other['name']}'. "]
    return notice([*words, link, " You can delete this copy."], "warn")


def rename(row):
    """The field and the button that give a dataset another name."""
    return more(
        "Rename this dataset",
        html.Label("Name", htmlFor=ids.RENAME),
        dbc.Input(id=ids.RENAME, value=row["name"], maxlength=100, className="mb-2"),
        html.Button("Rename dataset", id=ids.RENAME_GO, className="btn btn-outline-primary btn-sm"),
    )


def register(app, store):
    @buttons.on(
        app,
        store,
        Input(ids.RENAME_GO, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.DATA_MESSAGE, "children", allow_duplicate=True),
        State(ids.RENAME, "value"),
        State(ids.DATASET, "data"),
    )
    def give_name(view, n, name, dataset_id):
        view.datasets.rename(dataset_id, name)
        return f"/data?dataset={dataset_id}&renamed={n}", ""  # another link than before, or nothing is drawn
