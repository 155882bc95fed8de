"""TensorBoard event files of a run, by tensorboardX, which needs no TensorFlow."""

import math
import shutil

from tensorboardX import SummaryWriter

FLUSH = 5  # seconds, after which TensorBoard sees new epochs


class EventFiles:
    """The event files of one run in a folder of its own; what an interrupted training has left there is written again."""

    def __init__(self, folder, name, settings):
        shutil.rmtree(folder, ignore_errors=True)
        self.writer = SummaryWriter(str(folder), flush_secs=FLUSH)
        rows = "\n".join(f"| {key} | {value} |" for key, value in settings.items())
        self.writer.add_text("settings", f"{name}\n\n| setting | value |\n|---|---|\n{rows}", 0)

    def epoch(self, row):
        """Write the numbers of an epoch, a row of history.csv; None and what is not finite is left out."""
        for name, value in row.items():
            if name != "epoch" and value is not None and math.isfinite(value):
                self.writer.add_scalar(tag_of(name), value, row["epoch"])

    def end(self, status):
        """Close the files; `status` is not written."""
        self.writer.close()


def tag_of(name):
    """The tag of a column of history.csv: "loss/train" of train_loss, "training/learning_rate" of the others."""
    for kind in ("train", "valid"):
        if name.startswith(f"{kind}_"):
            return f"{name.removeprefix(f'{kind}_')}/{kind}"
    return f"training/{name}"
