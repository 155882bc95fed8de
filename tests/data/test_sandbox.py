"""A file is read in a process of its own: whatever happens there becomes one sentence here, and leaves nothing."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import formats
import h5py
import numpy as np
import psutil
import pytest
from constants import ROOT

from core.data import read
from core.data.read import sandbox
from core.errors import DoesNotFit, UserError


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """A table that takes a while; the readers are loaded, which makes processes of its own."""
    folder = tmp_path_factory.mktemp("long")
    read.read(formats.h5ad(formats.counts(), folder))
    return formats.table(formats.counts(4000, 800, 0), folder)


@pytest.fixture
def scratch(tmp_path):
    """A scratch folder that must be empty in the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield folder
    assert not any(folder.iterdir())


def fork_of(server):
    """The id of the process in which a file is being read, once there is one."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := Path(f"/proc/{server}/task/{server}/children").read_text().split():
            return int(found[0])
        time.sleep(0.001)
    raise AssertionError("nothing is being read")


def test_a_crash_becomes_a_sentence_and_the_next_file_is_read(long_file, scratch):
    server = read.SERVER.process.pid
    killer = threading.Thread(target=lambda: os.kill(fork_of(server), signal.SIGSEGV))
    killer.start()
    with pytest.raises(UserError, match="'set.csv' is damaged: it made the reader crash"):
        read.read(long_file, scratch=scratch)
    killer.join()
    assert read.read(long_file, scratch=scratch).n_obs == 4000 and read.SERVER.process.pid == server


def test_a_file_that_takes_too_long_is_given_up(long_file, scratch, monkeypatch):
    monkeypatch.setattr(sandbox, "LEAST_SECONDS", 0.05)
    monkeypatch.setattr(sandbox, "SECONDS_A_MB", 0)
    begun = time.monotonic()
    with pytest.raises(UserError, match="'set.csv' was still not read after 0 seconds"):
        read.read(long_file, scratch=scratch)
    assert time.monotonic() - begun < 5 and not psutil.Process(read.SERVER.process.pid).children()


def test_memory_is_limited(tmp_path, scratch, monkeypatch):
    # 16 GB of values, of which one is there
    size = "%%MatrixMarket matrix coordinate integer general\n20 30 1000000000\n1 1 1\n"
    (tmp_path / "matrix.mtx").write_text(size)
    (tmp_path / "barcodes.tsv").write_text("".join(f"c{i}\n" for i in range(30)))
    (tmp_path / "genes.tsv").write_text("".join(f"g{i}\n" for i in range(20)))
    with pytest.raises(
        UserError, match="'matrix.mtx' claims 1,000,000,000 values and has not that many lines"
    ):
        read.read(tmp_path / "matrix.mtx", scratch=scratch)
    assert read.SERVER.last["peak"] < 2 * 1024**3
    many = formats.table(formats.counts(2000, 2000, 0), tmp_path, "many.csv")
    for name, value in (("MOST_MEMORY", 0), ("FLOOR", 16 * 1024**2)):
        monkeypatch.setattr(sandbox, name, value)
    with pytest.raises(UserError, match="memory"):
        read.read(many, scratch=scratch)


def loom_of(path, shape, filled):
    """A loom of random bytes in the first rows; the others were never written, and read as 0."""
    dice = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        matrix = file.create_dataset("matrix", shape, "u1", chunks=(64, min(shape[1], 4096)))
        matrix[:filled] = dice.integers(0, 256, (filled, shape[1]), dtype=np.uint8)
        for side, n in (("row", shape[0]), ("col", shape[1])):
            file[f"{side}_attrs/index"] = np.arange(n)
    return path


def test_what_does_not_fit_is_said_with_its_size_before_it_is_read(tmp_path, scratch, monkeypatch):
    path = loom_of(tmp_path / "set.loom", (640, 4000), 640)
    assert read.read(path, scratch=scratch).shape == (4000, 640)
    monkeypatch.setattr(sandbox, "MOST_MEMORY", 0)
    monkeypatch.setattr(sandbox, "FLOOR", 30_000_000)
    with pytest.raises(
        DoesNotFit, match="'set.loom' needs about 61 MB of memory to be read, and 30 MB may be used"
    ):
        read.read(path, scratch=scratch)


@pytest.mark.slow
def test_a_larger_file_has_more_memory_only_for_what_it_holds(tmp_path, scratch):
    """Of 30 MB each: 4 GB of zeros, which are few values, and a damaged one; neither takes more than a small file may."""
    path = loom_of(tmp_path / "zeros.loom", (64_000, 64_000), 480)
    assert path.stat().st_size > 25_000_000
    begun = time.monotonic()
    with suppress(UserError):
        read.read(path, scratch=scratch)
    assert read.SERVER.last["peak"] < 2 * 1024**3, (read.SERVER.last, time.monotonic() - begun)
    content = bytearray(path.read_bytes())
    for at in range(2000, len(content), 50_000):
        content[at : at + 8] = b"\xff" * 8
    (tmp_path / "bad.loom").write_bytes(content)
    with suppress(UserError):
        read.read(tmp_path / "bad.loom", scratch=scratch)
    assert read.SERVER.last["peak"] < 2 * 1024**3


def test_whoever_has_no_room_is_not_said_to_have_made_a_mistake():
    answer, request = {"late": False, "code": 1}, {"most_memory": 2e9, "seconds": 8}
    with pytest.raises(DoesNotFit, match="'a' needs more memory than the 2.0 GB"):
        sandbox._result(Path("/nowhere"), answer, request, "'a'")


def test_what_is_no_file_is_refused(tmp_path, scratch):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match="'pipe.csv' is neither a file nor a folder"):
        read.read(tmp_path / "pipe.csv", scratch=scratch)


def test_the_reading_process_has_no_science_of_training_and_loads_numba_once():
    """Not in the fork of each file, which took two thirds of the time of a small one."""
    science = "[m for m in ('torch', 'scanpy', 'umap', 'dash') if m in sys.modules]"
    code = f"import sys; import core.data.read.sandbox_task; print({science}, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[] True", done.stderr


@pytest.mark.slow
def test_a_killed_reader_takes_its_process_and_files_along(long_file, tmp_path):
    path, scratch = long_file, tmp_path / "scratch"
    scratch.mkdir()
    code = f"""from core.data import read
read.read({str(path.with_name("set.h5ad"))!r})
print(read.SERVER.process.pid, flush=True)
read.read({str(path)!r}, scratch={str(scratch)!r})"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    server = psutil.Process(int(child.stdout.readline()))
    fork = psutil.Process(fork_of(server.pid))
    child.kill()
    child.wait()
    child.stdout.close()
    psutil.wait_procs([server, fork], timeout=20)
    assert not server.is_running() and not fork.is_running() and not any(scratch.iterdir())


@pytest.mark.parametrize("code", [0, -7])
def test_a_full_disk_is_not_called_a_damaged_file(tmp_path, monkeypatch, code):
    request = {"most_memory": 2e9, "seconds": 8}
    if code == 0:
        (tmp_path / "answer.json").write_text(
            '{"sentence": "\'a\' is damaged.", "memory": false, "trace": ""}'
        )
    monkeypatch.setattr(sandbox.shutil, "disk_usage", lambda _: SimpleNamespace(free=sandbox.LEAST_DISK - 1))
    with pytest.raises(UserError, match="The disk of the server is full. Free some space"):
        sandbox._result(tmp_path, {"late": False, "code": code}, request, "'a'")
    monkeypatch.setattr(sandbox.shutil, "disk_usage", lambda _: SimpleNamespace(free=sandbox.LEAST_DISK))
    with pytest.raises(UserError, match="'a' is damaged"):
        sandbox._result(tmp_path, {"late": False, "code": code}, request, "'a'")
