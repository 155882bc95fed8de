"""make bench-diagnosis: is the diagnosis of training right? Twenty short real runs, each provoked into a case.

Trains on 1,500 cells of two real datasets (../shared/data or NUWA_TEST_DATA), 500 variable genes each, and writes the
table of diagnoses into bench/README.md. Where the datasets are absent it says so and changes nothing.
"""

import datetime
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

from core import settings

settings.limit_threads()

import numpy as np  # noqa: E402  threads are set before the science is loaded

from core.config import parse  # noqa: E402
from core.data import read  # noqa: E402
from core.training import learn  # noqa: E402
from core.training.diagnosis import diagnose  # noqa: E402
from core.training.diagnosis_case import Case, State, trouble_of  # noqa: E402

FOLDER = Path(os.environ.get("NUWA_TEST_DATA", "../shared/data"))
CITE, RNA = "pbmc10k_citeseq.h5ad", "pbmc3k.h5ad"
PAGE = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- diagnosis: begin -->", "<!-- diagnosis: end -->"


class Provoked(NamedTuple):
    """A run: its dataset, what is done to it, the cases that are right, and after how many epochs it is looked at."""

    file: str
    what: str
    settings: dict
    expected: tuple
    n_cells: int = 1500
    seen: int | None = None  # epochs, while the run goes on; None: at its end


STEADY = {"schedule": "constant"}
WIDE = {"n_hidden": 1024, "n_layers": 2, "dropout": 0.0, "latent_noise": 0.0, "target": "whole"}
RUNS = [
    Provoked(RNA, "one-cycle, epoch 5 of 40", {"epochs": 40}, (Case.WARMING_UP,), seen=5),
    Provoked(
        RNA,
        "constant rate 0.001, epoch 8 of 60",
        {"epochs": 60, "lr": 1e-3} | STEADY,
        (Case.LEARNING,),
        seen=8,
    ),
    Provoked(CITE, "one-cycle, epoch 20 of 40", {"epochs": 40, "lr": 3e-3}, (Case.LEARNING,), seen=20),
    Provoked(RNA, "3 epochs", {"epochs": 3}, (Case.TOO_SHORT,)),
    Provoked(RNA, "one-cycle, defaults", {}, (Case.CANNOT_TELL,)),
    Provoked(CITE, "cosine, 40 epochs", {"epochs": 40, "schedule": "cosine"}, (Case.CANNOT_TELL,)),
    Provoked(CITE, "constant rate 0.001, 12 epochs", {"epochs": 12, "lr": 1e-3} | STEADY, (Case.FALLING,)),
    Provoked(RNA, "constant rate 0.0003, 25 epochs", {"epochs": 25, "lr": 3e-4} | STEADY, (Case.FALLING,)),
    Provoked(
        RNA,
        "constant rate 0.001, 16 units, 5 dimensions, 150 epochs",
        {"n_hidden": 16, "n_latent": 5, "epochs": 150, "lr": 1e-3} | STEADY,
        (Case.CONVERGED,),
    ),
    Provoked(RNA, "rate 0.00001", {"epochs": 40, "lr": 1e-5}, (Case.RATE_TOO_LOW,)),
    Provoked(CITE, "SGD at 0.0001", {"epochs": 40, "lr": 1e-4, "optimizer": "sgd"}, (Case.RATE_TOO_LOW,)),
    Provoked(RNA, "rate 3", {"epochs": 40, "lr": 3.0}, (Case.RATE_TOO_HIGH,)),
    Provoked(CITE, "constant rate 1", {"epochs": 40, "lr": 1.0} | STEADY, (Case.RATE_TOO_HIGH,)),
    Provoked(
        RNA,
        "SGD at 10, not scaled, gradients not clipped",
        {
            "epochs": 20,
            "lr": 10.0,
            "optimizer": "sgd",
            "scale": False,
            "clip_grad": 0.0,
            "norm": "none",
        },
        (Case.NOT_A_NUMBER,),
    ),
    Provoked(RNA, "L1 of 1,000", {"epochs": 40, "l1": 1000.0}, (Case.NO_BETTER_THAN_MEAN,)),
    Provoked(
        RNA,
        "variational, KL weight 1,000",
        {"epochs": 40, "model": "variational", "beta": 1000.0},
        (Case.NO_BETTER_THAN_MEAN,),
    ),
    Provoked(
        RNA,
        "two layers of 1,024 units, no dropout, constant rate",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
    ),
    Provoked(
        CITE,
        "the same with proteins",
        {"epochs": 60, "lr": 3e-3} | WIDE | STEADY,
        (Case.OVER_FITTING,),
    ),
    Provoked(CITE, "protein weight 0", {"epochs": 40, "weight_protein": 0.0}, (Case.PROTEINS_NOT_LEARNT,)),
    Provoked(
        CITE,
        "dropout 0.8 and 8 units for proteins",
        {"epochs": 40, "dropout": 0.8, "n_hidden_protein": 8, "linear_path": False, "target": "whole"},
        (Case.WORSE_THAN_PCA,),
    ),
]


def data(name, n_cells):
    """The first dataset of this name, cut to so many cells that are drawn at random with seed 0."""
    adata = read.read(FOLDER / name)
    rows = np.sort(np.random.default_rng(0).permutation(adata.n_obs)[:n_cells])
    return adata[rows].copy()


def history(adata, run):
    """(rows of history.csv, State) of one run."""
    config = parse({"n_top_genes": 500, "seed": 0} | run.settings)
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


def table():
    """Lines of the table, and how many diagnoses are right."""
    lines = [
        "| dataset, cells | run | expected | diagnosis | right? | what it says |",
        "|---|---|---|---|---|---|",
    ]
    right, known = 0, {}
    for run in RUNS:
        key = run.file, run.n_cells
        if key not in known:
            known[key] = data(*key)
        begun = time.perf_counter()
        found = diagnose(*history(known[key].copy(), run))
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


def main():
    """Write the table into the page; returns the exit code."""
    if missing := [name for name in (CITE, RNA) if not (FOLDER / name).exists()]:
        print(f"Skipped: there is no {missing[0]} in {FOLDER}. Name its folder with NUWA_TEST_DATA.")
        return 0
    lines, right = table()
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {datetime.date.today()}"
    summary = f"{right} of {len(RUNS)} are right. Measured on {machine}."
    page = PAGE.read_text()
    new = "\n".join([BEGIN, "", summary, "", *lines, "", END])
    PAGE.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: new, page, flags=re.DOTALL))
    print(summary)
    return 0 if right >= len(RUNS) - 2 else 1


if __name__ == "__main__":
    sys.exit(main())
