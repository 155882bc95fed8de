"""What a job is called where somebody waits for it."""

from core.config.job_arguments import EmbedArguments
from core.store import Status, expected_start
from core.text import duration

TITLES = {
    "read": "reading a file",
    "steps": "a step on a dataset",
    "recipe": "a recipe",
    "recommended": "a run with recommended settings",
    "choose": "a choice of settings",
    "look": "a preview of joined samples",
    "join": "joining samples",
    "prepare": "preprocessing",
    "genes": "a choice of genes",
    "proteins": "histograms of proteins",
    "forecast": "a forecast",
    "rates": "a sweep of learning rates",
    "train": "training",
    "search": "a search of settings",
    "explore": "neighbours and clusters",
    "embed": "an embedding",
    "labels": "a comparison with labels",
    "spaces": "a comparison of embeddings",
    "explained": "the reconstruction quality",
    "count_split": "the count-split score",
    "support": "markers on other molecules",
    "latent_sizes": "a comparison of latent sizes",
    "cell_scores": "scores per cell",
    "stability": "a comparison of seeds",
    "seeds_together": "the seeds together",
    "profile": "a profile",
    "bundle": "a zip of results",
    "verify": "training again from a zip",
    "repeat": "training again to compare",
    "meaning": "the latent dimensions",
    "markers": "markers",
    "conditions": "a comparison of conditions",
    "steadiness": "the stability of clusters",
    "clusters": "a clustering",
    "select": "a dataset of selected cells",
    "map": "mapping cells",
    "map_export": "a file of mapped cells",
    "suggest": "suggested cell types",
}

PAUSED = "An administrator has paused the queue."


def title(job):
    """What a job does, such as "the embedding latent_tsne"."""
    if job["kind"] == "embed":
        return f"the embedding {EmbedArguments.of_job(job).name}"
    return TITLES.get(job["kind"], job["kind"])


def described(view, job, now):
    """The job, the row that it is for and whose it is, as far as the person of a View may know, and how long it runs."""
    words = title(job)
    row = next(
        (row for kind in ("run", "dataset", "preparation") if (row := view.readable(kind, job["target"]))),
        None,
    )
    if row and row.get("name"):
        words += f" of '{row['name']}'"
    if job["owner"] != view.user:
        words += f" ({view.sharing.name(job['owner'])})"
    if job["status"] != Status.RUNNING:
        return words
    if job["kind"] == "train" and row and (n_epochs := view.runs.n_epochs(row["id"])):
        return f"{words}, epoch {n_epochs} of {row['n_epochs']}"
    return f"{words}, running for {duration(now - (job['started'] or now))}"


def waiting(view, job, now):
    """What a queued job waits for, how many jobs are before it, and when it may start, in sentences."""
    paused = view.store.is_paused(job["lane"])
    ahead = view.store.ahead_of(job)
    if not ahead:
        return PAUSED if paused else "Starting ..."
    first, *others = ahead
    sentences = [f"Waiting for {described(view, first, now)}."]
    if others:
        sentences.append(
            f"{len(others)} more {'job is' if len(others) == 1 else 'jobs are'} before this one."
        )
    if paused:
        sentences.append(PAUSED)
    elif seconds := expected_start.seconds_until(view.store, ahead, now):
        sentences.append(f"Expected start: in about {duration(max(1, seconds))}.")
    return " ".join(sentences)
