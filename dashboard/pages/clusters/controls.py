"""Fields and buttons that the cards of the Clusters page share."""

from dash import html


def field(label, control, wide=False):
    """A control below its label; a picker is a control in a box."""
    id = control.id if hasattr(control, "id") else control.children.id
    return html.Div(
        [html.Label(label, htmlFor=id), control], className=f"nuwa-field{' wide' if wide else ''}"
    )


def button(label, id, look="btn-outline-primary"):
    """A button in a row of fields, aligned with the controls and as wide as its label."""
    return html.Div(html.Button(label, id=id, className=f"btn {look}"), style={"alignSelf": "end"})


def go(label, id):
    """The button that starts the job of a card, in a row of its own."""
    return html.Div(html.Button(label, id=id, className="btn btn-outline-primary"), className="nuwa-actions")


def samples_of(view, run):
    """The obs column whose values are replicates unless a person chooses another: the batch covariate, or None."""
    chosen = run["config"].get("batch_key") or None
    return chosen if chosen in categories(view, run) else None


def categories(view, run):
    """The names of the categorical obs columns of a run's dataset."""
    return [c["name"] for c in view.datasets.folder(run["dataset"]).columns() if c["kind"] == "category"]
