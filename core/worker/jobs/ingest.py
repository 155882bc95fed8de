"""The jobs that make a dataset: from a file, by steps from another one, by joining samples."""

import threading
from contextlib import closing, contextmanager
from pathlib import Path

from core import device
from core.config.job_arguments import JoinArguments, ReadArguments, StepsArguments
from core.data import backed, checks, demo, read
from core.data.protein_background import background_of
from core.errors import Question
from core.preprocessing import steps
from core.preprocessing.recipe import STEPS, offered
from core.store import Status
from core.store.rows import file_name
from core.store.upload_files import files_of
from core.worker.jobs import join_samples as samples
from core.worker.jobs.datasets import open_dataset

POLL = 0.5  # seconds between two looks whether the dataset that is being read is still wanted


def read_file(store, job, say):
    """Read a file or a demo into a dataset folder, or end with a question that only its owner can answer."""
    id, arguments = job["target"], ReadArguments.of_job(job)
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)
    say("Reading the file.", 0.1)
    try:
        adata = demo.DEMOS[arguments.demo][1]() if arguments.demo else _read(store, job, arguments, say)
    except Question as question:
        store.move("dataset", id, Status.RUNNING, Status.ASKING, record={"question": question.record()})
        return
    write_dataset(store, id, adata, say)


def write_dataset(store, id, adata, say, more=None):
    """Run the data checks on an AnnData in normal form and write its dataset folder; `more` goes into the record of the dataset."""
    say("Looking at every value.", 0.5)
    report, data_hash, by_gene = checks.examine_once(
        adata, store.root / "cache", gpu_memory=device.gpu_memory()
    )
    with closing(by_gene.transpose):
        say("Writing counts by cell and by gene.", 0.7)
        store.row("dataset", id)  # raises Missing where it was deleted: nothing is written then
        store.dataset_folder(id).write(adata, report, by_gene)
    background = background_of(adata)
    record = report.record() | {
        "data_hash": data_hash,
        "kind": report.kind,
        "repairs_offered": offered(report.repairs),
        "top_genes": by_gene.highest_genes(),
        "protein_background": background and background.record(),
    }
    if not store.move("dataset", id, Status.RUNNING, Status.READY, record=record | (more or {})):
        store.remove_unfinished_folder(id)  # deleted while it was written


def _read(store, job, arguments, say):
    """The AnnData of a file, with what a second file adds to it.

    Uploads are then removed, since the dataset folder holds all of them, unless a question keeps them waiting.
    """
    id = job["target"]
    second, keep_uploads, row = arguments.second_files, False, store.row("dataset", id)
    try:
        with _stopped_when_unwanted(store, job, say):
            return read.read(
                arguments.path,
                **second,
                **arguments.answers,
                droplets=arguments.droplets,
                roots=store.settings.data_roots if row["origin"].startswith("server:") else None,
                ask=True,
                scratch=store.root / "cache",
                keep=store.dataset_folder(id).file,
                names=_names(file_name(row), arguments.path, second.values(), arguments.names),
            )
    except Question:
        keep_uploads = True
        raise
    finally:
        for path in () if keep_uploads else files_of(store.root, arguments):
            path.unlink(missing_ok=True)


@contextmanager
def _stopped_when_unwanted(store, job, say):
    """Stop the reading inside once the dataset is deleted or the job is cancelled; raises what `say` raises then."""
    finished, dataset_id = threading.Event(), job["target"]

    def watch():
        while not finished.wait(POLL):
            if not store.exists("dataset", dataset_id) or store.cancelled(job["id"]):
                read.SERVER.stop()

    watcher = threading.Thread(target=watch, name="watch-deletion", daemon=True)
    watcher.start()
    try:
        yield
    except RuntimeError:  # of the reader that was stopped
        store.row("dataset", dataset_id)
        say("Reading the file.", 0.1)
        raise
    finally:
        finished.set()
        watcher.join()


def _names(dataset_name, path, second, saved):
    """{path: the person's file name} of the files to read; `saved` are those of the job.

    Jobs of earlier versions saved them by file name, not by path.
    """
    known = {path: dataset_name} | {file: Path(file).name for file in second}
    return {file: saved.get(file) or saved.get(Path(file).name) or name for file, name in known.items()}


def take_steps(store, job, say):
    """A new dataset from another one by steps, which takes the place of the one in `replaces`."""
    make_by_steps(store, job, say)
    replace(store, job["owner"], StepsArguments.of_job(job).replaces)


def make_by_steps(store, job, say):
    """A new dataset from another one by steps; the other one stays as it is."""
    id, arguments = job["target"], StepsArguments.of_job(job)
    of, records = arguments.of, arguments.steps
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)

    def say_step(index):
        numbered = f" (step {index + 1} of {len(records)})" if len(records) > 1 else ""
        say(f"{STEPS[records[index]['name']].label}{numbered} ...", 0.1 + 0.4 * index / len(records))

    adata = steps.apply(open_dataset(store, of, backed.EVERYTHING), records, say_step)
    adata = read.tidy(adata, store.row("dataset", of)["name"])
    done = steps.made_before(adata)[-len(records) :]  # a file may have brought steps of its own
    write_dataset(store, id, adata, say, {"derived": {"of": of, "steps": done}})


def replace(store, owner, dataset_id):
    """Remove a dataset that steps made and nothing else needs; None for none."""
    view = store.of(owner)
    row = view.readable("dataset", dataset_id)
    if row and view.steps.replaceable(row):
        store.forget("dataset", row["id"])


def look_at_samples(store, job, say):
    """What joining samples would give, and what it would lose."""
    say("Comparing genes and proteins.", 0.2)
    return samples.look(store, JoinArguments.of_job(job))


def join_samples(store, job, say):
    """Join samples into one dataset with a batch column; the samples stay unchanged."""
    id = job["target"]
    store.move("dataset", id, Status.QUEUED, Status.RUNNING)
    adata, joined = samples.join(store, JoinArguments.of_job(job), say)
    write_dataset(store, id, adata, say, joined)
