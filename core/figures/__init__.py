"""Records and arrays to plotly figures; the only part of core that knows plotly, and light enough for the web process."""

from core.figures.binary import inside, message, packed
from core.figures.candidates import candidates
from core.figures.cell_quality import (
    Line,
    cells_scatter,
    drawn_cells,
    highest_genes,
    off_axis,
    on_axis,
    violins,
)
from core.figures.cluster_colours import kept_colours, leiden_colour, named_colour
from core.figures.clusters import composition, resolution_stability
from core.figures.colour import (
    NO_VALUE,
    UNKNOWN,
    Colour,
    coded,
    folded,
    has_value,
    n_without_value,
    named_categories,
    no_value_text,
    remarks,
    sizes,
)
from core.figures.compared_runs import (
    TRACES,
    ComparedRun,
    cluster_flow,
    compared_losses,
    parallel_settings,
    points,
    run_colours,
)
from core.figures.count_split import count_split
from core.figures.curve_views import LOSSES, VIEWS, Look, columns_of, views_of
from core.figures.drawing_order import drawing_order, shuffled
from core.figures.evidence import mark as mark_evidence
from core.figures.evidence import mark_parts
from core.figures.film import film_axes, film_codes, film_numbers, film_page, film_places
from core.figures.film import legend as film_legend
from core.figures.film_gif import film_gif
from core.figures.histograms import Binned, counts_and_genes, histogram_pair
from core.figures.latent_sizes import latent_sizes
from core.figures.learning_rate import rate_sweep
from core.figures.live_curve import (
    BUCKETS,
    Axes,
    Curve,
    additions,
    axes_of,
    curves_of,
    live_curve,
    n_points,
)
from core.figures.loss import log_ticks, loss_curve
from core.figures.loss_page import loss_page
from core.figures.mapping import mapped
from core.figures.markers import dot_plot, expression_violins, heat_map
from core.figures.network import describe_network, network
from core.figures.panels import (
    NAMES_UP_TO,
    POINTS_WITHOUT_WEBGL,
    Filtered,
    Over,
    Panel,
    panel_height,
    panels,
    point_size,
)
from core.figures.per_feature import explained
from core.figures.profile import largest_differences, profile
from core.figures.proteins import protein_histograms
from core.figures.run_panels import DRAWN_DIRECTLY, WAITING, panels_of
from core.figures.save import GRAPH_CONFIG, badged, html_page, write_html
from core.figures.scale import AUTOMATIC, PERCENTILE, VALUE, Clip, number_text, span
from core.figures.search import search_history, search_importance
from core.figures.theme import category_colours, empty, template, theme_colours
from core.figures.variable_genes import mean_variance

__all__ = [
    "log_ticks",
    "axes_of",
    "Axes",
    "columns_of",
    "AUTOMATIC",
    "BUCKETS",
    "LOSSES",
    "DRAWN_DIRECTLY",
    "GRAPH_CONFIG",
    "NAMES_UP_TO",
    "NO_VALUE",
    "PERCENTILE",
    "POINTS_WITHOUT_WEBGL",
    "UNKNOWN",
    "VALUE",
    "VIEWS",
    "WAITING",
    "Binned",
    "Clip",
    "Colour",
    "Curve",
    "ComparedRun",
    "Filtered",
    "Line",
    "Look",
    "Over",
    "Panel",
    "additions",
    "badged",
    "category_colours",
    "cells_scatter",
    "cluster_flow",
    "compared_losses",
    "parallel_settings",
    "points",
    "run_colours",
    "TRACES",
    "coded",
    "composition",
    "candidates",
    "count_split",
    "latent_sizes",
    "counts_and_genes",
    "curves_of",
    "describe_network",
    "drawing_order",
    "kept_colours",
    "n_points",
    "n_without_value",
    "no_value_text",
    "number_text",
    "shuffled",
    "dot_plot",
    "empty",
    "expression_violins",
    "explained",
    "film_axes",
    "film_codes",
    "film_gif",
    "film_legend",
    "film_numbers",
    "film_page",
    "film_places",
    "folded",
    "heat_map",
    "highest_genes",
    "html_page",
    "histogram_pair",
    "inside",
    "has_value",
    "largest_differences",
    "leiden_colour",
    "theme_colours",
    "mapped",
    "live_curve",
    "mark_evidence",
    "mark_parts",
    "loss_curve",
    "loss_page",
    "mean_variance",
    "message",
    "named_categories",
    "named_colour",
    "network",
    "off_axis",
    "on_axis",
    "packed",
    "panel_height",
    "panels",
    "panels_of",
    "point_size",
    "profile",
    "protein_histograms",
    "rate_sweep",
    "remarks",
    "drawn_cells",
    "search_history",
    "search_importance",
    "sizes",
    "span",
    "resolution_stability",
    "template",
    "views_of",
    "violins",
    "write_html",
]
