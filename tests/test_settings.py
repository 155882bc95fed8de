"""Numeric libraries are told how many threads to use before they are loaded, so that two jobs get on beside each other."""

import json
import os
import subprocess
import sys
import time

import pytest

WATCH = """
import json, os, runpy, sys

class First:
    def find_spec(self, name, *rest):
        if name in ("numpy", "torch", "numba"):
            found = {key: os.environ.get(key) for key in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
            print(json.dumps(found), flush=True)
            os._exit(0)

sys.meta_path.insert(0, First())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
FREE = ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@pytest.mark.parametrize(
    "words",
    [("core", "train", "simulated", "--out", "out"), ("core", "inspect", "a.h5ad"), ("core.worker", "short")],
)
def test_threads_are_set_before_the_first_library_is_loaded(tmp_path, words):
    env = {k: v for k, v in os.environ.items() if k not in FREE} | {
        "NUWA_THREADS": "3",
        "NUWA_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": os.getcwd(),
    }
    (tmp_path / "a.h5ad").touch()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *words],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "3"}


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two trainings at once need two cores")
def test_two_trainings_at_once_do_not_slow_each_other_to_a_crawl(tmp_path):
    words = [sys.executable, "-m", "core", "train", "simulated", "--epochs", "40", "--device", "cpu", "--out"]

    def seconds(*names):
        start = time.perf_counter()
        running = [
            subprocess.Popen([*words, tmp_path / name], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for name in names
        ]
        assert [process.wait(timeout=300) for process in running] == [0] * len(names)
        return time.perf_counter() - start

    seconds("warm")
    alone = seconds("one")
    assert seconds("two", "three") < 4 * alone
