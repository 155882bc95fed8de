"""make bench-clock: seconds from pressing Train to seeing clusters.

Runs `python -m core train FILE` in fresh processes, three times with numba's cache filled ("warm") and
three times with an empty one ("cold"), and prints the median seconds of each phase as the runs themselves recorded
them (phases.json), beside the elapsed time of the process. Other work on the machine affects every number: run it alone.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.bars import Bar
from core.training.phases import PHASES

ROOT = Path(__file__).resolve().parents[1]
WARM, COLD = "warm", "empty cache"
AIMS = {WARM: 35.0, COLD: 60.0}  # seconds


def one_run(file, out, cache, options=()):
    """{phase: seconds} of one run of the command, and under "wall" the elapsed time of its process."""
    command = [sys.executable, "-m", "core", "train", str(file), "--out", str(out), "--seed", "0", *options]
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NUMBA_CACHE_DIR": str(cache)}, capture_output=True, text=True
    )
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads((Path(out) / "phases.json").read_text()) | {"wall": wall}


def measure(file, repeats, options=()):
    """{WARM: runs, COLD: runs}; they run in turns, so that a slower machine affects both."""
    runs_of = {COLD: [], WARM: []}
    with tempfile.TemporaryDirectory() as folder:
        cache, out = Path(folder) / "cache", Path(folder) / "out"
        for _ in range(repeats):
            for kind in runs_of:  # the cold run of each pair fills the cache for the warm one
                if kind == COLD:
                    shutil.rmtree(cache, ignore_errors=True)
                    cache.mkdir()
                runs_of[kind].append(one_run(file, out, cache, options))
                print(f"  {kind}: {runs_of[kind][-1]['wall']:.1f} s", file=sys.stderr, flush=True)
    return runs_of


def medians(runs):
    """{phase: median seconds} over runs; a phase that a run did not have counts as 0."""
    names = [*PHASES, "wall"]
    middle = {name: float(np.median([run.get(name, 0.0) for run in runs])) for name in names}
    return {name: value for name, value in middle.items() if value}


def main(command_line=None):
    """Measure and print; returns the Bars. `command_line`: its options, by default those it was called with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.path.join(os.environ.get("NUWA_TEST_DATA", "../shared/data"), "pbmc10k_citeseq.h5ad")
    parser.add_argument("file", nargs="?", default=default)
    parser.add_argument("--repeats", type=int, default=3)
    known, options = parser.parse_known_args(
        command_line
    )  # what is left goes on to the command: --epochs 10, say
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {importlib.metadata.version('torch')}, "
        f"{datetime.date.today()}; {known.file}, median of {known.repeats}"
    )
    medians_of = {kind: medians(runs) for kind, runs in measure(known.file, known.repeats, options).items()}
    print(f"{'seconds':<12}{WARM:>8}{'share':>7}{COLD:>13}{'share':>7}")
    for name in [*PHASES, "wall"]:
        if any(name in middle for middle in medians_of.values()):
            cells = [(medians_of[kind].get(name, 0.0), medians_of[kind]["wall"]) for kind in (WARM, COLD)]
            (a, all_a), (b, all_b) = cells
            print(f"{name:<12}{a:>8.1f}{a / all_a:>7.0%}{b:>13.1f}{b / all_b:>7.0%}")
    return [
        Bar(f"From Train to clusters, {kind}", medians_of[kind]["wall"], aim, "s", at_most=True)
        for kind, aim in AIMS.items()
    ]


if __name__ == "__main__":
    main()
