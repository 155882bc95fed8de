"""Runs are resumed, trained again and extended from the checkpoints in their folders."""

import json

import pytest
from store_rows import flip, stopped_run

from core import checkpoint_file
from core.cli import main
from core.config import parse
from core.errors import UserError
from core.store import Groups, Status


def test_a_resumed_run_waits_in_the_queue_without_the_results_of_its_earlier_weights(store):
    run, folder = stopped_run(store)
    view = store.of("local")
    job = view.resumed.resume(run)
    row = store.row("run", run)
    assert (row["status"], row["explored"], row["message"]) == ("queued", "", "")
    assert store.job(job)["status"] == "queued" and store.job(job)["kind"] == "train"
    assert [one["kind"] for one in store.jobs() if one["target"] == run] == ["train"]
    assert {path.name for path in folder.iterdir()} == set(checkpoint_file.NAMES)
    with pytest.raises(UserError, match="This run was not stopped"):  # a second click
        view.resumed.resume(run)


def test_training_again_begins_without_checkpoints(store):
    run, folder = stopped_run(store, Status.FAILED)
    store.of("local").resumed.train_again(run)
    assert store.row("run", run)["status"] == "queued" and not list(folder.iterdir())


def test_a_run_without_a_checkpoint_offers_to_start_from_its_weights(store):
    """As those of earlier versions have none."""
    run, _ = stopped_run(store, epochs=())
    with pytest.raises(UserError, match="no checkpoint: it was trained by an earlier Nuwa.*from its weights"):
        store.of("local").resumed.resume(run)
    assert store.row("run", run)["status"] == "cancelled"


def test_of_damaged_checkpoints_the_older_one_is_offered(store):
    run, folder = stopped_run(store)
    newest, older = (folder / name for name in checkpoint_file.NAMES)
    flip(newest)
    kept = store.of("local").resumed.kept(run)
    assert kept.damaged and kept.epoch == 1
    flip(older)
    with pytest.raises(UserError, match="All checkpoints of this run are damaged"):
        store.of("local").resumed.resume(run)


@pytest.mark.parametrize("status", ["created", "queued", "running", "cancelling", "done"])
def test_only_a_stopped_run_is_resumed(store, status):
    run, _ = stopped_run(store, status)
    for act in (store.of("local").resumed.resume, store.of("local").resumed.train_again):
        with pytest.raises(UserError, match="was not stopped"):
            act(run)


def test_clusters_that_were_named_by_hand_are_not_replaced(store):
    run, _ = stopped_run(store)
    view = store.of("local")
    view.clusterings.keep(run, Groups(["T", "B"], [0, 1, 0], "mine"), "named")
    with pytest.raises(UserError, match="named or changed by hand"):
        view.resumed.resume(run)


def test_somebody_else_can_neither_resume_nor_extend_a_private_run(store):
    run, _ = stopped_run(store)
    for act in (store.of("other").resumed.resume, lambda id: store.of("other").resumed.extend(id, 2)):
        with pytest.raises(UserError, match="no longer exists"):
            act(run)


def test_an_extension_is_a_run_of_its_own_that_goes_on_at_a_third_of_the_rate(store):
    run, folder = stopped_run(store, Status.DONE, epochs=(1, 2, 3, 4))
    view = store.of("local")
    before = {path.name: path.read_bytes() for path in folder.glob("*.pt")}
    id = view.resumed.extend(run, 5, "cosine")
    config = parse(store.row("run", id)["config"])
    (more,) = config.extensions
    assert (more.after, more.epochs, more.schedule) == (4, 5, "cosine")
    assert more.lr == pytest.approx(config.lr / 3) and config.epochs == 4
    assert view.runs.epochs(id) == view.runs.epochs(run) and len(view.runs.epochs(id)) == 4
    assert checkpoint_file.newest(store.run_folder(id)).epoch == 4
    checkpoint_file.write(store.run_folder(id), {"epoch": 5, "seconds": {}, "of": {}}, b"")
    assert {path.name: path.read_bytes() for path in folder.glob("*.pt")} == before
    assert store.row("run", run)["status"] == "done" and store.row("run", id)["status"] == "queued"


@pytest.mark.parametrize("epochs", [0, -1, 1.5, None, "3", True, 10_001])
def test_a_number_of_epochs_that_is_none_is_refused(store, epochs):
    run, _ = stopped_run(store, Status.DONE)
    with pytest.raises(UserError, match="a whole number from 1 to 10,000"):
        store.of("local").resumed.extend(run, epochs)


def test_a_run_that_has_not_ended_or_has_no_checkpoint_is_not_extended(store):
    running, _ = stopped_run(store, Status.RUNNING)
    older, _ = stopped_run(store, Status.DONE, epochs=())
    for run, sentence in ((running, "whose training has ended"), (older, "no checkpoint")):
        with pytest.raises(UserError, match=sentence):
            store.of("local").resumed.extend(run, 3)


@pytest.mark.usefixtures("sqlite_only")
def test_the_command_line_resumes_a_run_by_its_id_or_its_name(store, monkeypatch, capsys):
    monkeypatch.setenv("NUWA_DATA_DIR", str(store.root))
    run, _ = stopped_run(store)
    assert main(["resume", run]) == 0
    assert "It continues after epoch 2 of 4." in capsys.readouterr().out
    assert store.row("run", run)["status"] == "queued"
    assert main(["resume", run]) == 2 and "was not stopped" in capsys.readouterr().err
    assert main(["resume", "nothing"]) == 2 and "There is no run 'nothing'" in capsys.readouterr().err


def test_the_head_of_a_checkpoint_is_json_that_says_what_it_is_of(store):
    _, folder = stopped_run(store)
    lines = (folder / checkpoint_file.NAMES[0]).read_bytes().split(b"\n")
    assert json.loads(lines[2])["epoch"] == 2


# --- a new run from the weights of another


def trained_run(store):
    run, folder = stopped_run(store, Status.DONE, epochs=(4,))
    (folder / "model.pt").write_bytes(b"weights")
    return run


def test_a_run_that_starts_from_another_keeps_its_weights_though_that_one_is_deleted(store):
    view, source = store.of("local"), trained_run(store)
    assert [row["id"] for row in view.resumed.sources()] == [source]
    preparation = store.row("run", source)["preparation"]
    run = view.resumed.create_from(source, preparation, {"epochs": 2, "dropout": 0.3}, "from it")
    row = store.row("run", run)
    assert (row["status"], row["name"], row["config"]["start_from"]) == ("created", "from it", source)
    store.forget("run", source)
    assert (store.run_folder(run) / "start.pt").read_bytes() == b"weights"


def test_weights_of_another_network_or_of_a_run_without_any_are_refused(store):
    view, source = store.of("local"), trained_run(store)
    preparation = store.row("run", source)["preparation"]
    with pytest.raises(UserError, match="Latent dimensions is 3, and that of the run is"):
        view.resumed.create_from(source, preparation, {"n_latent": 3})
    untrained = view.runs.create(preparation, {})
    with pytest.raises(UserError, match="has none yet: choose one that is trained"):
        view.resumed.create_from(untrained, preparation, {})
    with pytest.raises(UserError, match="no longer exists"):
        store.of("other").resumed.create_from(source, preparation, {})


def test_an_extension_that_cannot_be_queued_leaves_no_folder(store, monkeypatch):
    run, folder = stopped_run(store, Status.DONE)
    view = store.of("local")

    def refuse(*_, **__):
        raise UserError("A viewer changes nothing.")

    before = set(folder.parent.iterdir())
    monkeypatch.setattr(view.resumed.runs, "create", refuse)
    with pytest.raises(UserError, match="A viewer"):
        view.resumed.extend(run, 5)
    assert set(folder.parent.iterdir()) == before
