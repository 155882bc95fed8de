"""The folder of a run, from the page or the command line: config.json, history.csv, scores.json, latent.npy, model.pt and more."""

from pathlib import Path

import numpy as np
import torch

from core import figures, files, models
from core.analysis import label_transfer, query
from core.analysis.metrics.benchmark import spaces_of
from core.analysis.neighbors import in_metric
from core.config import parse
from core.config.models import MODELS
from core.config.run_files import HARMONY, HISTORY, SEEDS_TOGETHER, START_WEIGHTS, clusters_of
from core.data.gene_matching import GeneNames
from core.data.matrix_kind import what_is
from core.errors import UserError
from core.export import h5ad
from core.export.versions import versions
from core.sparse.pearson import Pearson
from core.training import inference
from core.training.baselines import PANEL_AXES
from core.training.learn import epoch_record


def config_record(config, facts, source, data_hash):
    """config.json: every setting as it was used, then the RunFacts that say what the run was trained with."""
    settings = config.model_dump() | {"epochs": config.epochs or facts.n_epochs}
    used = {name: getattr(facts, name) for name in ("device_used", "device_name", "threads", "path")}
    return settings | used | {"versions": versions(), "source": str(source), "data_hash": data_hash}


def write_learnt(folder, learnt, config, record):
    """The results of training: config.json, history.csv, model.pt, and where there is a latent, latent.npy and its kin."""
    files.write_json(folder / "config.json", record)
    write_history(folder / "history.csv", [epoch_record(e) for e in learnt.epochs])
    save_weights(folder / "model.pt", learnt, config)
    if config.model_record.linear_decoder:
        save_loadings(folder / "loadings.csv", load_model(folder / "model.pt"), learnt.start.matrix)
    if learnt.latent is not None:
        files.write_array(folder / "latent.npy", learnt.latent)
        files.write_array(folder / "input_axes.npy", learnt.axes)
        files.write_array(folder / "split.npy", learnt.start.split.labels(len(learnt.latent)))


def write_history(path, epochs):
    """history.csv: a row an epoch; an empty field where there is no protein."""
    rows = (("" if epoch[name] is None else epoch[name] for name in HISTORY) for epoch in epochs)
    files.write_csv(path, HISTORY, rows)


def save_weights(path, learnt, config):
    """model.pt: a dict that torch.load(weights_only=True) opens; enough to build the network again and feed it."""
    matrix = learnt.start.matrix
    content = {
        "config": config.model_dump(),
        "weights": learnt.weights,
        "genes": [str(g) for g in matrix.genes],
        "gene_index": torch.from_numpy(np.asarray(matrix.gene_index, dtype=np.int64)),
        "file_genes": [names.tolist() for names in matrix.file_genes],
        "count_share": torch.from_numpy(matrix.count_share),
        "proteins": [str(p) for p in matrix.proteins],
        "groups": list(matrix.batch_names),
        "mean": torch.from_numpy(matrix.mean),
        "sd": torch.from_numpy(matrix.sd),
        "fill": torch.from_numpy(_average(learnt.start, config)),
        "clip": float(matrix.clip),
        "kind": matrix.kind,
        "target_sum": matrix.target_sum,
        "logged": matrix.logged,
        "pearson": None if matrix.pearson is None else _plain(matrix.pearson._asdict()),
        "protein_kind": what_is(matrix.protein_counts).kind if matrix.n_proteins else "",
        "protein_transform": _plain(matrix.protein_change.record()),
    }
    files.whole(path, lambda temporary: torch.save(content, temporary))


def start_weights(folder):
    """The content of the model.pt of another run that training starts from, or None where it starts from fresh weights."""
    path = Path(folder) / START_WEIGHTS
    return weights_in(path) if path.exists() else None


def weights_in(path):
    """The content of a model.pt, on the CPU, as core.training.start_weights reads it."""
    return torch.load(path, weights_only=True, map_location="cpu")


def _average(start, config):
    """(features,) float32: what the model sees of the average training cell, which is 0 where values are scaled."""
    if config.scale and start.matrix.pearson is None:
        return np.zeros(start.matrix.n_features, np.float32)
    return start.matrix.mean_of(start.split.train)


def _plain(record):
    """A record whose arrays are tensors, as torch.load(weights_only=True) has it."""
    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in record.items()}


def save_loadings(path, model, matrix):
    """loadings.csv: a row a feature, what one unit of each latent dimension adds to it."""
    _save_by_feature(path, matrix, model.loadings().numpy())


def save_effects(path, effects, matrix):
    """effects.csv: a row a feature, what one standard deviation of each latent dimension does to it, a mean over cells."""
    _save_by_feature(path, matrix, effects.mean.T)


def _save_by_feature(path, matrix, values):
    names = [*matrix.genes, *matrix.proteins]
    kinds = ["gene"] * matrix.n_genes + ["protein"] * matrix.n_proteins
    head = ["feature", "kind", *(f"latent_{i + 1}" for i in range(values.shape[1]))]
    rows = zip(names, kinds, values.astype(float).round(6).tolist(), strict=True)
    files.write_csv(path, head, ([name, kind, *row] for name, kind, row in rows))


def load_model(path):
    """The trained model of a model.pt, in evaluation mode."""
    return _model(torch.load(path, weights_only=True))


def load_trained(path):
    """The query.TrainedModel of a model.pt; raises UserError for a file of an earlier Nuwa."""
    content = torch.load(path, weights_only=True)
    if "kind" not in content:
        raise UserError(
            "This run is of an earlier Nuwa, which did not write down all that further cells need: train it again."
        )
    plain = {n: content[n] for n in ("proteins", "clip", "kind", "target_sum", "logged", "protein_kind")}
    arrays = {n: content[n].numpy() for n in ("gene_index", "count_share", "mean", "sd", "fill")}
    return query.TrainedModel(
        model=_model(content),
        reads_counts=MODELS[content["config"]["model"]].reads_counts,
        file_genes=GeneNames(*(np.array(names, dtype=str) for names in content["file_genes"])),
        batch_names=tuple(content["groups"]),
        batch_key=content["config"]["batch_key"],
        protein_transform=content["protein_transform"],
        pearson=_pearson(content.get("pearson")),  # None in runs of earlier versions
        **plain,
        **arrays,
    )


def _pearson(record):
    return record and Pearson(**record | {"share": record["share"].numpy()})


def carried(folder, config, latent, codes, device="auto"):
    """{name: array} of what the run in a folder says of new cells by their `latent`, as core.analysis.label_transfer.carry has it.

    "latent", "picture", "farness", "codes" and "confidence"; `codes` are the labels of the run's cells.
    """
    reference = in_metric(np.array(files.read_array(folder / "latent.npy")), config.metric)
    drawn = config.n_latent in figures.DRAWN_DIRECTLY
    picture = None if drawn else files.read_array(folder / "embeddings" / "latent_umap.npy")
    near = in_metric(latent, config.metric)
    carried_over = label_transfer.carry(near, reference, picture, codes, config.seed, device)
    return {
        "latent": latent,
        "picture": carried_over.picture,
        "farness": carried_over.farness,
    } | carried_over.votes._asdict()


def _model(content):
    sizes = (len(content[name]) for name in ("genes", "proteins", "groups"))
    model = models.build(parse(content["config"]), *sizes)
    model.load_state_dict(content["weights"])
    return model.eval()


def write_explored(folder, explored):
    """scores.json, the pictures under embeddings/, the clusters of every resolution, with batches Harmony's axes."""
    files.write_json(folder / "scores.json", explored.scores)
    (folder / f"{HARMONY}.npy").unlink(missing_ok=True)  # of a run before, in the same folder
    if explored.harmony is not None:
        files.write_array(folder / f"{HARMONY}.npy", explored.harmony)
    write_pictures(folder, explored.embeddings)
    for resolution, labels in explored.clusters.items():
        files.write_array(folder / f"{clusters_of(resolution)}.npy", np.asarray(labels, dtype=np.int32))


def write_pictures(folder, embeddings):
    """The coordinates of embeddings by name, into embeddings/."""
    for name, points in embeddings.items():
        files.write_array(folder / "embeddings" / f"{name}.npy", points)


def pictures(folder):
    """{name: (cells, k)} of the embeddings of a run, of the input's axes after Harmony where it has batches, of several
    seeds together where they were used so."""
    left = {path.stem: path for path in sorted((folder / "embeddings").glob("[!.]*.npy"))}
    left |= {"harmony": folder / f"{HARMONY}.npy"} if (folder / f"{HARMONY}.npy").exists() else {}
    together = folder / f"{SEEDS_TOGETHER}.npy"
    left |= {"seeds": together} if together.exists() else {}
    return {name: files.read_array(path) for name, path in left.items()}


def spaces(folder, trained):
    """{name: (cells, dimensions)} of all spaces of a run that are scored: its latent, its pictures, its proteins."""
    return spaces_of(trained, pictures(folder))


def write_pages(folder, learnt, explored, config, resolution, badge):
    """loss.html and clusters.html, which open in a browser without internet; `badge` says what X of the data holds."""
    epochs = [epoch_record(e) for e in learnt.epochs]
    baselines = learnt.start.on_valid
    page = figures.loss_page(
        epochs, baselines, config.n_latent, best_epoch=learnt.best_epoch, loss_label=config.loss_label
    )
    figures.write_html(figures.badged(page, badge), folder / "loss.html", "Loss convergence")
    colour = figures.leiden_colour(explored.clusters[resolution], resolution)
    shown = figures.panels(
        figures.panels_of(learnt.latent, learnt.axes, explored.embeddings, harmony=explored.harmony),
        colour,
        learnt.start.matrix.cell_names,
    )
    figures.write_html(figures.badged(shown, badge), folder / "clusters.html", "Latent clusters")


def write_result(
    path, folder, adata, record, trained, clusters, denoised=False, batch=None, named_clusters=(), scores=()
):
    """result.h5ad at `path`: the data with what the run in `folder` makes of it, as core.export.h5ad has it.

    `denoised` adds those values, of each cell in its own batch, or of all as if they came from `batch`.
    """
    matrix, model = trained.matrix, load_model(folder / "model.pt")
    split = trained.split.labels(matrix.n_cells)
    share = inference.foreground(model, matrix)
    embeddings = pictures(folder) | {"pca": trained.axes[:, :PANEL_AXES]}
    exported = h5ad.result(
        adata,
        record,
        trained.latent,
        split,
        clusters,
        embeddings,
        matrix.genes,
        share,
        named_clusters,
        scores,
    )

    def put(path):
        exported.write(path)
        if denoised:
            h5ad.add_denoised(path, matrix, inference.denoised(model, matrix, batch))

    files.whole(path, put)


def write_phases(folder, seconds):
    """phases.json: how many seconds each part of the job took."""
    files.write_json(folder / "phases.json", seconds)
