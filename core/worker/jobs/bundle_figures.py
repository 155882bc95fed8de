"""The figures of a bundle: which there are, and of what."""

import numpy as np

from core.analysis.composition import composition
from core.analysis.marker_measures import MEASURES, best, rows
from core.config.dataset_record import DatasetRecord
from core.config.run_facts import RunFacts
from core.export import run_folder
from core.figures import panels_of
from core.figures.printed import paper_figures

MARKERS, LEAST_SHARE = 5, 0.1  # of a group, and of its cells that have the feature (as on the page)
MOST_ROWS = 120  # of markers: more are no figure
MOST_BATCHES = 100  # in the composition
MOST_PARTS = 30  # categories of the column that it goes by


def plates_of(content, size):
    """The PaperFigures of a BundleContent: loss, latent space, all maps; where there are such, the maps as the page showed
    them, markers and composition."""
    run = content.run
    baselines = RunFacts.upgraded(run["facts"]).valid_baselines
    n_latent, loss_label = content.config.n_latent, content.config.loss_label
    plates = [paper_figures.loss(content.epochs, baselines, run["best_epoch"], n_latent, loss_label, size)]
    pictures = run_folder.pictures(content.folder)
    panels = panels_of(
        content.trained.latent, content.trained.axes, pictures, harmony=pictures.get("harmony")
    )
    panels = [panel for panel in panels if panel.points is not None and not panel.is_3d]
    cells = np.char.decode(content.cells, "utf-8")
    if panels:
        plates.append(paper_figures.maps("latent", panels[0].title, panels[:1], content.colour, cells, size))
    if len(panels) > 1:
        title = "The latent space beside the input"
        plates.append(paper_figures.maps("embeddings", title, panels, content.colour, cells, size))
    if content.maps:
        plates.append(paper_figures.shown_maps(content.maps, size))
    if content.markers:
        plates.append(_markers(content, size))
    if len(content.colour.categories) <= MOST_BATCHES:
        plates.append(_composition(content, size))
    return plates


def _markers(content, size):
    values, groups, n_genes = content.marker_values(), content.markers["names"], content.markers["n_genes"]
    chosen = best(values, max(1, min(MARKERS, MOST_ROWS // len(groups))), LEAST_SHARE)
    drawn = rows(chosen, content.features(), n_genes)
    means, shares = (values[MEASURES.index(name)][:, drawn.features] for name in ("mean", "share"))
    return paper_figures.dots(
        drawn.labels, groups, means, shares, content.markers["values"], size, drawn.n_genes
    )


def _composition(content, size):
    """The groups by the batches of the run, or by a column that the data checks take for one, or by size alone."""
    names, codes = content.colour.categories, np.asarray(content.colour.values)
    known = {c["name"]: c for c in content.dataset_folder.columns() if c["kind"] == "category"}
    batch = [c.name for c in DatasetRecord.of(content.dataset).columns if c.role == "batch"]
    of = next((name for name in (content.config.batch_key, *batch) if name in known), None)
    if of is None or not 2 <= len(known[of]["categories"]) <= MOST_PARTS:
        return paper_figures.composition(names, *composition(codes, len(names)), "", size)
    entry, part_codes = content.dataset_folder.column(of)
    counts, parts = composition(codes, len(names), entry["categories"], part_codes)
    return paper_figures.composition(names, counts, parts, of, size)
