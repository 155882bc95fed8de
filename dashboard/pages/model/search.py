"""The card on Create model that turns settings into ranges or lists and starts a search of them."""

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, dcc, html

from core.config.numbers import Number
from core.config.search import (
    MOST_MINUTES,
    MOST_TRIALS,
    OBJECTIVES,
    PRUNERS,
    SearchRecord,
    of_text,
    searchable,
    suggested_text,
)
from core.errors import UserError
from dashboard import ids as shared
from dashboard.components import buttons
from dashboard.components.forms import SETTINGS
from dashboard.components.number_field import error_id, number_field, watch
from dashboard.components.widgets import card, more, term
from dashboard.pages.model import ids as model_ids
from dashboard.pages.model.settings import settings_of
from dashboard.pages.search import ids

N_TRIALS = Number("Trials", True, 1, MOST_TRIALS)
MINUTES = Number("Minutes of training", False, 0, MOST_MINUTES, low_open=True, optional=True)
SWEEP = "n_latent"  # of the small sweep that is two clicks
LABELS = {spec.name: spec.label for spec in searchable()}


def layout(view, preparation):
    """The card: which settings take which values, the objective, the budget, and earlier searches."""
    return card(
        "Search settings",
        html.P(
            [
                "Instead of one run, train several with other values and keep the best. Everything else has the values of the "
                "form. A ",
                term("search"),
                " reserves a tenth of the cells, on which its best run is judged.",
            ]
        ),
        html.Div(
            html.Button(
                f"Sweep latent dimensions {suggested_text(SWEEP)}",
                id=ids.FORM_SWEEP,
                className="btn btn-sm btn-outline-primary",
            ),
            className="nuwa-actions",
        ),
        html.Label(
            [
                "Settings to search",
                dcc.Dropdown(
                    id=ids.FORM_SETTINGS,
                    options=[{"label": label, "value": name} for name, label in LABELS.items()],
                    multi=True,
                    placeholder="choose one or several",
                ),
            ],
            className="nuwa-labelled",
        ),
        html.Div(id=ids.FORM_FIELDS, className="nuwa-form"),
        html.Div(
            [
                _choice("Objective", ids.FORM_OBJECTIVE, {k: v.label for k, v in OBJECTIVES.items()}, "loss"),
                _choice("Pruning", ids.FORM_PRUNER, {name: name for name in PRUNERS}, "median", PRUNERS),
                number_field(ids.FORM_TRIALS, N_TRIALS, 10, "How many runs are trained at most."),
                number_field(
                    ids.FORM_MINUTES,
                    MINUTES,
                    None,
                    "No further trial begins after these.",
                    placeholder="no limit",
                ),
            ],
            className="nuwa-form",
        ),
        html.Div(id=ids.FORM_MESSAGE),
        html.Div(
            html.Button("Start search", id=ids.FORM_START, className="btn btn-outline-primary"),
            className="nuwa-actions",
        ),
        *_earlier(view, preparation),
    )


def _choice(label, id, options, value, helps=None):
    choices = [{"label": text, "value": name} for name, text in options.items()]
    explanation = html.Div(
        "; ".join(f"{name}: {text}" for name, text in helps.items()) if helps else "", className="help"
    )
    control = html.Label([label, dbc.Select(id=id, options=choices, value=value)], className="nuwa-labelled")
    return html.Div([control, explanation], className="nuwa-field")


def _earlier(view, preparation):
    """Links to the searches of this preparation."""
    rows = view.searches.all(preparation["id"])
    if not rows:
        return []
    links = [
        html.Li(dcc.Link(f"{row['name']} ({row['status']})", href=f"/search?search={row['id']}"))
        for row in rows
    ]
    return [more(f"Earlier searches ({len(rows)})", html.Ul(links))]


def fields(names, values):
    """The fields of the chosen settings, with what was typed before or a suggestion; `values` are by setting."""
    return [_field(name, values.get(name) or suggested_text(name)) for name in names]


def _field(name, text):
    help = "A list such as 10, 20, 50, or a range such as 5 to 50."
    control = dbc.Input(id=ids.values(name), value=text, debounce=True, autocomplete="off")
    return html.Div(
        [
            html.Label([LABELS[name], control], className="nuwa-labelled"),
            html.Div(help, className="help", id=f"search-values-{name}-help"),
            html.Div(
                values_error(name, text), id=error_id(ids.values(name)), className="error", role="status"
            ),
        ],
        className="nuwa-field nuwa-number",
    )


def values_error(name, text):
    """The sentence on the values of a searched setting that cannot be used, or ""."""
    try:
        of_text(name, text)
    except UserError as error:
        return str(error)
    return ""


def record_of(base, texts, objective, pruner, n_trials, minutes):
    """The SearchRecord of the card; `texts` are {setting: text}. Raises UserError for what cannot be read."""
    if not texts:
        raise UserError("No setting is searched: choose one or several under 'Settings to search'.")
    space = {name: of_text(name, text).record() for name, text in texts.items()}
    if not OBJECTIVES[objective].by_epoch:
        pruner = "none"
    return SearchRecord(
        base={name: value for name, value in base.items() if name not in space},
        space=space,
        objective=objective,
        pruner=pruner,
        n_trials=N_TRIALS.read(n_trials),
        minutes=MINUTES.read(minutes),
    )


def register(app, store):
    errors = error_id(ids.values(ALL))
    watch(
        app,
        {ids.FORM_TRIALS: N_TRIALS, ids.FORM_MINUTES: MINUTES},
        [ids.FORM_START],
        reasons=[Input(errors, "children"), Input(model_ids.MODEL_ERROR, "data")],
    )

    @app.callback(
        Output(errors, "children"),
        Input(ids.values(ALL), "value"),
        State(ids.values(ALL), "id"),
        prevent_initial_call=True,
    )
    def check(texts, searched):
        return [values_error(id["name"], text) for id, text in zip(searched, texts, strict=True)]

    app.clientside_callback(
        f"(n, names) => n ? [...new Set([...(names || []), '{SWEEP}'])] : dash_clientside.no_update",
        Output(ids.FORM_SETTINGS, "value"),
        Input(ids.FORM_SWEEP, "n_clicks"),
        State(ids.FORM_SETTINGS, "value"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.FORM_FIELDS, "children"),
        Input(ids.FORM_SETTINGS, "value"),
        State(ids.values(ALL), "value"),
        State(ids.values(ALL), "id"),
        prevent_initial_call=True,
    )
    def draw_fields(names, values, drawn):
        typed = {id["name"]: value for id, value in zip(drawn, values, strict=True)}
        return fields([name for name in names or () if name in LABELS], typed)

    app.clientside_callback(  # an objective that is known at the end of a run cannot prune
        f"objective => !{[name for name, each in OBJECTIVES.items() if each.by_epoch]}.includes(objective)",
        Output(ids.FORM_PRUNER, "disabled"),
        Input(ids.FORM_OBJECTIVE, "value"),
    )

    @buttons.on(
        app,
        store,
        Input(ids.FORM_START, "n_clicks"),
        Output(shared.URL, "href", allow_duplicate=True),
        Output(ids.FORM_MESSAGE, "children"),
        State(SETTINGS, "value"),
        State(SETTINGS, "id"),
        State(model_ids.MODEL_PREPARATION, "data"),
        State(ids.values(ALL), "value"),
        State(ids.values(ALL), "id"),
        State(ids.FORM_OBJECTIVE, "value"),
        State(ids.FORM_PRUNER, "value"),
        State(ids.FORM_TRIALS, "value"),
        State(ids.FORM_MINUTES, "value"),
    )
    def start(view, _, values, names, preparation_id, texts, searched, objective, pruner, n_trials, minutes):
        texts = {id["name"]: text for id, text in zip(searched, texts, strict=True)}
        record = record_of(settings_of(values, names), texts, objective, pruner, n_trials, minutes)
        search_id = view.searches.create(preparation_id, record)
        app.work_here()
        return f"/search?search={search_id}", ""
