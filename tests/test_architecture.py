"""The rooms of the project and the arrows between them, read from the source and from what is loaded."""

import ast
import json
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Room of `core` -> the rooms that it may import. Loose files of `core` (settings, device, errors ...) are free to all.
ALLOWED = {
    "sparse": set(),
    "config": set(),
    "data": {"config", "sparse"},
    "preprocessing": {"config", "data", "sparse"},
    "models": {"config", "sparse"},
    "training": {"models", "preprocessing", "config", "sparse"},
    "figures": {"config", "preprocessing"},
    "store": {"config", "data", "preprocessing", "sparse"},
    "analysis": {"training", "preprocessing", "data", "config", "sparse"},
    "export": {"analysis", "training", "models", "preprocessing", "data", "figures", "config", "sparse"},
}
ENTRY_POINTS = ("cli", "worker")  # may import every room, but not each other
LOOSE = {
    "checkpoint_file",
    "files",
    "settings",
    "device",
    "text",
    "safe_csv",
    "errors",
    "logs",
    "__init__",
    "__main__",
}

# What the web process may load of `core`: descriptions, the store and figures, never the science.
WEB_MAY = {
    *(
        "store",
        "figures",
        "config",
        "errors",
        "settings",
        "text",
        "files",
        "safe_csv",
        "checkpoint_file",
        "logs",
    ),
    *(
        "data",
        "models",
        "worker.launch",
        "preprocessing.recipe",
        "training.phases",
        "training.diagnosis",
        "training.diagnosis_case",
        "training.pca_comparison",
    ),
    *(
        "analysis.metrics.descriptions",
        "analysis.marker_measures",
        "analysis.mapping_summary",
        "analysis.cell_types",
        "analysis.cluster_agreement",
        "analysis.composition",
        "analysis.confounding",
        "export.tables",
    ),
}
SCIENCE = {
    *("torch", "scanpy", "anndata", "h5py", "sklearn", "numba", "umap", "pynndescent", "openTSNE", "igraph"),
    *("harmonypy", "matplotlib", "kaleido", "scipy", "optuna", "tensorboardX"),
}
WEB = {"dash", "flask", "werkzeug", "dash_bootstrap_components", "diskcache", "waitress"}
# Arrows that are still to be cut: (module, room or module).
OWED = set()
FILE_CIRCLES, FOLDER_CIRCLES, ROOM_CIRCLES = 0, 0, 0  # still to be opened


def dotted(path):
    return str(path.relative_to(ROOT)).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {dotted(path): path for top in ("core", "dashboard") for path in sorted((ROOT / top).rglob("*.py"))}


@cache
def tree(path):
    return ast.parse(path.read_text())


class Imports(ast.NodeVisitor):
    """Every name that a file imports, as (name, inside a function?)."""

    def __init__(self, path):
        self.names, self.depth = [], 0
        self.visit(tree(path))

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Import(self, node):
        self.names += [(name.name, bool(self.depth)) for name in node.names]

    def visit_ImportFrom(self, node):
        assert not node.level, "imports are absolute here"
        self.names += [(f"{node.module}.{name.name}", bool(self.depth)) for name in node.names]


@cache
def imports(module):
    return Imports(MODULES[module]).names


def module_of(name):
    """The module of ours that an imported name lies in, or None."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


@cache
def ours(module):
    """The modules of ours that a module imports, lazily or not."""
    return {found for name, _ in imports(module) if (found := module_of(name))} - {module}


def room(module):
    """ "store" for core.store.view, "settings" for core.settings; None outside core."""
    top, *rest = module.split(".")
    return (rest[0] if rest else "__init__") if top == "core" else None


def within(name, modules):
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def circles(graph):
    """The circles of a graph {node: nodes}: its strongly connected parts of more than one node (Tarjan 1972)."""
    order, low, stack, parts = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            at = stack.index(node)
            parts.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return [part for part in parts if len(part) > 1]


def between(place):
    """The graph of the places of modules: `place(module)` is a folder or a room."""
    graph = defaultdict(set)
    for module in MODULES:
        graph[place(module)] |= {place(other) for other in ours(module)} - {place(module)}
    return graph


PARENTS = {path.parent.parent for path in MODULES.values()}  # the folders that hold folders


def folder(module):
    return str(MODULES[module].parent.relative_to(ROOT))


def leaf_folder(module):
    """The folder of a module; files beside folders, and the faces of packages, stand for themselves."""
    path = MODULES[module]
    alone = path.name == "__init__.py" or path.parent in PARENTS
    return module if alone else folder(module)


def top_room(module):
    """ "core/store", "dashboard/pages", or a loose file."""
    return "/".join(MODULES[module].relative_to(ROOT).parts[:2])


def may_import(module, name):
    """May this module of core import this name?"""
    here, other = room(module), room(module_of(name) or "")
    if name.split(".")[0] in WEB | {"dashboard"}:
        return False
    if other in (None, here) or here == "__main__":
        return True
    if here in ENTRY_POINTS:
        return other not in ENTRY_POINTS
    if here in ALLOWED:
        return other not in {*ALLOWED, *ENTRY_POINTS} or other in ALLOWED[here] or (module, other) in OWED
    return other not in {*ALLOWED, *ENTRY_POINTS}


def test_a_room_imports_the_rooms_it_may():
    pairs = [(module, name) for module in MODULES if room(module) for name, _ in imports(module)]
    assert [f"{module} imports {name}" for module, name in pairs if not may_import(module, name)] == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("core.store.runs", "dash.html"),
        ("core.store.runs", "dashboard.app"),
        ("core.sparse.rows", "core.config.RunConfig"),
        ("core.cli.train", "core.worker.execute.drain"),
        ("core.store.runs", "core.worker.queue"),
        ("core.text", "core.store.Store"),
    ],
)
def test_an_arrow_that_is_not_allowed_would_be_found(module, name):
    assert not may_import(module, name)


def test_every_part_of_core_is_a_room_an_entry_point_or_one_of_a_few_loose_files():
    parts = {room(module) for module in MODULES if room(module)}
    assert parts - LOOSE == {*ALLOWED, *ENTRY_POINTS}


def test_every_arrow_that_is_still_to_be_cut_is_there():
    for module, other in OWED:
        assert any(room(found) == other for found in ours(module)), f"{module} no longer imports {other}"


def test_no_circle_of_files_and_none_of_folders():
    files = circles({module: ours(module) for module in MODULES})
    assert len(files) <= FILE_CIRCLES, files
    folders = circles(between(leaf_folder))
    assert len(folders) <= FOLDER_CIRCLES, folders
    rooms = circles(between(top_room))
    assert len(rooms) <= ROOM_CIRCLES, rooms


def test_a_circle_would_be_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_the_store_loads_the_science_late():
    pairs = [(m, name) for m in MODULES if room(m) == "store" for name, late in imports(m) if not late]
    assert pairs and not [f"{m} imports {name} at once" for m, name in pairs if name.split(".")[0] in SCIENCE]


def test_only_figures_know_plotly():
    pairs = [(m, name) for m in MODULES if room(m) for name, _ in imports(m) if within(name, ["plotly"])]
    assert pairs and not [f"{m} imports {name}" for m, name in pairs if room(m) != "figures"]


# With NUWA_INLINE=1 the web process carries out jobs itself; only then does its entry point load the worker.
WORKS_ITSELF = {"dashboard.__main__"}


def web_may_import(module, name, late):
    """May this module of the dashboard import this name?"""
    if name.split(".")[0] != "core":
        return name.split(".")[0] not in SCIENCE
    if within(name, ["core.store.schema", "core.data.read"]):
        return False
    inline = late and module in WORKS_ITSELF and within(name, ["core.worker"])
    return inline or within(name, [f"core.{part}" for part in WEB_MAY])


def test_the_dashboard_knows_of_core_what_it_may():
    triples = [(m, *found) for m in MODULES if m.startswith("dashboard") for found in imports(m)]
    assert triples and not [
        f"{m} imports {name}" for m, name, late in triples if not web_may_import(m, name, late)
    ]


@pytest.mark.parametrize(
    ("module", "name", "late"),
    [
        ("dashboard.app", "torch.nn", True),
        ("dashboard.app", "core.data.read.read", True),
        ("dashboard.app", "core.store.schema.runs", True),
        ("dashboard.app", "core.analysis.leiden", True),
        ("dashboard.app", "core.worker.execute", True),
        ("dashboard.__main__", "core.worker.execute", False),
    ],
)
def test_what_the_dashboard_may_not_know_would_be_found(module, name, late):
    assert not web_may_import(module, name, late)


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
def web_process(tmp_path_factory):
    """What a web process has loaded once it has imported every page and answered its first requests."""
    folder = tmp_path_factory.mktemp("empty")
    words = [sys.executable, "-c", PROBE, str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_web_process_answers_on_an_empty_folder(web_process):
    assert web_process["answers"] == [200, 200, 200]


def test_the_web_process_never_loads_the_science(web_process):
    assert "dash" in web_process["loaded"] and not SCIENCE & {*web_process["loaded"]}
