"""Jobs that fail or are cancelled: one sentence says why, and the next job is done."""

import pytest
from app_under_test import bring as bring_file
from queued_work import LONG, QUICK, bring, finished_job, prepared, queued_run

from core.store import Missing
from core.training import learn
from core.worker import execute, job_kinds

pytestmark = pytest.mark.usefixtures("tiny_demo")


def test_short_work_on_a_run_without_latent_is_refused_in_a_sentence(store):
    preparation = prepared(store)
    run = store.of("local").runs.create(preparation, QUICK)
    job = finished_job(store, "profile", run, {"cell": 0})
    assert (job["status"], job["message"]) == ("failed", "This run has no latent space.")


def test_a_file_that_cannot_be_read_fails_only_its_dataset(store):
    good = bring(store)
    (store.root / "inbox" / "bad.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n but no more")
    bad = store.of("local").datasets.add_from_inbox("bad.h5ad", "click")
    execute.drain(store)
    assert store.row("dataset", good)["status"] == "ready"
    row = store.row("dataset", bad)
    assert row["status"] == "failed" and "'bad.h5ad' is damaged" in row["message"]
    with pytest.raises(Missing):
        store.of("local").datasets.folder(bad)


def test_an_upload_is_removed_once_its_dataset_folder_is_written(store, tiny_file):
    id = bring_file(store.of("local"), "mine.h5ad", tiny_file.read_bytes())
    execute.drain(store)
    assert store.row("dataset", id)["status"] == "ready" and store.dataset_folder(id).file.exists()
    assert not any((store.root / "uploads").iterdir())


def test_a_mistake_that_shows_while_training_is_one_sentence(store):
    run = queued_run(store, prepared(store))
    store.set("run", run, config=store.row("run", run)["config"] | {"n_latent": 500})
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "failed" and row["message"].startswith("500 latent dimensions for 66 features")
    assert row["ended"] and store.of("local").jobs.last(run, "train")["status"] == "failed"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "Memory ran out."),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "Memory ran out."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "Memory ran out."),
        (ZeroDivisionError("division by zero"), "(ZeroDivisionError: division by zero)"),
    ],
)
def test_an_unexpected_error_becomes_one_sentence_and_the_next_job_runs(
    store, monkeypatch, capsys, error, words
):
    preparation = prepared(store)
    first, second = queued_run(store, preparation), queued_run(store, preparation)
    work, train = iter([error, None]), job_kinds.KINDS["train"]

    def break_once(*arguments):
        store.move("run", first, "queued", "running")
        if (problem := next(work)) is not None:
            raise problem
        return train(*arguments)

    monkeypatch.setitem(job_kinds.KINDS, "train", break_once)
    execute.drain(store)
    assert store.row("run", first)["status"] == "failed" and words in store.row("run", first)["message"]
    assert store.row("run", second)["status"] == "done"
    assert "Traceback" not in store.row("run", first)["message"]


def test_a_loss_that_is_no_number_fails_the_run_and_says_what_to_do(store):
    wild = {
        "lr": 10.0,
        "optimizer": "sgd",
        "clip_grad": 0.0,
        "schedule": "constant",
        "norm": "none",
        "epochs": 50,
    }
    run = queued_run(store, prepared(store), QUICK | wild)
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "failed" and "stopped being a number" in row["message"]
    assert "Lower the learning rate (it was 10)" in row["message"]
    assert (store.run_folder(run) / "model.pt").exists()


def test_a_run_cancelled_before_it_begins_is_never_trained(store):
    run = queued_run(store, prepared(store))
    store.of("local").runs.cancel(run)
    execute.drain(store)
    assert store.row("run", run)["status"] == "cancelled" and store.epochs(run) == []


def test_a_run_cancelled_in_the_middle_keeps_what_was_learnt(store, monkeypatch):
    run = queued_run(store, prepared(store), LONG)
    add_epoch = store.add_epoch

    def press_cancel(run_id, record):
        if record["epoch"] == 4:
            store.of("local").runs.cancel(run_id)
        return add_epoch(run_id, record)

    monkeypatch.setattr(store, "add_epoch", press_cancel)
    execute.drain(store)
    row, view = store.row("run", run), store.of("local")
    assert row["status"] == "cancelled" and len(view.runs.epochs(run)) == 4
    assert row["message"] == f"Cancelled after epoch 4; the weights of epoch {row['best_epoch']} were kept."
    assert view.results.array(run, "latent").shape == (240, 4) and row["explored"] == "ready"
    assert view.results.file(run, "model.pt").exists()


def test_a_run_cancelled_before_its_first_epoch_says_that_nothing_was_learnt(store, monkeypatch):
    run = queued_run(store, prepared(store))
    prepare = learn.prepare

    def slowly(*arguments):
        store.of("local").runs.cancel(run)
        return prepare(*arguments)

    monkeypatch.setattr(learn, "prepare", slowly)
    execute.drain(store)
    row = store.row("run", run)
    assert row["status"] == "cancelled" and "nothing was learnt" in row["message"] and store.epochs(run) == []


def test_a_job_on_a_run_deleted_meanwhile_leaves_nothing(store, monkeypatch):
    run = queued_run(store, prepared(store))
    execute.drain(store)
    view = store.of("local")
    job = view.results.embed(run, "latent_tsne")

    def slowly(points, *_):
        store.forget("run", run)
        return points[:, :2]

    monkeypatch.setattr("core.analysis.embedding.tsne", slowly)
    execute.drain(store)
    assert not (store.root / "runs" / run).exists()
    with pytest.raises(Missing):
        store.job(job)
