"""Long tables that sort and filter by themselves: AG Grid, in the colours of the page."""

import dash_ag_grid as dag
from dash import html

# Variables of assets/84-theme.css: the grid follows the theme of the page by itself.
THEME = """themeQuartz.withParams({
    backgroundColor: 'var(--nuwa-card)', foregroundColor: 'var(--nuwa-text)', headerTextColor: 'var(--nuwa-quiet)',
    headerBackgroundColor: 'var(--nuwa-sunken)', borderColor: 'var(--nuwa-line)', accentColor: 'var(--nuwa-accent)',
    selectedRowBackgroundColor: 'var(--nuwa-tint)', rowHoverColor: 'var(--nuwa-sunken)', fontFamily: 'inherit',
    chromeBackgroundColor: 'var(--nuwa-sunken)', menuBackgroundColor: 'var(--nuwa-card)',
    inputBackgroundColor: 'var(--nuwa-card)', fontSize: 13, spacing: 5, wrapperBorderRadius: 8
})"""

# A field of type "number" would drop the comma of 1,5 and filter by 15; assets/77-grid-numbers.js reads it.
NUMBERS = {"allowedCharPattern": "\\d\\-+.,eE ", "numberParser": {"function": "nuwaNumber(params)"}}


def grid(id, columns, label, height=420, rows=()):
    """A table of records with a name for screen readers; a row is chosen by a click, or by the space bar."""
    selection = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True}
    table = dag.AgGrid(
        id=id,
        columnDefs=columns,
        rowData=list(rows),
        defaultColDef={"sortable": True, "resizable": True, "minWidth": 84, "flex": 1},
        dashGridOptions={
            "theme": {"function": THEME},
            "rowSelection": selection,
            "animateRows": False,
        },
        style={"height": f"{height}px"},
    )
    return html.Div(table, role="group", **{"aria-label": label})


def text(field, name, **more):
    """A column of words, with a filter below its head."""
    return {"field": field, "headerName": name, "filter": "agTextColumnFilter", "floatingFilter": True} | more


def number(field, name, form=".3f", **more):
    """A column of numbers in a format of d3, with a dash where there is none."""
    text = f"params.value == null ? '–' : d3.format('{form}')(params.value)"
    return {
        "field": field,
        "headerName": name,
        "type": "rightAligned",
        "filter": "agNumberColumnFilter",
        "filterParams": NUMBERS,
        "floatingFilter": True,
        "valueFormatter": {"function": text},
    } | more
