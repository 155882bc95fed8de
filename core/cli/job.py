"""The job behind `train`: read, learn, explore, write, with a progress bar on a terminal."""

import signal
import sys

from tqdm import tqdm

from core import export, pipeline, rundir
from core.cli import FAILED, INTERRUPTED
from core.config import RESOLUTIONS
from core.data import demo, read
from core.errors import UserError
from core.train import Epoch


def carry_out(arguments, config, out):
    """Run the whole job and write its folder; returns the exit code."""
    clock = pipeline.Clock()
    clock.start("reading the file")
    adata = demo.DEMOS[arguments.file][1]() if arguments.file in demo.DEMOS else read.read(arguments.file)
    labels = _labels(adata, arguments.labels)
    resolution = _resolution(arguments.resolution)
    data_hash = read.data_hash(adata)
    clock.stop()
    with Interruption() as interruption:
        learnt = _learn(pipeline.learn(adata, config), interruption)
        facts = pipeline.start_facts(learnt.start) | pipeline.learnt_facts(learnt)
        record = rundir.config_record(config, facts, arguments.file, data_hash)
        out.mkdir(parents=True, exist_ok=True)
        rundir.write_learnt(out, learnt, config, record)
        if learnt.failure:
            say(pipeline.why_failed(learnt, config))
            return FAILED
        if interruption.asked:
            say(f"Interrupted: what was learnt in {len(learnt.epochs)} epochs is in {out}, without clusters.")
            return INTERRUPTED
        explored = _explore(
            pipeline.explore(pipeline.evidence(learnt), config, labels, arguments.tsne, resolution),
            interruption,
        )
        if explored is None:
            say(f"Interrupted: the model and the latent space are in {out}, without clusters.")
            return INTERRUPTED
    clock.start("writing")
    rundir.write_explored(out, explored)
    rundir.write_pages(out, learnt, explored, config, resolution)
    clusters, umap = explored.clusters[resolution], explored.embeddings["latent_umap"]
    losses = {
        "loss_train": [e.train.total for e in learnt.epochs],
        "loss_valid": [e.valid.total for e in learnt.epochs],
    }
    start = learnt.start
    made = export.result(
        adata,
        record | losses,
        learnt.latent,
        start.split.labels(adata.n_obs),
        clusters,
        umap,
        start.matrix.genes,
        rundir.foreground(out, start.matrix),
    )
    made.write_h5ad(out / "result.h5ad", compression="lzf")
    clock.stop()
    seconds = {**clock.seconds, **learnt.seconds, **explored.seconds}
    rundir.write_phases(out, seconds)
    _report(learnt, explored.scores, seconds, out)
    return 0


def _labels(adata, column):
    """(cells,) the labels of --labels, or None."""
    if column is None:
        return None
    if column not in adata.obs:
        raise UserError(
            f"There is no obs column '{column}'; the file has: {', '.join(map(str, adata.obs.columns))}."
        )
    return adata.obs[column].astype(str).to_numpy()


def _resolution(wanted):
    """The resolution if it is one of those that are computed."""
    if wanted not in RESOLUTIONS:
        raise UserError(f"The resolution {wanted:g} is not one of {', '.join(map(str, RESOLUTIONS))}.")
    return wanted


class Interruption:
    """Ctrl-C (or SIGTERM) as a polite question, answered between two epochs; the second one ends at once."""

    asked = False

    def __enter__(self):
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        say("\nStopping after this epoch; press Ctrl-C again to stop at once.")

    def __exit__(self, *_):
        for number, handler in self.before.items():
            signal.signal(number, handler)


def _learn(work, interruption):
    """The Learnt at the end of `work`, its events shown on the way."""
    bar, answer = None, None
    while True:
        event = work.send(answer)
        answer = interruption.asked
        if isinstance(event, pipeline.Learnt):
            break
        if isinstance(event, pipeline.Phase):
            if answer and bar is None:
                raise KeyboardInterrupt  # nothing has been learnt yet
            if bar is not None:
                bar.clear()
            say(f"{event.words} ...")
        elif isinstance(event, pipeline.Start):
            path = f"Batches go the {event.path} way."
            for note in [*pipeline.start_facts(event)["notes"], event.device.why, path]:
                say(f"  {note}")
            bar = tqdm(total=event.n_epochs, unit="epoch", disable=None, file=sys.stderr)
        elif isinstance(event, Epoch):
            if event.note:
                bar.clear()
                say(f"  {event.note}")
            bar.set_postfix(train=f"{event.train.total:.4f}", valid=f"{event.valid.total:.4f}", refresh=False)
            bar.update()
    bar.close()
    return event


def _explore(work, interruption):
    """The Explored at the end of `work`, or None where the person stopped it."""
    for event in work:
        if isinstance(event, pipeline.Explored):
            return event
        if interruption.asked:
            return None
        say(f"{event.words} ...")


def _report(learnt, scores, seconds, out):
    """What came out, in a few lines on standard output."""
    last = learnt.epochs[-1]
    where = "test cells" if scores["judged_on"] == "test" else "validation cells (chosen on)"
    print(f"Training complete: training loss {last.train.total:.4f}, validation loss {last.valid.total:.4f}.")
    print(
        f"Best epoch {learnt.best_epoch} of {len(learnt.epochs)}; its loss on {scores['judged_cells']} {where}:"
    )
    print(
        f"  autoencoder {scores['loss_total']:.4f}   PCA {scores['loss_total_pca']:.4f}   mean {scores['loss_total_mean']:.4f}"
    )
    print(f"Seconds: {', '.join(f'{name} {spent:.1f}' for name, spent in seconds.items())}")
    print(f"Everything is in {out}")


def say(text):
    """A line on standard error, where progress belongs; standard output stays free for the result."""
    print(text, file=sys.stderr, flush=True)
