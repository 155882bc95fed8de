"""Names that stand in one place alone: of models, ids, what a view of the store has, and test files."""

import ast
import importlib
import subprocess
import sys

import pytest
from test_architecture import MODULES, ROOT, tree

from core.config.models import MODELS
from core.settings import from_environment
from core.store import Store


def model_names_in(tree, names):
    """The lines of a syntax tree that ask for a model by its name: in a comparison, a pattern, or a table of models."""
    plain = names - {"counts", "linear"}  # these two are also kinds of values and of an axis

    def texts(node):
        return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}

    for node in ast.walk(tree):
        said = set()
        if isinstance(node, ast.Compare | ast.MatchValue):
            text = ast.unparse(node)
            said = texts(node) & (names if "model" in text.replace("models.", "") else plain)
        elif isinstance(node, ast.Dict):
            said = {key.value for key in node.keys if isinstance(key, ast.Constant)} & plain
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            said = {part.value for part in node.elts if isinstance(part, ast.Constant)} & plain
        if said:
            yield node.lineno


def test_no_other_file_asks_for_a_model_by_its_name():
    others = {
        m: path for m, path in MODULES.items() if not m.startswith(("core.config.models", "core.models"))
    }
    lines = [f"{m}:{line}" for m, path in others.items() for line in model_names_in(tree(path), set(MODELS))]
    assert others and not lines


@pytest.mark.parametrize(
    "text",
    [
        'config.model == "counts"',
        'run["config"]["model"] in ("linear", "x")',
        '{"citeseq": 0.1}',
        '("variational",)',
    ],
)
def test_a_name_would_be_found(text):
    assert [*model_names_in(ast.parse(text), set(MODELS))]


def test_describing_a_run_loads_nothing_heavy():
    """The form, the drawing and the count of weights come from text alone."""
    code = (
        "import sys; from core import config, models, errors, settings; from core.worker import launch;"
        "config.RunConfig().for_data(100, 12).layers(10, 2); config.specs(); sys.exit(any(m in sys.modules for m in ('numpy', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_every_name_of_an_id_is_given_once_and_no_two_ids_are_the_same():
    """A second assignment would silently give one card the parts of another."""
    plain = []
    for module in (m for m in MODULES if m.startswith("dashboard") and m.endswith(".ids")):
        given = [node for node in tree(MODULES[module]).body if isinstance(node, ast.Assign)]
        names = [target.id for node in given for target in node.targets]
        assert len(names) == len(set(names)), f"{module} gives a name twice"
        values = [getattr(importlib.import_module(module), name) for name in names]
        plain += [part for value in values for part in ([value] if isinstance(value, str) else value)]
    assert len(plain) > 200 and not [id for id in plain if plain.count(id) > 1]


def of_views(path):
    """[(line, names)] of every chain such as `view.runs.one` in a file: the names behind the View, at most two."""
    if not ("view" in (text := path.read_text()) or "store.of(" in text):
        return
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Attribute):
            continue
        names, base = [], node
        while isinstance(base, ast.Attribute):
            names.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Call) and ast.unparse(base.func).endswith("store.of"):
            yield node.lineno, names[:2]
        elif isinstance(base, ast.Name) and "view" in (base.id, *names[:1]) and names[:1] != ["store"]:
            chain = [base.id, *names]
            yield node.lineno, chain[chain.index("view") + 1 :][:2]


def test_what_is_asked_of_a_view_of_the_store_is_there(tmp_path):
    view = Store(from_environment({"NUWA_DATA_DIR": str(tmp_path)})).of("local")
    files = [
        path
        for top in ("core", "dashboard", "bench", "scripts", "tests")
        for path in (ROOT / top).rglob("*.py")
    ]
    for path in files:
        if "fixtures" in path.parts:
            continue
        for line, names in of_views(path):
            found = view
            for name in names:
                assert hasattr(found, name), (
                    f"{path.relative_to(ROOT)}:{line}: a View has no {'.'.join(names)}"
                )
                found = getattr(found, name)


def test_test_files_have_names_of_their_own():
    """Two files of one name in two folders end pytest where both are collected."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert not [name for name in set(names) if names.count(name) > 1]
