"""Records and arrays to plotly figures; the only part of core that knows plotly, and light enough for the page."""

from core.figures.data import Binned, counts_and_genes, histogram_pair
from core.figures.genes import mean_variance
from core.figures.loss import loss_curve, loss_page
from core.figures.network import describe_network, network
from core.figures.panels import Colour, Panel, panels
from core.figures.profile import largest_differences, profile
from core.figures.proteins import protein_histograms
from core.figures.quality import Line, cells_scatter, highest_genes, off_axis, on_axis, shown, violins
from core.figures.save import GRAPH_CONFIG, badged, write_html
from core.figures.theme import category_colours, empty, template
from core.figures.views import DRAWN_DIRECTLY, panels_of

__all__ = [
    "DRAWN_DIRECTLY",
    "GRAPH_CONFIG",
    "Binned",
    "Colour",
    "Line",
    "Panel",
    "badged",
    "category_colours",
    "cells_scatter",
    "counts_and_genes",
    "describe_network",
    "empty",
    "highest_genes",
    "histogram_pair",
    "largest_differences",
    "loss_curve",
    "loss_page",
    "mean_variance",
    "network",
    "off_axis",
    "on_axis",
    "panels",
    "panels_of",
    "profile",
    "protein_histograms",
    "shown",
    "template",
    "violins",
    "write_html",
]
