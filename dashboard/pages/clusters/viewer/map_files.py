"""Files of what the maps show: a page, a PDF, and the record that a bundle draws."""

from core import figures
from core.config.dataset_record import DatasetRecord
from core.figures import maps_file
from core.figures.printed import maps_pdf
from dashboard.pages.clusters.viewer import draw, filters


def page_of(view, run, state):
    """The HTML file of what a ViewerState shows, for any number of cells: very many are an image."""
    drawn = draw.parts(view, run, state, [])
    n_points = sum(len(panel.points) for panel in drawn.panels if panel.points is not None)
    state = drawn.state._replace(webgl=state.k == 3 or not draw.is_large(n_points))
    figure = draw.plotly_figure(view, run, drawn._replace(state=state)).update_layout(showlegend=True)
    figure.for_each_coloraxis(lambda axis: axis.update(showscale=True))
    for annotation in figure.layout.annotations:
        if (annotation.name or "").startswith("title"):
            annotation.update(visible=True, xanchor="left")
    words = _badge(view, run)
    figure = figures.badged(figure, words) if words else figure
    return figures.html_page(figure, f"Maps of the run {run['name']}")


def pdf_of(view, run, state):
    """The PDF of what a ViewerState shows; raises UserError where it cannot be drawn."""
    return maps_pdf.pdf(record_of(view, run, state))


def record_of(view, run, state):
    """The bytes of core.figures.maps_file.Maps of what a ViewerState shows."""
    drawn = draw.parts(view, run, state, [])
    filtered = None
    if drawn.inside is not None:
        filtered = figures.Filtered(drawn.inside, drawn.state.outside == filters.HIDDEN)
    return maps_file.written(
        maps_file.Maps(
            tuple(drawn.panels),
            drawn.maps.first,
            drawn.maps.columns,
            drawn.state.labels,
            filtered,
            drawn.selected,
            _badge(view, run),
        )
    )


def _badge(view, run):
    """What the values of the dataset are, such as "X: counts", or ""."""
    badge = DatasetRecord.of(view.datasets.one(run["dataset"])).badge
    return badge.words if badge else ""
