"""TensorBoard reads the event files of a run, by its own reader."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.config.run_files import HISTORY
from core.export.tensorboard import EventFiles, tag_of


def row(epoch, loss):
    return dict.fromkeys(HISTORY) | {
        "epoch": epoch,
        "train_loss": loss,
        "valid_loss": loss + 0.1,
        "learning_rate": float("inf"),
    }


def write(folder, losses):
    files = EventFiles(folder, "brave-finch-12", {"n_latent": 10})
    for i, loss in enumerate(losses, 1):
        files.epoch(row(i, loss))
    files.end("done")


def test_tensorboard_reads_losses_and_settings(tmp_path):
    write(tmp_path / "run", [1.0, 0.5])
    read = EventAccumulator(str(tmp_path / "run")).Reload()
    assert [(event.step, round(event.value, 6)) for event in read.Scalars("loss/train")] == [
        (1, 1.0),
        (2, 0.5),
    ]
    assert [round(event.value, 6) for event in read.Scalars("loss/valid")] == [1.1, 0.6]
    assert set(read.Tags()["scalars"]) == {"loss/train", "loss/valid"}  # None and infinity are left out
    text = read.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "brave-finch-12" in text and "| n_latent | 10 |" in text


def test_a_training_that_goes_on_has_no_epoch_twice(tmp_path):
    write(tmp_path / "run", [1.0, 0.5, 0.4])
    write(tmp_path / "run", [1.0, 0.5])
    read = EventAccumulator(str(tmp_path / "run")).Reload()
    assert [event.step for event in read.Scalars("loss/train")] == [1, 2]


def test_columns_have_tags_by_group():
    assert tag_of("valid_rna") == "rna/valid" and tag_of("learning_rate") == "training/learning_rate"
