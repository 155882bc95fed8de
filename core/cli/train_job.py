"""The work of `train`: read, train, explore, write, with a progress bar on a terminal."""

import signal
import sys

from tqdm import tqdm

from core.analysis import explore, side_process
from core.analysis.metrics.batch_mixing import mixing
from core.analysis.neighbors import in_metric
from core.cli import FAILED, INTERRUPTED, continued, input_files, say
from core.cli.findings import idle_options, warn
from core.cli.output_folder import existing_parent
from core.config import RESOLUTIONS
from core.data import check_trainable, checks, read
from core.errors import UserError
from core.export import run_folder
from core.preprocessing import steps
from core.preprocessing.recipe import STEPS, origin_by
from core.training import learn, phases
from core.training.forecast import Forecast
from core.training.loop import Epoch


def carry_out(arguments, recipe_steps, config, options, out, clock):
    """Run the whole job and write its folder; returns the exit code.

    `recipe_steps` are applied before anything else; `options` are the settings that a person has set; `clock` has run
    since the command began.
    """
    clock.start("reading")
    adata, source = _apply_steps(input_files.read_file(arguments), recipe_steps, arguments.file)
    report = checks.examine(adata).record()
    warn(report["findings"])
    check_trainable(report["findings"])
    for sentence in idle_options(options, report):
        say(f"  {sentence}")
    labels = _labels(adata, arguments.labels)
    resolution = _resolution(arguments.resolution)
    batch = _batch(adata, config, arguments.denoised_batch)
    data_hash = read.data_hash(adata)
    clock.stop()
    start, weights = continued.weights(config, arguments)
    checkpoints = continued.checkpoints(out, arguments, start)
    with Interruption() as interruption, side_process.opened(adata.n_obs) as beside:
        learnt, begun = _learn(
            learn.learn(
                adata, config, existing_parent(out), foresee=True, checkpoints=checkpoints, weights=weights
            ),
            interruption,
            lambda start: explore.pictures(beside, start.axes, config, arguments.tsne),
        )
        if start:
            say(f"  {' '.join(learnt.start.resumed)}")
        clock.start("writing")
        config = learnt.start.config
        facts = learn.learnt_facts(learnt)
        record = run_folder.config_record(config, facts, source, data_hash)
        out.mkdir(parents=True, exist_ok=True)
        continued.keep_start(out, start)
        run_folder.write_learnt(out, learnt, config, record)
        clock.stop()
        if learnt.failure:
            say(learn.why_failed(learnt, config))
            return FAILED
        if interruption.asked:
            say(
                f"Interrupted: the model after {len(learnt.epochs)} epochs is in {out}, without clusters. Add --resume to "
                "continue."
            )
            return INTERRUPTED
        trained = explore.trained_run(learnt)
        explored = _explore(
            explore.explore(trained, config, labels, arguments.tsne, resolution, beside, begun), interruption
        )
        if explored is None:
            say(f"Interrupted: the model and the latent space are in {out}, without clusters.")
            return INTERRUPTED
    say(f"{clock.start('writing').description} ...")
    run_folder.write_explored(out, explored)
    run_folder.write_pages(out, learnt, explored, config, resolution, report["badge"]["words"])
    losses = {
        "loss_train": [e.train.total for e in learnt.epochs],
        "loss_valid": [e.valid.total for e in learnt.epochs],
    }
    denoised = arguments.denoised or batch is not None
    clusters = explored.clusters[resolution]
    run_folder.write_result(
        out / "result.h5ad", out, adata, record | losses, trained, clusters, denoised, batch
    )
    clock.stop()
    seconds = phases.added(clock.seconds, learnt.seconds, explored.seconds)
    run_folder.write_phases(out, seconds)
    _report(learnt, explored.scores, seconds, out)
    _say_mixing(trained.latent, adata, report, config)
    return 0


def _apply_steps(adata, recipe_steps, file):
    """(AnnData in normal form, its origin) after the steps of a recipe; prints what each did."""
    if not recipe_steps:
        return adata, file
    adata = read.tidy(steps.apply(adata, [step.record() for step in recipe_steps]), file)
    for step in steps.made_before(adata)[-len(recipe_steps) :]:
        say(f"  {STEPS[step['name']].label}: {step['said']}")
    return adata, origin_by([step.name for step in recipe_steps], file)


def _labels(adata, column):
    """(cells,) the labels of --labels, or None."""
    if column is None:
        return None
    if column not in adata.obs:
        raise UserError(
            f"There is no obs column '{column}'; the file has: {', '.join(map(str, adata.obs.columns))}."
        )
    return adata.obs[column].astype(str).to_numpy()


def _resolution(resolution):
    """The resolution if it is one of those that are computed; raises UserError."""
    if resolution not in RESOLUTIONS:
        raise UserError(f"The resolution {resolution:g} is not one of {', '.join(map(str, RESOLUTIONS))}.")
    return resolution


def _batch(adata, config, name):
    """The batch of --denoised-batch, or None; raises UserError where the data has no such batch."""
    if name is None:
        return None
    if not config.batch_key:
        raise UserError("--denoised-batch needs a batch covariate: name its obs column with --batch-key.")
    if config.batch_key in adata.obs:  # where it is not, preprocessing says so
        known = sorted(set(adata.obs[config.batch_key].astype(str)))
        if name not in known:
            raise UserError(
                f"There is no batch '{name}' in '{config.batch_key}', which has: {', '.join(known)}."
            )
    return name


class Interruption:
    """Ctrl-C or SIGTERM: the first one stops the training after the epoch, the second one at once."""

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


def _learn(work, interruption, begin):
    """(the Learnt at the end of `work`, what `begin` returned for its Start); shows each event."""
    bar, answer, begun = None, None, None
    while True:
        event = work.send(answer)
        answer = interruption.asked
        if isinstance(event, learn.Learnt):
            break
        if isinstance(event, phases.Phase):
            if answer and bar is None:
                raise KeyboardInterrupt  # nothing has been learnt yet
            if bar is not None:
                bar.clear()
            say(f"{event.description} ...")
        elif isinstance(event, Forecast):
            say(f"  {event.sentence}")
            if event.warning:
                say(f"  {event.warning}")
        elif isinstance(event, learn.Start):
            path = f"Data loader: {event.path}."
            for note in [*learn.start_facts(event).notes, event.device.why, path, *event.resumed[-1:]]:
                say(f"  {note}")
            begun = begin(event)
            done = len(event.before)
            bar = tqdm(total=event.n_epochs, initial=done, unit="epoch", disable=None, file=sys.stderr)
        elif isinstance(event, Epoch):
            if event.note:
                bar.clear()
                say(f"  {event.note}")
            bar.set_postfix(train=f"{event.train.total:.4f}", valid=f"{event.valid.total:.4f}", refresh=False)
            bar.update()
    bar.close()
    return event, begun


def _explore(work, interruption):
    """The Explored at the end of `work`, or None after an interruption."""
    for event in work:
        if isinstance(event, explore.Explored):
            return event
        if interruption.asked:
            return None
        say(f"{event.description} ...")


def _say_mixing(latent, adata, report, config):
    """Say of the columns that may name batches where their cells stay together, of a run without a batch covariate."""
    if config.batch_key:
        return
    names = [column["name"] for column in report["columns"] if column["role"] == "batch"]
    codes = {name: adata.obs[name].astype("category").cat.codes.to_numpy() for name in names}
    for one in mixing(in_metric(latent, config.metric), codes):
        if one.apart:
            say(
                f"  Batches of '{one.column}' mix {one.ilisi:.2f} of {one.batches} in the latent space: consider --batch-key {one.column}."
            )


def _report(learnt, scores, seconds, out):
    """Print the losses, the scores and the durations to standard output."""
    last = learnt.epochs[-1]
    where = "test cells" if scores["judged_on"] == "test" else "validation cells (no test set)"
    print(f"Training complete: training loss {last.train.total:.4f}, validation loss {last.valid.total:.4f}.")
    print(
        f"Best epoch {learnt.best_epoch} of {len(learnt.epochs)}; its loss on {scores['judged_cells']} {where}:"
    )
    print(
        f"  autoencoder {scores['loss_total']:.4f}   PCA {scores['loss_total_pca']:.4f}   mean {scores['loss_total_mean']:.4f}"
    )
    print("Duration by phase, in seconds and as a share:")
    for name, spent, share in phases.table(seconds):
        print(f"  {name:<12}{spent:>8}{share:>6}")
    print(f"The run is in {out}")
