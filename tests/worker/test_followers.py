"""A run of the worker leaves event files with all its epochs, which the sweep removes with the run."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.worker import followers


def test_a_trained_run_has_its_epochs_in_its_event_files(finished):
    folder = followers.folder_of(finished.store.root, finished.run)
    read = EventAccumulator(str(folder)).Reload()
    epochs = finished.view.runs.epochs(finished.run)
    events = read.Scalars("loss/valid")
    assert [event.step for event in events] == [epoch["epoch"] for epoch in epochs]
    for event, epoch in zip(events, epochs, strict=True):
        assert abs(event.value - epoch["valid_loss"]) < 1e-5
    assert "training/learning_rate" in read.Tags()["scalars"]


def test_event_files_go_with_their_run(tmp_path):
    for name in ("kept", "gone"):
        followers.followers_of(tmp_path, {"id": name, "name": name, "config": {}}, env={}).end("done")
    followers.sweep(tmp_path, {"kept"})
    assert [folder.name for folder in (tmp_path / "tensorboard").iterdir()] == ["kept"]
