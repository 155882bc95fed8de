"""Whatever is wrong with a file: one sentence or a sound dataset, soon, in little memory, and nothing left behind."""

import os
import random
import shutil
import time
from pathlib import Path

import damage
import formats
import numpy as np
import pytest
import tenx_layouts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from core.data import checks as doctor
from core.data import read
from core.errors import UserError

LONGEST, MOST = 10.0, 2 * 1024**3  # seconds and bytes that no file may need
HDF5 = ("h5ad", "h5ad_dense", "h5mu", "tenx_h5", "tenx_h5_2", "loom")
TEXT = ("csv", "tsv_gz", "tenx_folder", "tenx_folder_2", "kb_python", "parse", "atlas", "kb_lamanno")
LAYOUTS = {name: tenx_layouts.LAYOUTS[name] for name in ("kb_python", "parse", "atlas", "kb_lamanno", "tar")}
FORMS = formats.FORMS | LAYOUTS
# What is broken, of which forms, and by what.
KINDS = {
    "bytes": (tuple(FORMS), damage.of_bytes),
    "hdf5": (HDF5, damage.of_hdf5),
    "text": (TEXT, damage.of_text),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A sound file of every form: form -> path."""
    folder, adata = tmp_path_factory.mktemp("good"), formats.counts()
    for form in FORMS:
        (folder / form).mkdir()
    return {form: write(adata, folder / form) for form, write in FORMS.items()}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """An empty folder for cases, emptied by each."""
    return tmp_path_factory.mktemp("cases")


def judge(path, scratch):
    """Read `path`: a sound AnnData or one sentence, within the limits."""
    around = {p for p in path.parent.rglob("*")}
    scratch.mkdir()
    begun = time.monotonic()
    try:
        adata = read.read(path, scratch=scratch)
        took = time.monotonic() - begun
    except UserError as error:
        took = time.monotonic() - begun
        sentence = str(error)
        assert sentence.strip() and "\n" not in sentence and sentence[-1] in ".?", sentence
        assert "Traceback" not in sentence and "Error(" not in sentence and len(sentence) < 600, sentence
        assert "An error of Nuwa" not in sentence, sentence  # what is damaged is no mistake of ours
    else:
        values = adata.X.data if sparse.issparse(adata.X) else adata.X
        assert adata.n_obs >= read.MIN_CELLS and adata.n_vars
        told = {finding.code for finding in doctor.examine(adata).findings}
        assert np.isfinite(values).all() or "not-finite" in told
        assert adata.obs_names.is_unique and adata.var_names.is_unique and adata.X.dtype == np.float32
        read.data_hash(adata)
    assert took < LONGEST
    assert read.SERVER.last["peak"] < MOST
    assert not any(scratch.iterdir()) and {p for p in path.parent.rglob("*")} == around
    assert read.SERVER.process.poll() is None


def case(good, room, form):
    """A copy of the sound file of a form, in an emptied folder, and a scratch folder beside it."""
    shutil.rmtree(room)
    (room / "in").mkdir(parents=True)
    source, path = good[form], room / "in" / good[form].name
    shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
    return path, room / "scratch"


def a_file(path, dice):
    """The file itself, or one of a folder's."""
    return path if path.is_file() else dice.choice(sorted(p for p in path.rglob("*") if p.is_file()))


# --- the cases


def one_case(good, room, kind, form, seed):
    """Break a file, or make an archive that means harm, as the seed says, and judge what reading it gives."""
    dice = random.Random(seed)
    if kind in ("archive", "bomb"):
        shutil.rmtree(room)
        (room / "in").mkdir(parents=True)
        made = damage.evil_archive if kind == "archive" else damage.bomb
        path, scratch = made(room / "in", dice), room / "scratch"
    else:
        forms, broken = KINDS[kind]
        path, scratch = case(good, room, forms[form % len(forms)])
        broken(a_file(path, dice), dice)
    judge(path, scratch)
    assert not Path("/tmp/nuwa-out").exists() and not (room / "out").exists()


CASES = given(
    kind=st.sampled_from(["bytes", "bytes", "hdf5", "hdf5", "text", "archive", "bomb"]),
    form=st.integers(0, 1000),
    seed=st.integers(0, 2**32),
)


def budget(n):
    """So many cases, the same ones each time: what fails in CI fails on the next machine too."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=n, deadline=None, derandomize=True, suppress_health_check=checks)


@pytest.mark.parametrize("seed", range(3))
def test_what_unpacks_to_far_more_than_it_is_is_refused(room, seed):
    one_case(None, room, "bomb", 0, seed)


@budget(30)
@CASES
def test_a_broken_file_gets_a_sentence(good, room, kind, form, seed):
    one_case(good, room, kind, form, seed)


@pytest.mark.slow
@budget(1000)
@CASES
def test_a_thousand_broken_files_get_a_sentence(good, room, kind, form, seed):
    one_case(good, room, kind, form, seed)


@pytest.mark.parametrize("form", FORMS)
def test_each_sound_file_is_read(good, room, form):
    path, scratch = case(good, room, form)
    judge(path, scratch)
    assert read.read(path).shape == (30, 20)


def test_nothing_of_ours_runs_on(good):
    """A file that is read leaves one process, the one that waits for the next file."""
    read.read(good["h5ad"])
    children = Path(f"/proc/{read.SERVER.process.pid}/task/{read.SERVER.process.pid}/children").read_text()
    assert children.split() == [] and os.getpid() != read.SERVER.process.pid
