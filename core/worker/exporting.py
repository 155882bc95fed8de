"""The job that writes a run's result as one file."""

from core import rundir
from core.data import ondisk
from core.store import files
from core.worker.evidence import evidence, source


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
