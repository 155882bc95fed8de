"""make bench-diagnosis: is the diagnosis of training right? Short runs, each provoked into a case (provoked_runs.py).

Trains on some cells of real datasets (../shared/data or NUWA_TEST_DATA), of the example and of simulated ones, and writes
two tables of diagnoses into bench/README.md. Where the datasets are absent it says so and changes nothing.
"""

import argparse
import datetime
import os
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from bench.provoked_runs import (  # noqa: E402
    CITE,
    EXAMPLE,
    INDEPENDENT,
    OTHER,
    PANCREAS,
    RNA,
    RUNS,
    SIMULATED,
)
from core.config import parse  # noqa: E402
from core.data import demo, read  # noqa: E402
from core.training import learn  # noqa: E402
from core.training.diagnosis import diagnose  # noqa: E402
from core.training.diagnosis_case import State, trouble_of  # noqa: E402

FOLDER = Path(os.environ.get("NUWA_TEST_DATA", "../shared/data"))
PAGE = Path(__file__).parent / "README.md"


class Part(NamedTuple):
    """Runs whose table is a part of README.md."""

    name: str  # of its marks there
    runs: list
    settings: dict  # of all of them, unless a run has others
    enough: float  # the share of its diagnoses that has to be right


PARTS = (
    Part("diagnosis", RUNS, {"n_top_genes": 500, "seed": 0}, 0.9),
    Part("independent diagnosis", INDEPENDENT, OTHER, 0.8),  # some expectations were wrong: README.md
)


def data(name, n_cells, seed):
    """A dataset, cut to so many cells that are drawn at random."""
    if name == SIMULATED:
        return demo.simulated(seed=5, n_cells=n_cells, n_genes=1500, n_proteins=12)
    adata = demo.pbmc_citeseq() if name == EXAMPLE else read.read(FOLDER / name)
    rows = np.sort(np.random.default_rng(seed).permutation(adata.n_obs)[:n_cells])
    return adata[rows].copy()


def history(adata, run, settings):
    """(rows of history.csv, State) of one run, with the `settings` of its part."""
    config = parse(settings | run.settings)
    work, epochs, start, learnt, answer = learn.learn(adata, config), [], None, None, None
    while learnt is None:
        event = work.send(answer)
        answer = None
        if isinstance(event, learn.Start):
            start = event
        elif isinstance(event, learn.Epoch):
            epochs.append(event)
            answer = len(epochs) == run.seen
        elif isinstance(event, learn.Learnt):
            learnt = event
    facts = learn.learnt_facts(learnt) if learnt.epochs else learn.start_facts(start)
    state = State(
        config=start.config,
        baselines=start.on_valid,
        n_epochs=start.n_epochs,
        n_train=len(start.split.train),
        n_valid=len(start.split.valid),
        is_over=run.seen is None,
        difference=facts.loss_difference,
        trouble=learnt.failure or trouble_of(facts.happened),
    )
    return [learn.epoch_record(epoch) for epoch in epochs], state


def table(part):
    """Lines of the table of a Part, and how many diagnoses are right."""
    lines = [
        "| dataset, cells | run | expected | diagnosis | right? | what it says |",
        "|---|---|---|---|---|---|",
    ]
    right, known = 0, {}
    for run in part.runs:
        key = run.file, run.n_cells
        if key not in known:
            known[key] = data(*key, part.settings["seed"])
        begun = time.perf_counter()
        found = diagnose(*history(known[key].copy(), run, part.settings))
        is_right = found.case in run.expected
        right += is_right
        cells = [
            f"{run.file.removesuffix('.h5ad')}, {run.n_cells:,}",
            run.what,
            " or ".join(run.expected),
            str(found.case),
            "right" if is_right else "**wrong**",
            found.sentence,
        ]
        lines.append(f"| {' | '.join(cells)} |")
        print(f"{lines[-1]}  ({time.perf_counter() - begun:.1f} s)", flush=True)
    return lines, right


def main(arguments=None):
    """Write the tables into the page; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [part.name for part in PARTS]
    parser.add_argument("--only", choices=names, help="the table to measure; else both")
    only = parser.parse_args(arguments).only
    if missing := [name for name in (CITE, RNA, PANCREAS) if not (FOLDER / name).exists()]:
        print(f"Skipped: there is no {missing[0]} in {FOLDER}. Name its folder with NUWA_TEST_DATA.")
        return 0
    parts = [part for part in PARTS if only in (None, part.name)]
    return 0 if all([_measure(part) >= part.enough for part in parts]) else 1


def _measure(part):
    """Put the table of a Part into the page; the share of its diagnoses that are right."""
    lines, right = table(part)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {datetime.date.today()}"
    versions = f"torch {version('torch')}, numpy {version('numpy')}"
    summary = f"{right} of {len(part.runs)} are right. Measured on {machine}, {versions}."
    begin, end = (f"<!-- {part.name}: {side} -->" for side in ("begin", "end"))
    new = "\n".join([begin, "", summary, "", *lines, "", end])
    PAGE.write_text(re.sub(f"{begin}.*?{end}", lambda _: new, PAGE.read_text(), flags=re.DOTALL))
    print(summary)
    return right / len(part.runs)


if __name__ == "__main__":
    sys.exit(main())
