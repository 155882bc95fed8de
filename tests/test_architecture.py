"""The arrows of the house: who imports whom, read from the source and from what is loaded."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import ids

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted((ROOT / "core").rglob("*.py"))
DASHBOARD = sorted((ROOT / "dashboard").rglob("*.py"))

# What the window may know of the science: descriptions, the store, figures. Everything else lives in the worker.
WINDOW_MAY = {
    "config",
    "settings",
    "store",
    "figures",
    "launch",
    "map_words",
    "measures",
    "score_words",
    "spreadsheet",
    "errors",
    "models",
    "phases",
    "recipe",
    "suggest",
    "takeaway",
    "words",
}
SCIENCE = {
    "torch",
    "scanpy",
    "anndata",
    "h5py",
    "sklearn",
    "numba",
    "umap",
    "pynndescent",
    "openTSNE",
    "igraph",
    "harmonypy",
    "matplotlib",
    "kaleido",
}
WINDOW = {"dash", "flask", "werkzeug", "dash_bootstrap_components", "diskcache", "waitress"}
# With NUWA_INLINE=1 the process that asks does the work itself, and loads the worker when it comes to that.
WORKS_ITSELF = {"dashboard/follow.py", "dashboard/__main__.py"}
HANDS = {"core.store", "core.worker", "core.launch", "core.cli", "core.rundir"}
# Those of core that have hands themselves, and so may use the store and the worker.
WITH_HANDS = {"cli", "store", "worker", "rundir", "launch", "__main__"}


class Imports(ast.NodeVisitor):
    """Every module that a file imports, as (name, in a function?)."""

    def __init__(self, path):
        self.package = ".".join(path.relative_to(ROOT).parts[:-1])
        self.found, self.depth = [], 0
        self.visit(ast.parse(path.read_text()))

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Import(self, node):
        self.found += [(name.name, bool(self.depth)) for name in node.names]

    def visit_ImportFrom(self, node):
        base = node.module or ""
        if node.level:
            above = self.package.split(".")[: len(self.package.split(".")) - node.level + 1]
            base = ".".join([*above, *([base] if base else [])])
        self.found += [(f"{base}.{name.name}", bool(self.depth)) for name in node.names]


def imports(path):
    return Imports(path).found


def within(name, module):
    return name == module or name.startswith(f"{module}.")


def named(path):
    return str(path.relative_to(ROOT))


def room(path):
    """What part of core a file belongs to: "store" for core/store/view.py, "train" for core/train.py."""
    return path.relative_to(ROOT / "core").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", CORE, ids=named)
def test_core_never_imports_the_window(path):
    for name, _ in imports(path):
        assert name.split(".")[0] not in WINDOW | {"dashboard"}, f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", [p for p in CORE if room(p) not in WITH_HANDS], ids=named)
def test_pure_files_have_no_hands(path):
    for name, _ in imports(path):
        assert not any(within(name, hand) for hand in HANDS), f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", [p for p in CORE if room(p) == "store"], ids=named)
def test_the_store_knows_neither_worker_nor_science(path):
    for name, late in imports(path):
        assert not any(within(name, hand) for hand in HANDS - {"core.store"}), f"{named(path)} imports {name}"
        assert late or name.split(".")[0] not in SCIENCE | {"scipy"}, f"{named(path)} imports {name} at once"


@pytest.mark.parametrize("path", [p for p in CORE if room(p) != "figures"], ids=named)
def test_only_the_figures_know_plotly(path):
    assert not any(within(name, "plotly") for name, _ in imports(path))


@pytest.mark.parametrize("path", DASHBOARD, ids=named)
def test_the_window_knows_of_core_what_it_may(path):
    for name, late in imports(path):
        top, *rest = name.split(".")
        assert top not in SCIENCE, f"{named(path)} imports {name}"
        if top != "core":
            continue
        inline = late and named(path) in WORKS_ITSELF and within(name, "core.worker")
        assert inline or rest[0] in WINDOW_MAY, f"{named(path)} imports {name}"
        assert not within(name, "core.store.schema") and not within(name, "core.data.read"), named(path)


def test_the_window_was_found():
    assert len(DASHBOARD) > 10 and len(CORE) > 30


BELOW_THE_APP = [path for path in DASHBOARD if path.name not in ("app.py", "__main__.py")]


@pytest.mark.parametrize("path", BELOW_THE_APP, ids=named)
def test_the_window_has_no_circles(path):
    """The app knows the pages, the pages know their components, and never the other way round."""
    above = ["dashboard.app"] if path.parent.name == "pages" else ["dashboard.app", "dashboard.pages"]
    for name, _ in imports(path):
        assert not any(within(name, module) for module in above), f"{named(path)} imports {name}"


PROBE = """
import importlib, json, pkgutil, sys, time
from pathlib import Path
start = time.perf_counter()
import dashboard
for found in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
    if found.name != "dashboard.__main__":  # which begins to serve, and sets how children are made
        importlib.import_module(found.name)
from core import settings
from core.store import Store
from dashboard.app import create_app
app = create_app(Store(settings.from_environment({"NUWA_DATA_DIR": sys.argv[1]})))
with app.server.test_client() as client:
    answers = [client.get(path).status_code for path in ("/", "/_dash-layout", "/_dash-dependencies")]
loaded = {name.split(".")[0] for name in sys.modules}
print(json.dumps({"loaded": sorted(loaded), "answers": answers, "seconds": time.perf_counter() - start}))
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    """What a window process has loaded once it has imported every page and answered its first requests."""
    folder = tmp_path_factory.mktemp("empty")
    words = [sys.executable, "-c", PROBE, str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_window_answers_on_an_empty_folder(window):
    assert window["answers"] == [200, 200, 200]


@pytest.mark.parametrize("name", sorted(SCIENCE | {"scipy"}))
def test_the_window_never_loads_the_science(window, name):
    assert "dash" in window["loaded"] and name not in window["loaded"]


def test_describing_a_run_loads_nothing_heavy():
    """The form, the drawing and the count of weights come from text alone."""
    code = (
        "import sys; from core import config, models, errors, settings, launch;"
        "config.RunConfig().for_data(100, 12).layers(10, 2); config.specs(); sys.exit(any(m in sys.modules for m in ('numpy', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_every_name_of_an_id_is_given_once_and_no_two_ids_are_the_same():
    """A second assignment would silently give one card the parts of another."""
    given = [
        node
        for node in ast.parse((ROOT / "dashboard/ids.py").read_text()).body
        if isinstance(node, ast.Assign)
    ]
    names = [target.id for node in given for target in node.targets if isinstance(target, ast.Name)]
    plain = [node.value.value for node in given if isinstance(node.value, ast.Constant)]
    plain += [
        part
        for node in given
        if isinstance(node.value, ast.Call)
        for part in getattr(ids, node.targets[0].id)
    ]
    assert len(names) > 200 and not [name for name in names if names.count(name) > 1]
    assert not [id for id in plain if plain.count(id) > 1]
