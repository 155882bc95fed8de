"""The jobs on groups of cells: markers, stability of clusters, other clusterings."""

import hashlib
from itertools import chain

import numpy as np

from core import config, files
from core.analysis import clustering, protein_expression, pseudobulk
from core.analysis import markers as ranking
from core.analysis.marker_measures import MEASURES, SAMPLE_MEASURES
from core.config import run_files
from core.config.dataset_record import DatasetRecord
from core.config.job_arguments import ClustersArguments, MarkersArguments
from core.errors import UserError
from core.figures import kept_colours, named_colour
from core.store import Groups
from core.store import groups as saved_groups
from core.text import listed

PROTEIN_WORDS = "log1p of protein counts"


def markers(store, job, say):
    """Find the markers of each group of the Groups in `arguments`, on request over the samples of an obs column as well."""
    arguments = MarkersArguments.of_job(job)
    result = ranked(store, job["target"], arguments.groups, say)
    if not arguments.samples:
        return result
    return result | over_samples(store, job["target"], arguments.groups, arguments.samples, say)


def over_samples(store, run_id, key, column, say):
    """Write markers/NAME.npy (measures, groups, features), by SAMPLE_MEASURES, of the Groups `key` over the samples of an
    obs column; proteins have the AUC alone.

    Returns {"samples": the column, "sample_values": NAME, "sample_words": what was compared}.
    """
    run = store.row("run", run_id)
    folder, dataset_folder = store.run_folder(run["id"]), store.dataset_folder(run["dataset"])
    groups, (names, samples) = saved_groups.read(folder, key), _samples(dataset_folder, column)
    shape = len(groups.names), len(names)
    say(f"Comparing groups within each {column}.", 0.6)
    blocks = chain(dataset_folder.gene_blocks(), ranking.dense_blocks(np.log1p(dataset_folder.proteins())))
    auc = ranking.auc_within(blocks, groups.codes, samples, *shape)
    values = np.full((len(SAMPLE_MEASURES), *auc.shape), np.nan)
    values[0] = auc
    if not dataset_folder.has_counts():
        words = "The dataset has no raw counts to add up by sample, so there are no p values over samples."
    else:
        say(f"Adding up the counts of each {column}.", 0.8)
        blocks = dataset_folder.gene_blocks(counts=True)
        found = pseudobulk.compare(*pseudobulk.sums(blocks, groups.codes, samples, *shape))
        n_genes = found.p.shape[1]
        for i, measure in enumerate((found.log_fold, found.p, found.p_adjusted), start=1):
            values[i, :, :n_genes] = measure
        words = _words(found, groups.names, column)
    name = f"{key}_{hashlib.sha256(column.encode()).hexdigest()[:8]}"
    files.write_array(folder / "markers" / f"{name}.npy", values)
    return {"samples": column, "sample_values": name, "sample_words": words}


def _samples(dataset_folder, column):
    """(names, codes (cells,)) of an obs column of samples; raises UserError."""
    try:
        entry, codes = dataset_folder.column(column)
        return entry["categories"], codes
    except KeyError:
        raise UserError(f"There is no obs column '{column}' with names. Choose another one.") from None


def _words(found, names, column):
    """What was compared over samples, and which groups have too few."""
    too_few = [name for name, n in zip(names, found.n_samples, strict=True) if not n]
    how = "within each sample" if found.paired[found.n_samples > 0].all() else "between samples"
    words = (
        f"Over samples: counts added up by {column}, log2 counts per million, moderated t-test {how} "
        f"(limma, Smyth 2004; at least {pseudobulk.FEWEST_CELLS} cells of a sample in a group)."
    )
    if not too_few:
        return words
    return f"{words} Fewer than {pseudobulk.FEWEST_SAMPLES} such samples, so no test: {listed(too_few[:9])}."


def ranked(store, run_id, key, say):
    """Write the markers of each of the Groups `key` as markers/KEY.npy in the run's folder, as core.analysis.markers.Table has it.

    Returns what a page shows beside them: the groups' key, names and sizes, what the values are, and remarks.
    """
    run = store.row("run", run_id)
    folder, dataset_folder = store.run_folder(run["id"]), store.dataset_folder(run["dataset"])
    groups = saved_groups.read(folder, key)
    n_groups = len(groups.names)
    sizes = np.bincount(groups.codes[groups.codes >= 0], minlength=n_groups)
    genes, proteins = dataset_folder.genes(), dataset_folder.proteins()
    n_genes = len(genes["names"])
    logged = is_logged(store.row("dataset", run["dataset"]), genes["words"])
    path = folder / "markers" / f"{key}.npy"
    known = DatasetRecord.of(store.row("dataset", run["dataset"]))
    background = protein_expression.limits(proteins, known.proteins, known.isotypes, known.protein_background)
    if path.exists():
        values = np.array(files.read_array(path))
    else:
        blocks = chain(dataset_folder.gene_blocks(), ranking.dense_blocks(np.log1p(proteins)))
        by_feature = np.append(np.full(n_genes, logged), np.full(proteins.shape[1], True))
        reported = _reported(blocks, n_genes + proteins.shape[1], say)
        values = ranking.markers(reported, groups.codes, n_groups, by_feature).values
    # In a file of an earlier version the shares of proteins are those of cells above 0.
    tested = ~np.isnan(values[MEASURES.index("auc")][:, n_genes:])
    of_cells = protein_expression.shares(proteins, background, groups.codes, n_groups)
    for measure, shares in zip(("share", "share_rest"), of_cells, strict=True):
        values[MEASURES.index(measure)][:, n_genes:] = np.where(tested, shares, np.nan)
    files.write_array(path, values)
    small = [n for n, tested in zip(groups.names, ranking.is_tested(sizes), strict=True) if not tested]
    return {
        "groups": key,
        "names": groups.names,
        "sizes": sizes.tolist(),
        "words": groups.words,
        "n_genes": n_genes,
        "values": f"genes: {genes['words']}" + (f"; proteins: {PROTEIN_WORDS}" if proteins.shape[1] else ""),
        "logged": logged,
        "too_small": small,
        "background": background.words if len(known.proteins) else "",
    }


def is_logged(dataset, values):
    """Whether the values that colour genes, described by `values`, are logarithms, so that a fold change follows from their means."""
    return values.startswith(("log1p", ".raw")) or DatasetRecord.of(dataset).x.kind == "lognorm"


def _reported(blocks, n_features, say):
    done = 0
    for block in blocks:
        say(f"Ranking the cells by {n_features:,} genes and proteins.", done / max(n_features, 1))
        yield block
        done += block.shape[1]


def steadiness(store, job, say):
    """The stability of the clusters of each resolution: {"resolutions", "ari", "error", "n_clusters", "steadiest"}."""
    run, folder = store.row("run", job["target"]), store.run_folder(job["target"])
    latent = np.array(files.read_array(folder / "latent.npy"))
    clusters = {r: files.read_array(folder / f"{run_files.clusters_of(r)}.npy") for r in config.RESOLUTIONS}
    for event in clustering.steadiness(latent, clusters, run["config"]["seed"], metric=_metric(run)):
        if isinstance(event, float):
            say("Clustering subsamples of the cells.", event)
    return {
        "resolutions": list(event.resolutions),
        "ari": [None if np.isnan(v) else round(float(v), 4) for v in event.ari],
        "error": [None if np.isnan(v) else round(float(v), 4) for v in event.error],
        "n_clusters": event.n_clusters.tolist(),
        "steadiest": None if event.steadiest is None else event.resolutions[event.steadiest],
    }


def find_clusters(store, job, say):
    """A clustering by another method, or of the selected cells alone, kept as the owner's: {"line"}.

    Where the ClustersArguments have `among`, these are Groups in which the selected cells are the group 0 and all others
    as they were before, with the `line` and `title` that they belong to.
    """
    arguments, run = ClustersArguments.of_job(job), store.row("run", job["target"])
    folder, seed = store.run_folder(run["id"]), run["config"]["seed"]
    latent, view = np.array(files.read_array(folder / "latent.npy")), store.of(job["owner"])
    say(f"Clustering {len(latent):,} cells.", 0.1)
    method, value, metric = arguments.method, arguments.value, _metric(run)
    if method == "kmeans":
        labels, title = clustering.kmeans(latent, int(value), seed, metric), f"k-means, {value} clusters"
    elif method == "hdbscan":
        labels, title = clustering.hdbscan(latent, int(value), metric), f"HDBSCAN, {value} cells at least"
    else:
        return {"line": _among(view, run, arguments, latent, seed)}
    if labels.max() < 0:
        raise UserError("HDBSCAN found no dense cluster of that many cells. Choose a smaller size.")
    names = [str(i) for i in range(labels.max() + 1)]
    groups = Groups(names, labels, f"{title}, on the latent space")
    return {"line": view.clusterings.keep(run["id"], groups, f"found by {title}", title)}


def _metric(run):
    return config.parse(run["config"]).metric


def _among(view, run, arguments, latent, seed):
    """Sub-cluster group 0 of the Groups in `arguments`; returns the line of the clustering."""
    groups = view.groups.one(run["id"], arguments.among)
    rows = np.flatnonzero(groups.codes == 0)
    labels = clustering.leiden_of(latent[rows], float(arguments.value), seed, _metric(run))
    parts = [f"{groups.names[0]}.{i}" for i in range(labels.max() + 1)]
    codes = np.array(groups.codes)
    codes[rows] = len(groups.names) + labels
    split = Groups([*groups.names, *parts], codes, groups.words).without_empty()
    what = f"{len(rows):,} cells of {groups.names[0]} re-clustered into {len(parts)} (resolution {arguments.value:g})"
    before = Groups(groups.names[1:], np.where(groups.codes > 0, groups.codes - 1, -1), groups.words)
    chosen = view.clusterings.one(run["id"], arguments.line)["colours"] if arguments.line else {}
    palette = named_colour("", before.names, before.codes, chosen=chosen).palette()
    colours = kept_colours(palette, split.predecessors(before), split.names)
    return view.clusterings.keep(run["id"], split, what, arguments.title, arguments.line, colours)
