"""What each kind of job does: a function of the store, the job's row and `say(message, progress)`."""

import time
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import (
    aside,
    config,
    device,
    embed,
    footprint,
    gene_choice,
    meaning,
    phases,
    pipeline,
    rundir,
    scores,
)
from core.data import demo, doctor, ondisk, read, sources, steps, verdict
from core.data.background import background_of
from core.data.steps import quality
from core.errors import Question, UserError
from core.forecast import forecast
from core.prepare import prepare, split_cells
from core.recipe import STEPS
from core.statistics import survey
from core.store import files
from core.train import Epoch, reconstruct
from core.worker import groups, judging, pictures, proteins, samples


def read_file(store, job, say):
    """A file or a demo to a data set on the shelf, or to a question that only its owner can answer."""
    id, asked = job["target"], job["arguments"]
    store.move("dataset", id, "queued", "running")
    say("Reading the file.", 0.1)
    try:
        adata = demo.DEMOS[asked["demo"]][1]() if "demo" in asked else _read(store, id, asked)
    except Question as question:
        store.move("dataset", id, "running", "asking", record={"question": question.record()})
        return
    shelve(store, id, adata, say)


def shelve(store, id, adata, say, more=None):
    """Examine an AnnData in normal form and put it on the shelf; `more` goes into the record of the data set."""
    say("Looking at every value.", 0.5)
    report = doctor.examine(adata, gpu_memory=_gpu_memory())
    say("Writing counts by cell and by gene.", 0.7)
    store.shelf(id).write(adata, report, sources.display_of(adata))
    record = report.record() | {"data_hash": read.data_hash(adata), "kind": sources.source_of(adata).kind}
    record["top_genes"] = quality.top_genes(adata)
    found = background_of(adata)
    record["protein_background"] = found and found.record()
    store.move("dataset", id, "running", "ready", record=record | (more or {}))


def _read(store, id, asked):
    """The AnnData of a file that was brought, with what a second one adds to it.

    Uploads are then removed, since the shelf will hold all of them, unless a question keeps them waiting.
    """
    joined = {name: asked[name] for name in ("proteins", "annotations", "background") if name in asked}
    waits, row = False, store.row("dataset", id)
    roots = store.settings.data_roots if row["origin"].startswith("server:") else None
    # A file may lie under a name of ours: sentences say the person's own.
    names = {Path(asked["path"]).name: row["name"]} | asked.get("names", {})

    def in_their_words(sentence):
        for ours, theirs in names.items():
            sentence = sentence.replace(ours, theirs)
        return sentence

    try:
        here = {"scratch": store.root / "cache", "keep": store.shelf(id).file, "words": in_their_words}
        return read.read(asked["path"], **joined, **asked.get("answers", {}), roots=roots, ask=True, **here)
    except UserError as error:
        waits = isinstance(error, Question)
        error.args = (in_their_words(str(error)),)
        raise
    finally:
        for path in () if waits else files.uploads(store.root, asked):
            path.unlink(missing_ok=True)


def _gpu_memory():
    """Bytes of the GPU that runs will use, or None without one."""
    import torch

    return torch.cuda.mem_get_info(0)[1] if torch.cuda.is_available() else None


def take_steps(store, job, say):
    """A data set made anew from one on the shelf, by steps; that one stays as it is."""
    id, asked = job["target"], job["arguments"]
    store.move("dataset", id, "queued", "running")
    say(f"{steps_words(asked['steps'])} ...", 0.1)
    made = steps.apply(source(store, asked["of"], ondisk.EVERYTHING), asked["steps"])
    made = read.tidy(made, store.row("dataset", asked["of"])["name"])
    done = steps.made_before(made)[-len(asked["steps"]) :]  # a file may have brought steps of its own
    shelve(store, id, made, say, {"derived": {"of": asked["of"], "steps": done}})
    view = store.of(job["owner"])
    replaced = view.readable("dataset", asked["replaces"])
    if replaced and view.may_go(replaced):
        store.forget("dataset", replaced["id"])


def look_at_samples(store, job, say):
    """What joining samples would give, and what it would lose."""
    say("Comparing genes and proteins.", 0.2)
    return samples.look(store, **job["arguments"])


def join_samples(store, job, say):
    """Samples on the shelf to one data set with a batch column; they stay as they are."""
    id = job["target"]
    store.move("dataset", id, "queued", "running")
    made, more = samples.join(store, **job["arguments"], say=say)
    shelve(store, id, made, say, more)


def steps_words(asked):
    """The labels of the steps asked for, in their order."""
    return ", ".join(STEPS[step["name"]].label for step in asked)


def prepare_data(store, job, say):
    """What the steps of a preparation do to the data, with the default split; training repeats it with its own."""
    row = store.row("preparation", job["target"])
    store.move("preparation", row["id"], "queued", "running")
    say("Reading the data set.", 0.1)
    adata = source(store, row["dataset"])
    settings = config.parse(row["settings"])
    say("Normalising, choosing genes, measuring means and deviations.", 0.4)
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    record = {
        "n_cells": matrix.n_cells,
        "n_genes": matrix.n_genes,
        "n_proteins": matrix.n_proteins,
        "proteins": [str(name) for name in matrix.proteins],
        "genes": [str(name) for name in matrix.genes[:200]],
        "kind": matrix.kind,
        "where": matrix.where,
        "notes": matrix.notes,
        "n_train": len(split.train),
    }
    record |= pictures.of_preparation(adata, matrix, split)
    store.move("preparation", row["id"], "running", "ready", record=record)


def choose_genes(store, job, say):
    """Which genes a preparation with these settings would use, with the picture of them and what is to be said."""
    settings = config.parse(job["arguments"])
    say("Reading the data set.", 0.1)
    adata = source(store, job["target"])
    say("Looking at every gene.", 0.3)
    split, found, seen = _surveyed(store, job["target"])
    say(f"Choosing genes by {settings.hvg_flavor}.", 0.6)
    steps = config.steps_for(found.kind, "protein" in adata.obsm)
    applies = steps["n_top_genes"].applies
    choice = gene_choice.choose(adata, found, seen, settings, split.train, applies)
    return {
        "used": len(choice.genes),
        "of": len(found.genes),
        "notes": choice.notes,
        "picture": pictures.mean_variance(choice.stats),
    }


@lru_cache(maxsize=1)
def _surveyed(store, dataset_id):
    """(Split, Source, Survey) of a data set; the last one is kept, since people try one choice after the other."""
    adata = source(store, dataset_id)
    split, found = split_cells(adata.n_obs, config.RunConfig()), sources.source_of(adata)
    return split, found, survey(found.values, split.train)


def look_at_proteins(store, job, say):
    """How the proteins of a data set look before and after a transform, as core.worker.proteins has it."""
    say("Reading the data set.", 0.1)
    adata = source(store, job["target"])
    say("Transforming the proteins.", 0.4)
    return proteins.of_proteins(adata, job["arguments"]["transform"])


def foresee(store, job, say):
    """What a run with these settings on a preparation would cost: a Forecast as a record.

    "beside" is true where another run trained meanwhile, so that this one may be quicker when it is alone.
    """
    row = store.row("preparation", job["target"])
    settings = config.parse(row["settings"] | job["arguments"])
    used = device.choose(settings.device)
    say("Preparing the data.", 0.1)
    adata = source(store, row["dataset"])
    split, matrix = _prepared(store, row["dataset"], _of_data(settings))
    settings.check_against(matrix.n_genes, matrix.n_proteins, matrix.kind)
    say("Trying a few steps.", 0.6)
    found = forecast(matrix, split, settings, used, footprint.n_bytes(adata))
    return found.record() | {"beside": bool(store.working("train"))}


def _of_data(settings):
    """The same RunConfig with defaults for all that does not change its Matrix and Split."""
    names = [spec.name for spec in config.specs(config.PREPARE)]
    names += ["seed", "train_share", "valid_share"]
    kept = {name: getattr(settings, name) for name in names}
    return config.parse(kept | ({"model": "counts"} if settings.model == "counts" else {}))


@lru_cache(maxsize=1)
def _prepared(store, dataset_id, settings):
    """(Split, Matrix) of a data set; the last one is kept, since people try one setting after the other."""
    adata = source(store, dataset_id)
    split = split_cells(adata.n_obs, settings)
    return split, prepare(adata, settings, split, store.shelf(dataset_id).folder)


def train(store, job, say):
    """A run from queued to done, cancelled or failed; each epoch is written down as it comes."""
    run_id = job["target"]
    run = store.row("run", run_id)
    if not store.move("run", run_id, "queued", "running", started=time.time(), phase="reading the data set"):
        return None  # cancelled in the meantime
    clock = phases.Clock()
    clock.start("reading")
    adata = source(store, run["dataset"])
    clock.stop()
    with aside.Here() if store.settings.inline else aside.opened(adata.n_obs) as beside:
        return _train(store, job, run, adata, clock, beside)


def _train(store, job, run, adata, clock, beside):
    run_id, settings = run["id"], config.parse(run["config"])
    data = store.row("dataset", run["dataset"])
    work = pipeline.learn(adata, settings, store.run_folder(run_id))
    answer, learnt, facts = None, None, {}
    while learnt is None:
        event = work.send(answer)
        answer = None
        if isinstance(event, pipeline.Phase):
            store.set("run", run_id, phase=event.words)
            if store.row("run", run_id)["status"] == "cancelling" and not store.epochs(run_id):
                store.move(
                    "run", run_id, "cancelling", "cancelled", message=NOTHING, ended=time.time(), phase=""
                )
                return None
        elif isinstance(event, pipeline.Start):
            begun = pipeline.pictures(beside, event.axes, settings)
            facts = pipeline.start_facts(event) | {"training_since": time.time()}
            store.set("run", run_id, facts=facts, n_epochs=event.n_epochs)
        elif isinstance(event, Epoch):
            answer = store.add_epoch(run_id, pipeline.epoch_record(event)) == "cancelling"
            if event.best:
                store.set("run", run_id, best_epoch=event.epoch)
        else:
            learnt = event
    facts |= pipeline.learnt_facts(learnt) | {"data_hash": data["record"]["data_hash"]}
    record = rundir.config_record(settings, facts, data["origin"], facts["data_hash"])
    clock.start("writing")
    rundir.write_learnt(store.run_folder(run_id), learnt, settings, record | {"run": run_id})
    # What is not there yet is drawn by exploring, which has its libraries loaded.
    drawn = {name: task.value() for name, task in begun.items() if task.ready}
    rundir.write_pictures(store.run_folder(run_id), drawn)
    clock.stop()
    facts["phases"] = phases.added(clock.seconds, learnt.seconds)
    explorable = learnt.latent is not None and np.isfinite(learnt.latent).all()
    store.set("run", run_id, facts=facts, explored="working" if explorable else "")
    if explorable:  # queued before the run ends: killed in between, it would wait for pictures for ever
        store.submit(job["owner"], "short", "explore", run_id, token=f"explore:{run_id}")
    end = {"ended": time.time(), "phase": ""}
    if learnt.failure:
        store.move(
            "run",
            run_id,
            ("running", "cancelling"),
            "failed",
            message=pipeline.why_failed(learnt, settings),
            **end,
        )
    elif not store.move("run", run_id, "running", "done", **end):
        message = (
            f"Cancelled after epoch {len(learnt.epochs)}; the weights of epoch {learnt.best_epoch} were kept."
        )
        store.move("run", run_id, "cancelling", "cancelled", message=message, **end)
    return None


NOTHING = "Cancelled before the first epoch: nothing was learnt."


def explore(store, job, say):
    """Neighbours, pictures, clusters and scores of a run; t-SNE follows as a job of its own."""
    run_id = job["target"]
    folder, clock = store.run_folder(run_id), phases.Clock()
    clock.start("preparing")
    run, proof = evidence(store, run_id)
    clock.stop()
    for event in pipeline.explore(proof, config.parse(run["config"]), begun=_drawn(folder)):
        if isinstance(event, pipeline.Phase):
            say(event.words, 0.5)
    clock.start("writing")
    rundir.write_explored(folder, event)
    clock.stop()
    seconds = phases.added(run["facts"]["phases"], clock.seconds, event.seconds)
    facts = run["facts"] | {"phases": seconds}
    rundir.write_phases(folder, seconds)
    store.of(job["owner"]).draw(run_id, "input_tsne")  # first, so that whoever sees "ready" sees it under way
    store.set("run", run_id, explored="ready", scores=event.scores, facts=facts)
    store.of(job["owner"]).explored(run_id)


def _drawn(folder):
    """{picture: Task} of the input, where it was drawn while the run was trained."""
    path = folder / "embeddings" / "input_umap.npy"
    return {"input_umap": aside.Task(np.load, (path,))} if path.exists() else None


PICTURES = tuple(
    f"{space}_{method}{end}"
    for space in ("latent", "input")
    for method in ("umap", "tsne")
    for end in ("", "_3d")
)


def draw(store, job, say):
    """One more picture of a run by name, such as "input_tsne" or "latent_umap_3d", left under embeddings/."""
    run = store.row("run", job["target"])
    name, seed = job["arguments"]["name"], run["config"]["seed"]
    if name not in PICTURES:
        raise UserError(f"There is no picture '{name}': ask for one of {', '.join(PICTURES)}.")
    space, method, *three = name.split("_")
    k = 3 if three else 2
    folder = store.run_folder(run["id"])
    points = np.array(files.read_array(folder / ("latent.npy" if space == "latent" else "input_axes.npy")))
    if space == "input":
        points = points[:, : pipeline.PANEL_AXES]
    say(f"Drawing {'t-SNE' if method == 'tsne' else 'UMAP'} of {len(points):,} cells.", 0.2)
    if method == "tsne":
        made = embed.tsne(points, k, seed)
    else:
        made = embed.umap(points, n_components=k, seed=seed)
    files.write_array(store.run_folder(run["id"]) / "embeddings" / f"{name}.npy", made)


def compare_labels(store, job, say):
    """{"ari", "nmi", ...} of the clusters at a resolution against an obs column, on judging and on all cells.

    And {"knn_accuracy", "knn_accuracy_pca"}: how well neighbours foretell that column in the latent space, and in a PCA
    with as many dimensions, on the judging cells.
    """
    run = store.row("run", job["target"])
    column, resolution = job["arguments"]["column"], job["arguments"]["resolution"]
    entry, codes = store.shelf(run["dataset"]).column(column)
    names = np.array([*entry["categories"], ""])[codes]
    folder = store.run_folder(run["id"])
    clusters = np.array(files.read_array(folder / f"{files.clusters_of(resolution)}.npy"))
    latent = np.array(files.read_array(folder / "latent.npy"))
    axes = np.array(files.read_array(folder / "input_axes.npy")[:, : latent.shape[1]])
    rows = split_cells(len(clusters), config.parse(run["config"])).judges
    judged = scores.agreement(names[rows], clusters[rows])
    for end, points in (("", latent), ("_pca", axes)):
        accuracy = scores.knn_accuracy(points, names, rows)
        judged[f"knn_accuracy{end}"] = accuracy if np.isfinite(accuracy) else None
    return judged | {f"{name}_all_cells": value for name, value in scores.agreement(names, clusters).items()}


def profile(store, job, say):
    """The mean input and reconstruction of chosen cells: {"names", "n_genes", "given", "made", "cells"}."""
    run, proof = evidence(store, job["target"])
    asked, folder = job["arguments"], store.run_folder(job["target"])
    if "cell" in asked:
        rows = np.array([asked["cell"]])
    else:
        clusters = files.read_array(folder / f"{files.clusters_of(asked['resolution'])}.npy")
        rows = np.flatnonzero(clusters == asked["cluster"])
    if not len(rows) or rows.min() < 0 or rows.max() >= proof.matrix.n_cells:
        raise UserError("There is no such cell or cluster in this run.")
    given, made = reconstruct(rundir.load_model(folder / "model.pt"), proof.matrix, rows)
    return {
        "names": [str(n) for n in (*proof.matrix.genes, *proof.matrix.proteins)],
        "n_genes": proof.matrix.n_genes,
        "given": np.round(given, 4).tolist(),
        "made": np.round(made, 4).tolist(),
        "cells": len(rows),
    }


def find_meaning(store, job, say):
    """What each latent dimension does to each feature: effects.csv, and effects/mean.npy and size.npy in the run's folder.

    Returns {"features", "n_genes", "n_cells", "unit"}: the names of the columns of those arrays, and what they are in.
    """
    run, proof = evidence(store, job["target"])
    folder, matrix = store.run_folder(run["id"]), proof.matrix
    model = rundir.load_model(folder / "model.pt")
    for found in meaning.effects(model, matrix, proof.latent, run["config"]["seed"]):
        if isinstance(found, float):
            say("Differentiating the decoder, dimension by dimension.", found)
    files.write_array(folder / "effects" / "mean.npy", found.mean)
    files.write_array(folder / "effects" / "size.npy", found.size)
    rundir.save_effects(folder / "effects.csv", found, matrix)
    unit = (
        "natural log of the expected counts" if run["config"]["model"] == "counts" else "the decoder's output"
    )
    if unit == "the decoder's output" and run["config"]["scale"]:
        unit += ", in standard deviations of the feature"
    return {
        "features": [str(name) for name in (*matrix.genes, *matrix.proteins)],
        "n_genes": matrix.n_genes,
        "n_cells": found.n_cells,
        "unit": unit,
    }


def export_result(store, job, say):
    """result.h5ad in the run's folder, with the clusters of the resolution asked for."""
    run, proof = evidence(store, job["target"])
    folder, asked = store.run_folder(run["id"]), job["arguments"]
    say("Writing result.h5ad.", 0.5)
    history = store.epochs(run["id"])
    record = files.read_json(folder / "config.json")
    record |= {
        "loss_train": [e["train_loss"] for e in history],
        "loss_valid": [e["valid_loss"] for e in history],
    }
    umap = files.read_array(folder / "embeddings" / "latent_umap.npy")
    clusters = files.read_array(folder / f"{files.clusters_of(asked['resolution'])}.npy")
    adata = source(store, run["dataset"], ondisk.EVERYTHING)
    rundir.write_result(folder, adata, record, proof, clusters, umap, asked.get("denoised", False))
    return {"file": "result.h5ad"}


KINDS = {
    "read": read_file,
    "steps": take_steps,
    "look": look_at_samples,
    "join": join_samples,
    "prepare": prepare_data,
    "genes": choose_genes,
    "proteins": look_at_proteins,
    "forecast": foresee,
    "train": train,
    "explore": explore,
    "embed": draw,
    "labels": compare_labels,
    "spaces": judging.compare_spaces,
    "explained": judging.explain_features,
    "stability": judging.compare_seeds,
    "profile": profile,
    "export": export_result,
    "meaning": find_meaning,
    "markers": groups.markers,
    "steadiness": groups.steadiness,
    "clusters": groups.find_clusters,
}


def source(store, dataset_id, parts=ondisk.BESIDE):
    """The AnnData of a data set, the last small one kept: treat it as read-only.

    The values of a large one stay in its file; `parts` says what of it is read, and what they hold is known.
    """
    path = store.shelf(dataset_id).file
    if not ondisk.is_large(path):
        return _load(str(path))
    adata = ondisk.opened(path, parts)
    known = store.row("dataset", dataset_id)["record"].get("matrices", {})
    for where, matrix in sources.places(adata):
        if where in known:
            verdict.remember(matrix, verdict.Verdict(**known[where]))
    return adata


@lru_cache(maxsize=1)
def _load(path):
    import anndata

    return anndata.read_h5ad(path)


def evidence(store, run_id):
    """(row, Evidence) of a run that has a latent; the last one is kept. Raises UserError where there is none."""
    run = store.row("run", run_id)
    folder = store.run_folder(run_id)
    if not (folder / "latent.npy").exists():
        raise UserError("This run has no latent space (yet).")
    return run, _evidence(store, run_id)


@lru_cache(maxsize=1)
def _evidence(store, run_id):
    run, folder = store.row("run", run_id), store.run_folder(run_id)
    latent, axes = (np.array(files.read_array(folder / f"{name}.npy")) for name in ("latent", "input_axes"))
    settings = config.parse(run["config"])
    return pipeline.remake(source(store, run["dataset"]), settings, latent, axes, run["facts"], folder)
