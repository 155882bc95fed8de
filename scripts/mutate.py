"""Mutation testing: does a small change of the science make a test fail?

python scripts/mutate.py [--sample N] [--seed S] [--only TEXT] [--out FILE]

Changes one operator, constant, condition or order of arguments of a chosen function at a time, in a copy of the tracked
files, and runs the tests of that file. Prints a table of the mutations that no test noticed, and a count by file. Each
result is written to FILE (JSON lines) at once; those that are there already are not run again, so that a night's run can be
stopped and continued. A mutation that does not change what the function does counts as surviving: read it before you write
a test for it.
"""

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A file of core -> its tests, and the functions to change (all of them where none is named).
TARGETS = {
    "analysis/clustering.py": ("analysis/test_clustering.py", ("steadiness", "_steadiest")),
    "analysis/embedding.py": ("analysis/test_embedding.py", ("umap", "principal")),
    "analysis/label_transfer.py": ("analysis/test_reference_mapping.py", ()),
    "analysis/leiden.py": ("analysis/test_leiden.py", ()),
    "analysis/marker_measures.py": ("analysis/test_markers.py", ()),
    "analysis/markers.py": ("analysis/test_markers.py", ("_table", "auc_within", "_u", "is_tested")),
    "analysis/neighbors.py": ("analysis/test_neighbors.py", ()),
    "analysis/pseudobulk.py": ("analysis/test_pseudobulk.py", ()),
    "analysis/metrics/count_split.py": (
        "analysis/metrics/test_count_split.py",
        ("split", "_half", "pca_errors", "_errors", "score"),
    ),
    "analysis/metrics/intervals.py": ("analysis/metrics/test_intervals.py", ()),
    "analysis/metrics/lisi.py": ("analysis/metrics/test_lisi.py", ()),
    "analysis/metrics/neighbourhoods.py": ("analysis/metrics/test_neighbourhoods.py", ()),
    "analysis/metrics/scores.py": ("analysis/metrics/test_scores.py", ()),
    "analysis/metrics/seed_stability.py": ("analysis/metrics/test_seed_stability.py", ()),
    "models/counts.py": ("models/test_counts.py models/test_objective.py", ()),
    "models/likelihood.py": ("models/test_counts.py", ()),
    "models/variational.py": ("models/test_objective.py training/test_held_out.py", ()),
    "training/baselines.py": ("training/test_baselines.py", ("parts", "squared_error", "axes_of", "fit")),
    "training/count_baselines.py": ("models/test_counts.py", ()),
    "training/dispersion.py": ("training/test_dispersion.py", ()),
    "training/expected_log.py": ("training/test_expected_log.py", ()),
    "training/held_out.py": ("training/test_held_out.py", ("held_out", "evidence_bound")),
    "training/loop.py": (
        "training/test_loop.py models/test_objective.py",
        ("learning_rate", "weighted", "warmth", "peak_epoch", "clip_gradients"),
    ),
    "training/loss_groups.py": ("training/test_loss_groups.py", ("jackknife", "measure")),
    "preprocessing/dsb.py": ("preprocessing/test_dsb.py", ()),
    "preprocessing/protein_transforms.py": (
        "preprocessing/test_dsb.py preprocessing/test_prepare.py",
        ("clr", "geometric_means"),
    ),
    "preprocessing/split.py": ("preprocessing/test_split.py", ("split_cells", "scored")),
    "preprocessing/variable_genes.py": ("preprocessing/test_gene_selection.py", ()),
    "preprocessing/steps/doublets_and_cycle.py": (
        "preprocessing/test_doublets_and_cycle.py",
        ("rate_of", "_expected", "_scrublet"),
    ),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
SECONDS = 900  # for the tests of one mutation; a loop that does not end is noticed


def changes(node):
    """Yield (description, function that changes the node in place) for each mutation of one node."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS or isinstance(node, ast.BoolOp):
        yield from _operator(node)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        other = OPERATORS[type(node.ops[0])]
        yield (
            f"{type(node.ops[0]).__name__} to {other.__name__}",
            lambda n: n.ops.__setitem__(0, OPERATORS[type(n.ops[0])]()),
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "minus dropped", lambda n: setattr(n, "op", ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        value = node.value
        if isinstance(value, bool):
            yield f"{value} to {not value}", lambda n: setattr(n, "value", not n.value)
        else:
            after = value + 1 if isinstance(value, int) else value * 2 if value else 1.0
            yield f"{value} to {after}", lambda n: setattr(n, "value", after)
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        yield "first two arguments swapped", lambda n: n.args.__setitem__(slice(0, 2), n.args[1::-1])


def _operator(node):
    other = OPERATORS[type(node.op)]
    yield f"{type(node.op).__name__} to {other.__name__}", lambda n: setattr(n, "op", OPERATORS[type(n.op)]())


def mutations(source, functions):
    """[(function, "line:columns", description, mutated source)] of a file, its docstrings and annotations left alone."""
    tree, made = ast.parse(source), []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or (functions and function.name not in functions):
            continue
        at = [i for i, node in enumerate(ast.walk(function)) if _may_change(function, node)]
        nodes = list(ast.walk(function))
        for i in at:
            for description, _ in changes(nodes[i]):
                made.append(
                    (function.name, _place(nodes[i]), description, _changed(tree, function, i, description))
                )
    return made


def _place(node):
    return f"{node.lineno}:{node.col_offset + 1}-{node.end_col_offset}"


def _may_change(function, node):
    return hasattr(node, "lineno") and node.lineno >= function.body[0].lineno


def _changed(tree, function, i, description):
    """The source of the tree with one change to node `i` of the function."""
    whole = copy.deepcopy(tree)
    same = next(
        f
        for f in ast.walk(whole)
        if isinstance(f, ast.FunctionDef) and (f.name, f.lineno) == (function.name, function.lineno)
    )
    node = list(ast.walk(same))[i]
    next(change for words, change in changes(node) if words == description)(node)
    return ast.unparse(ast.fix_missing_locations(whole))


def copied(folder):
    """A copy of the tracked files in `folder`."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def outcome(folder, tests):
    """ "noticed", "survived" or "timed out" of the tests in `folder`, and their seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow"]
    started = time.perf_counter()
    try:
        done = subprocess.run(
            [*command, *(f"tests/{name}" for name in tests.split())],
            cwd=folder,
            env=os.environ | {"NUMBA_CACHE_DIR": str(folder / ".numba")},
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "timed out", SECONDS
    return "noticed" if done.returncode else "survived", round(time.perf_counter() - started, 1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="how many mutations to draw by chance (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", default="", help="a part of the names of the files to change")
    parser.add_argument(
        "--out", type=Path, default=ROOT / ".cache/mutations.jsonl", help="the file of results"
    )
    options = parser.parse_args()
    todo = []
    for name, (tests, functions) in TARGETS.items():
        if options.only in name:
            for function, place, description, source in mutations(
                (ROOT / "core" / name).read_text(), functions
            ):
                todo.append(
                    (
                        {"file": name, "function": function, "place": place, "change": description},
                        tests,
                        source,
                    )
                )
    if options.sample is not None:
        todo = random.Random(options.seed).sample(todo, min(options.sample, len(todo)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results = _known(options.out)
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name)
        copied(folder)
        for tests in sorted({tests for _, tests, _ in todo}):
            if outcome(folder, tests)[0] != "survived":
                sys.exit(f"The tests {tests} fail without a mutation: mend them first.")
        for i, (key, tests, source) in enumerate(todo, start=1):
            if json.dumps(key) not in results:
                path = folder / "core" / key["file"]
                before = path.read_text()
                path.write_text(source)
                result, seconds = outcome(folder, tests)
                path.write_text(before)
                results[json.dumps(key)] = key | {"outcome": result, "seconds": seconds}
                with options.out.open("a") as file:
                    file.write(json.dumps(results[json.dumps(key)]) + "\n")
            print(f"{i}/{len(todo)}  {results[json.dumps(key)]['outcome']:<9} {_words(key)}", flush=True)
    print("\n" + "\n".join(table([results[json.dumps(key)] for key, _, _ in todo])))


def _known(path):
    """{key as JSON: result} of the mutations that were run before."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {json.dumps({k: row[k] for k in ("file", "function", "place", "change")}): row for row in rows}


def _words(key):
    return f"core/{key['file']}:{key['place']} {key['function']}: {key['change']}"


def table(rows):
    """Lines: the mutations that survived, then how many of how many by file."""
    yield "| file | mutations | survived |"
    yield "|---|---|---|"
    for name in sorted({row["file"] for row in rows}):
        here = [row for row in rows if row["file"] == name]
        yield f"| {name} | {len(here)} | {sum(row['outcome'] == 'survived' for row in here)} |"
    survived = [row for row in rows if row["outcome"] == "survived"]
    yield f"| all | {len(rows)} | {len(survived)} ({len(survived) / max(1, len(rows)):.0%}) |"
    yield ""
    yield from (f"survived: {_words(row)}" for row in survived)


if __name__ == "__main__":
    main()
