"""The jobs that analyse a run: neighbours, clusters and embeddings after training, and further embeddings on request."""

import numpy as np

from core import config, files
from core.analysis import embedding, side_process
from core.analysis import explore as exploration
from core.analysis.metrics.batch_mixing import mixing
from core.analysis.neighbors import in_metric
from core.config.job_arguments import EmbedArguments
from core.config.run_facts import RunFacts
from core.errors import UserError
from core.export import run_folder
from core.preprocessing.prepare import protein_space
from core.preprocessing.split import split_of
from core.store import Explored, Priority
from core.training import phases
from core.training.baselines import PANEL_AXES
from core.worker.jobs import after_training
from core.worker.jobs.datasets import open_dataset
from core.worker.jobs.trained_runs import load_run

PICTURES = tuple(
    f"{space}_{method}{end}"
    for space in ("latent", "input")
    for method in ("umap", "tsne")
    for end in ("", "_3d")
)
PICTURES += ("protein_umap", "protein_umap_3d", "protein_pca", "protein_pca_3d")
METHODS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


def explore(store, job, say):
    """Neighbours, embeddings, clusters and scores of a run; t-SNE and the answers of after_training follow as jobs."""
    run_id = job["target"]
    folder, clock = store.run_folder(run_id), phases.Clock()
    clock.start("preparing")
    run, trained = load_run(store, run_id)
    clock.stop()
    settings = config.parse(run["config"])
    for event in exploration.explore(trained, settings, begun=_drawn(folder)):
        if isinstance(event, phases.Phase):
            say(event.description, 0.5)
    clock.start("writing")
    run_folder.write_explored(folder, event)
    clock.stop()
    facts = RunFacts.upgraded(run["facts"])
    facts = facts.model_copy(
        update={
            "phases": phases.added(facts.phases, clock.seconds, event.seconds),
            "mixing": tuple(mixing(in_metric(trained.latent, settings.metric), _batch_columns(store, run))),
        }
    )
    run_folder.write_phases(folder, facts.phases)
    # Before the run is "ready", so that a page that sees it ready sees this job.
    after_training.queue(store, job, run)
    store.of(job["owner"]).results.embed(run_id, "input_tsne", Priority.AHEAD)
    store.set("run", run_id, explored=Explored.READY, scores=event.scores, facts=facts.record())
    store.of(job["owner"]).seeds.explored(run_id)


def _batch_columns(store, run):
    """{name: codes} of the columns that may name batches, for a run without a batch covariate."""
    if run["config"].get("batch_key"):
        return {}
    folder = store.dataset_folder(run["dataset"])
    names = [column["name"] for column in folder.group_columns() if column["role"] == "batch"]
    return {name: folder.column(name)[1] for name in names}


def _drawn(folder):
    """{picture: Task} of the input, where it was drawn while the run was trained."""
    path = folder / "embeddings" / "input_umap.npy"
    return {"input_umap": side_process.Task(np.load, (path,))} if path.exists() else None


def draw(store, job, say):
    """A further embedding of a run by name, such as "input_tsne" or "latent_umap_3d", left under embeddings/."""
    run = store.row("run", job["target"])
    name, settings = EmbedArguments.of_job(job).name, config.parse(run["config"])
    seed, metric = settings.seed, settings.metric
    if name not in PICTURES:
        raise UserError(f"There is no embedding '{name}'. Choose one of {', '.join(PICTURES)}.")
    space, method, *three = name.split("_")
    k = 3 if three else 2
    folder = store.run_folder(run["id"])
    points = _points(store, run, folder, space)
    say(f"Computing {METHODS[method]} of {len(points):,} cells.", 0.2)
    if method == "tsne":
        coordinates = embedding.tsne(points, k, seed, metric)
    elif method == "pca":
        coordinates = embedding.principal(points, k)
    else:
        coordinates = embedding.umap(points, n_components=k, seed=seed, metric=metric)
    files.write_array(store.run_folder(run["id"]) / "embeddings" / f"{name}.npy", coordinates)


def _points(store, run, folder, space):
    """(cells, dimensions) of what a picture is drawn of: the latent space, the input's axes, the prepared proteins."""
    if space == "protein":
        adata, settings = open_dataset(store, run["dataset"]), config.parse(run["config"])
        return protein_space(adata, settings, split_of(adata, settings))
    points = np.array(files.read_array(folder / ("latent.npy" if space == "latent" else "input_axes.npy")))
    return points if space == "latent" else points[:, :PANEL_AXES]
