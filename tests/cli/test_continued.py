"""`train` continues in its folder after an interruption, and starts from the weights of another run."""

import json
import shutil

import numpy as np
import pytest
import torch
from commands import QUICK, losses
from store_rows import flip, furnish

from core import checkpoint_file
from core.cli import main, train_job
from core.config.run_files import START_WEIGHTS
from core.training.checkpoint import Checkpoints


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def no_clusters(monkeypatch):
    """Nothing is computed of the latent space."""
    monkeypatch.setattr(train_job, "_explore", lambda *_: None)


@pytest.fixture
def interrupted(rich_file, tmp_path, monkeypatch, no_clusters):
    """The folder of a training like that of trained_folder, killed in its third epoch."""

    class Bar(train_job.tqdm):
        n_updates = 0

        def update(self, n=1):
            Bar.n_updates += 1
            if Bar.n_updates == 3:
                raise Killed
            return super().update(n)

    with monkeypatch.context() as patch:
        patch.setattr(train_job, "tqdm", Bar)
        patch.setattr(Checkpoints, "is_due", True)
        with pytest.raises(Killed):
            main(["train", str(rich_file), "--out", str(tmp_path / "new" / "out"), *QUICK])
    assert checkpoint_file.newest(tmp_path / "new" / "out").epoch == 2
    return tmp_path / "new" / "out"


def test_a_training_that_was_killed_ends_as_the_uninterrupted_one(
    interrupted, trained_folder, rich_file, capsys
):
    words = ["train", str(rich_file), "--out", str(interrupted)]
    assert main([*words, *QUICK]) == 2  # what was learnt is not lost by a second start
    assert "interrupted after epoch 2: add --resume to continue it" in capsys.readouterr().err
    assert main([*words, *QUICK, "--resume", "--n-latent", "5"]) == 2
    assert "The setting 'Latent dimensions' is 5, and it was 4." in capsys.readouterr().err
    assert main([*words, "--resume"]) == 130  # its settings are those of the checkpoint
    assert "continued from the checkpoint of epoch 2." in capsys.readouterr().err
    assert losses(interrupted) == losses(trained_folder)
    latents = (np.load(folder / "latent.npy") for folder in (interrupted, trained_folder))
    np.testing.assert_array_equal(*latents)
    weights = (
        torch.load(f / "model.pt", weights_only=True)["weights"] for f in (interrupted, trained_folder)
    )
    assert all(torch.equal(*pair) for pair in zip(*(w.values() for w in weights), strict=True))


def test_a_folder_without_a_whole_checkpoint_cannot_be_resumed(rich_file, trained_folder, tmp_path, capsys):
    words = ["train", str(rich_file), "--resume", "--out"]
    assert main([*words, str(tmp_path)]) == 2
    assert "There is no checkpoint in" in capsys.readouterr().err
    (tmp_path / "damaged").mkdir()
    path = shutil.copy(trained_folder / checkpoint_file.NAMES[0], tmp_path / "damaged")
    flip(tmp_path / "damaged" / checkpoint_file.NAMES[0])
    assert path and main([*words, str(tmp_path / "damaged")]) == 2
    assert "All checkpoints in" in capsys.readouterr().err


def test_training_starts_from_the_weights_in_a_folder(
    trained_folder, rich_file, tmp_path, capsys, no_clusters
):
    words = [
        "train",
        str(rich_file),
        "--out",
        str(tmp_path / "out"),
        "--device",
        "cpu",
        "--n-top-genes",
        "60",
    ]
    words += ["--epochs", "1", "--lr", "1e-6", "--start-from", str(trained_folder)]
    assert main(words) == 130
    assert "60 of 60 genes and 6 of 6 proteins are in both." in capsys.readouterr().err
    record = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (record["start_from"], record["n_latent"], record["n_hidden"]) == (str(trained_folder), 4, 16)
    assert (tmp_path / "out" / START_WEIGHTS).read_bytes() == (trained_folder / "model.pt").read_bytes()
    latents = (np.load(folder / "latent.npy").ravel() for folder in (tmp_path / "out", trained_folder))
    assert np.corrcoef(*latents)[0, 1] > 0.99  # but for what one epoch changes in the batch normalisation


def test_weights_are_found_by_the_name_of_a_run_or_missed_in_a_sentence(
    trained_folder, rich_file, tmp_path, store, monkeypatch, capsys
):
    monkeypatch.setenv("NUWA_DATA_DIR", str(store.root))
    run = furnish(store)["run"]
    words = ["train", str(rich_file), "--out", str(tmp_path / "out"), "--start-from"]
    for name, sentence in (
        ("nothing", "There is no run 'nothing'"),
        (run, "The run 'first' has no weights yet"),
        (str(tmp_path), "model.pt is missing"),
    ):
        assert main([*words, name]) == 2 and sentence in capsys.readouterr().err
    shutil.copy(trained_folder / "model.pt", store.run_folder(run))
    assert main([*words, "first", "--n-latent", "5"]) == 2
    assert "Latent dimensions is 5, and that of the run is 4" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
