"""Fixtures for all tests: a tiny dataset with clear groups, a store in its own folder, a browser."""

import gc
import os
import shutil

from core import settings as environment

THREADS = environment.limit_threads()  # before torch or numpy: two busy threads on two cores are slow

import pytest  # noqa: E402
from app_under_test import AppUnderTest  # noqa: E402
from browsing import context, page, page_errors, server, tiny_preparation, tiny_run  # noqa: E402, F401 - fixtures
from commands import rich_file, trained_folder  # noqa: E402, F401 - fixtures
from constants import QUICK, REAL_DATA  # noqa: E402
from serving import serving  # noqa: E402
from shared_folders import copy_of  # noqa: E402

from core.config import RunConfig  # noqa: E402
from core.data import demo  # noqa: E402
from core.store import Store  # noqa: E402
from core.worker import queue  # noqa: E402
from core.worker.execute import drain  # noqa: E402

BROWSER = "tests/browser/"
NOT_COMPILED = ("tests/config/", "tests/figures/", "tests/store/", "tests/test_")  # tests that need no numba


def pytest_collection_modifyitems(items):
    """Start with the tests in a browser: they take the longest, and wait more than they compute.

    Beside them go the tests that need no compiled code: on a new checkout the first server compiles it for half a minute.
    """
    items.sort(key=lambda item: (BROWSER not in item.nodeid, not item.nodeid.startswith(NOT_COMPILED)))


def pytest_collection_finish():
    """Leave what is loaded out of garbage collections: each would look through two million objects, for a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def pytest_xdist_make_scheduler(config, log):
    """Files are run one by one, in any of the processes; those in a browser in one, which share a server and a run."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return BROWSER if BROWSER in nodeid else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Remove the NUWA_ variables of the developer's own server."""
    for name in [
        name for name in os.environ if name.startswith("NUWA_") and not name.startswith("NUWA_TEST")
    ]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def tiny():
    """240 simulated cells of 8 types, 120 genes, 8 proteins (2 of them isotype controls). Read only: copy it."""
    return demo.simulated(n_cells=240, n_genes=120, n_proteins=8)


@pytest.fixture(scope="session")
def tiny_file(tiny, tmp_path_factory):
    """The tiny dataset as an .h5ad file."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.h5ad"
    tiny.write_h5ad(path)
    return path


@pytest.fixture(scope="session")
def run_quick():
    """A run of three epochs with a small network, in a second or less."""
    return RunConfig(**QUICK)


@pytest.fixture
def settings(tmp_path):
    """Settings of a server over an empty folder that runs jobs in the process that asks."""
    return environment.Settings(data_dir=tmp_path / "data", inline=True)


@pytest.fixture
def store(settings):
    """An empty Store."""
    made = Store(settings)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="session")
def real_data():
    """A function from a file name to its path among the real data; it skips the test where there is none."""

    def find(name):
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"no real data at {path} (NUWA_TEST_DATA)")
        return path

    return find


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """An app over an empty store."""
    return AppUnderTest(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def new_with_demo(tmp_path_factory):
    """A function that gives an app of its own after its first start: the demo datasets have been read."""

    def make(folder):
        nuwa = AppUnderTest(folder)
        queue.add_demos(nuwa.store)
        drain(nuwa.store)
        nuwa.store.engine.dispose()

    return lambda: AppUnderTest(copy_of("with_demo", make, tmp_path_factory))


@pytest.fixture(scope="session")
def new_finished(tmp_path_factory, tiny_file, run_quick):
    """A function that gives an app of its own with one run, trained and with clusters, as no test has touched it."""

    def make(folder):
        nuwa = AppUnderTest(folder).with_run(tiny_file, run_quick.model_dump())
        nuwa.store.engine.dispose()

    def new():
        nuwa = AppUnderTest(copy_of("finished", make, tmp_path_factory))
        (run,) = nuwa.view.runs.all()
        nuwa.dataset, nuwa.preparation, nuwa.run = run["dataset"], run["preparation"], run["id"]
        return nuwa

    return new


@pytest.fixture(scope="session")
def apps():
    """The apps that modules of this process share, and what each held at first."""
    return {}


def shared_app(apps, name, new):
    """Yield an app that modules share. Where a module leaves other datasets or runs, the next one gets a new app.

    Pages show the latest run, so what a module has added would change what another one sees.
    """
    if name not in apps:
        nuwa = new()
        apps[name] = nuwa, records_of(nuwa.store)
    nuwa, before = apps[name]
    yield nuwa
    if records_of(nuwa.store) != before:
        del apps[name]


def records_of(store):
    """Ids, names and states of the datasets, preparations and runs of a store."""
    rows = [row for kind in ("dataset", "preparation", "run") for row in store.rows(kind)]
    return sorted((row["id"], row.get("name", ""), row["status"]) for row in rows)


@pytest.fixture(scope="module")
def with_demo(apps, new_with_demo):
    """An app after its first start. Tests may add rows to it, and change none."""
    yield from shared_app(apps, "with_demo", new_with_demo)


@pytest.fixture(scope="module")
def finished(apps, new_finished):
    """An app with one run, trained and with clusters. Tests may add rows to it, and change none."""
    yield from shared_app(apps, "finished", new_finished)


@pytest.fixture
def empty_nuwa(tmp_path):
    return AppUnderTest(tmp_path / "data")


@pytest.fixture(scope="module")
def serve():
    with serving() as start:
        yield start


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The machine's Chromium, else Playwright's own; WebGL in software, as there may be no GPU."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    arguments = [
        "--no-sandbox",  # tests run as root in containers, where Chromium's sandbox does not start
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-gpu-compositing",  # the page itself is painted without that software GPU, at a third of the time
        "--disable-background-networking",
    ]
    path = next((path for path in found if path), None)
    return browser_type_launch_args | {"args": arguments} | ({"executable_path": path} if path else {})


@pytest.fixture
def tf32(monkeypatch):
    """torch's sum of products on the CPU as a GPU has it under TF32: wherever "high" precision is enough, as a training on
    a GPU has it and this sets, factors keep ten bits."""
    import torch

    whole, added = torch.addmm, torch.Tensor.addmm_

    def rounded(*factors):
        if torch.get_float32_matmul_precision() == "highest":
            return factors
        return [((x.contiguous().view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32) for x in factors]

    monkeypatch.setattr(torch, "addmm", lambda to, a, b, **how: whole(to, *rounded(a, b), **how))
    monkeypatch.setattr(torch.Tensor, "addmm_", lambda to, a, b, **how: added(to, *rounded(a, b), **how))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    yield
    torch.set_float32_matmul_precision(before)
