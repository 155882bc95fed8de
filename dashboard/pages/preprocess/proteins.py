"""The proteins of a dataset: their transform, each before and after it, and the isotype controls."""

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from core import figures
from core.config import PREPARE
from core.config.dataset_record import DatasetRecord
from core.data.name_search import other_names
from dashboard import ids as shared
from dashboard.components import job_card
from dashboard.components.forms import form
from dashboard.components.picker import picker_field
from dashboard.components.widgets import card, graph, more, notice, table
from dashboard.pages.preprocess import ids
from dashboard.server import session

FIRST = 4  # proteins that are shown at first
NAMES = ("modalities", "protein_transform")


def proteins_card(view, row, values, steps):
    """The transform, and with proteins their histograms and the share of cells above the isotype controls."""
    record = DatasetRecord.of(row)
    used = [name for name in record.proteins if name not in record.proteins_left_out]
    parts = [form(PREPARE, values, steps, names=NAMES)]
    if background := record.protein_background:
        parts.append(
            html.P(
                f"DSB can use {background.droplets:,} empty droplets of the unfiltered matrix.",
                className="help",
            )
        )
    elif used:
        parts.append(
            html.P(
                [
                    "For DSB, ",
                    dcc.Link("add the unfiltered matrix", href=f"/data?dataset={row['id']}"),
                    " of the same experiment on the Data page.",
                ],
                className="help",
            )
        )
    if used:
        parts += [
            picker_field(
                "Proteins shown",
                ids.PROTEINS_SHOWN,
                [{"label": name, "value": name, "search": other_names(name)} for name in used],
                used[:FIRST],
                wide=True,
                multi=True,
                clearable=True,
                placeholder="Choose proteins",
            ),
            *job_card.parts(view, ids.PROTEINS, at_once=True),
            graph(
                ids.PROTEINS_FIGURE,
                "Histograms of the chosen proteins, counts before and values after the transform",
                save=False,
                dataset=row,
                height=450,
            ),
            html.Div(id=ids.PROTEINS_NOTES),
        ]
    return card("Proteins", *parts)


def notes_of(result):
    """What the dashed line means, and a table of all proteins."""
    notes = [notice(note) for note in result["notes"] if "is left out of training" not in note]
    if not result["isotypes"]:
        sentence = "The proteins include no isotype controls, so no background limit is drawn."
        return [*notes, html.P(sentence, className="help")]
    rows = sorted(result["proteins"], key=lambda one: -one["above"])
    return [
        *notes,
        html.P(
            f"The dashed line: mean and 3 standard deviations of the isotype controls ({', '.join(result['isotypes'])}). "
            "They bind nothing on cells, so their counts are background.",
            className="help",
        ),
        more(
            "Cells above the background, by protein",
            table(
                ["protein", "cells above, %"],
                [[one["name"], f"{100 * one['above']:.1f}"] for one in rows],
                numeric=(1,),
            ),
            html.P(
                "A protein without any cell above it may be missing in the sample, or its antibody did not work. An antibody "
                "with nearly all cells above it may bind unspecifically."
            ),
        ),
    ]


def register(app, store):
    @job_card.asks(
        app,
        store,
        ids.PROTEINS,
        Input(shared.setting("protein_transform"), "value"),
        State(ids.PREPARE_DATASET, "data"),
        at_once=True,
    )
    def look(view, transform, dataset_id):
        """The proteins under the chosen transform; a result that was computed before is shown at once."""
        if not DatasetRecord.of(view.datasets.one(dataset_id)).proteins:
            raise PreventUpdate
        return view.preparations.look_at_proteins(dataset_id, transform)

    @app.callback(
        Output(ids.PROTEINS_FIGURE, "figure"),
        Output(ids.PROTEINS_NOTES, "children"),
        Input(ids.PROTEINS.done, "data"),
        Input(ids.PROTEINS.tick, "disabled"),
        Input(ids.PROTEINS_SHOWN, "value"),
        Input(shared.THEME, "data"),
    )
    def draw(job_id, over, names, theme):
        if not job_id:
            reason = "There is no picture of these proteins." if over else "The proteins are being loaded ..."
            return figures.empty(reason, theme), ""
        result = store.of(session.user()).jobs.one(job_id)["result"]
        chosen = {one["name"]: one for one in result["proteins"]}
        shown = [chosen[name] for name in names or () if name in chosen]
        return figures.protein_histograms(shown, result["transform"], theme), notes_of(result)
