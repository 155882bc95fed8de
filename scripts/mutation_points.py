"""Which functions are mutated, and how: one operator, constant, condition or order of arguments at a time."""

import ast
import copy
from functools import partial
from typing import NamedTuple

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
    "analysis/seeds_together.py": ("analysis/test_seeds_together.py", ("side_by_side", "_standardised")),
    "analysis/metrics/count_split.py": (
        "analysis/metrics/test_count_split.py",
        ("split", "_half", "pca_errors", "errors_of", "model_errors", "score"),
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
        ("weighted", "clip_gradients", "l2_penalty"),
    ),
    "training/schedule.py": ("training/test_loop.py", ()),
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
TARGETS["data/standalone/bimodal.py"] = TARGETS["preprocessing/steps/doublets_and_cycle.py"][0], ()

# Mistakes that no operator below makes, each (file, function, code, mistaken code, words): tests once let them pass.
NAMED = (
    (
        "models/counts.py",
        "Counts.expected",
        "torch.lerp(foreground, background, mixing.sigmoid())",
        "torch.lerp(background, foreground, mixing.sigmoid())",
        "background and foreground swapped",
    ),
    ("analysis/clustering.py", "_steadiest", "- error[best]", "- 0 * error[best]", "standard error left out"),
    (
        "data/standalone/bimodal.py",
        "between_modes",
        "uniform_filter1d(smooth, 3)",
        "uniform_filter1d(smooth, 5)",
        "smoothing over five bins",
    ),
    (
        "analysis/label_transfer.py",
        "farness",
        "near.distances[:, -1]",
        "near.distances[:, -2]",
        "the 14th neighbour of mapped cells",
    ),
    (
        "analysis/metrics/lisi.py",
        "per_cell",
        "min(perplexity, neighbors.indices.shape[1] / 3)",
        "perplexity",
        "perplexity without its cap",
    ),
    ("analysis/embedding.py", "umap", "min_dist=MIN_DIST", "min_dist=0.1", "umap-learn's min_dist"),
    (
        "training/schedule.py",
        "learning_rate",
        "plan.lr / 250000.0",
        "plan.lr / 25",
        "last rate of one-cycle",
    ),
    (
        "models/counts.py",
        "Counts.__init__",
        "config.weight_of('protein') * n_genes / n_proteins",
        "config.weight_of('protein')",
        "price of a nat of background",
    ),
)
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


class Mutation(NamedTuple):
    """One change of one function: `function` is its qualified name, "" where it is a constant of the module."""

    file: str  # below core
    function: str
    place: str  # "line:columns"
    change: str
    source: object  # a function that gives the whole changed file
    tests: str

    @property
    def key(self):
        """What names it, for a record of results."""
        return {"file": self.file, "function": self.function, "place": self.place, "change": self.change}


def mutations(root, only=""):
    """All Mutations of the TARGETS below `root`/core whose names contain `only`."""
    made = [named(root, *one) for one in NAMED if only in one[0]]
    for name, (tests, functions) in TARGETS.items():
        if only in name:
            made += of_source(name, (root / "core" / name).read_text(), tests, functions)
    return made


def named(root, file, function, code, mistaken, words):
    """The Mutation of one of NAMED; raises ValueError where its code is not there once."""
    source = ast.unparse(ast.parse((root / "core" / file).read_text()))
    if source.count(code) != 1:
        raise ValueError(f"core/{file} has '{code}' {source.count(code)} times: correct NAMED")
    return Mutation(file, function, "named", words, lambda: source.replace(code, mistaken), TARGETS[file][0])


def of_source(name, source, tests="", functions=()):
    """The Mutations of one file: of its functions and methods, and where no function is named of its constants.

    Docstrings, annotations and defaults are left alone. Raises ValueError for a function that is not there.
    """
    tree, made = ast.parse(source), []
    if missing := set(functions) - {qualified.split(".")[-1] for qualified, _ in _functions(tree)}:
        raise ValueError(f"core/{name} has no function {', '.join(missing)}: correct TARGETS")
    for qualified, path in _functions(tree):
        if functions and qualified.split(".")[-1] not in functions:
            continue
        nodes = list(ast.walk(_at(tree, path)))
        first = nodes[0].body[0].lineno
        for i, node in enumerate(nodes):
            if hasattr(node, "lineno") and node.lineno >= first:
                made += _of_node(name, tests, tree, qualified, path, i, node)
    for i, statement in enumerate(tree.body if not functions else ()):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            made += _of_node(name, tests, tree, "", (i,), None, statement.value)
    return made


def _functions(tree):
    """(qualified name, path) of the functions of a module and of the methods of its classes."""
    for i, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            yield node.name, (i,)
        elif isinstance(node, ast.ClassDef):
            for j, inner in enumerate(node.body):
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", (i, j)


def _at(tree, path):
    for i in path:
        tree = tree.body[i]
    return tree


def _of_node(name, tests, tree, qualified, path, i, node):
    """The Mutations of one node: the `i`th of what is at `path`, or for None the value of the assignment there."""

    def node_of(whole):
        found = _at(whole, path)
        return found.value if i is None else list(ast.walk(found))[i]

    place = f"{node.lineno}:{node.col_offset + 1}-{node.end_col_offset}"
    for change, _ in _changes(node):
        yield Mutation(name, qualified, place, change, partial(_changed, tree, node_of, change), tests)


def _changed(tree, node_of, change):
    """The source of a tree with one change to a node."""
    whole = copy.deepcopy(tree)
    node = node_of(whole)
    next(apply for words, apply in _changes(node) if words == change)(node)
    return ast.unparse(ast.fix_missing_locations(whole))


def _changes(node):
    """(description, function that changes the node in place) of each mutation of one node."""
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS:
        other = OPERATORS[type(node.op)]
        yield f"{type(node.op).__name__} to {other.__name__}", lambda n: setattr(n, "op", other())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        other = OPERATORS[type(node.ops[0])]
        yield (
            f"{type(node.ops[0]).__name__} to {other.__name__}",
            lambda n: n.ops.__setitem__(0, other()),
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "minus dropped", lambda n: setattr(n, "op", ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} to {not node.value}", lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        value = node.value
        after = value + 1 if isinstance(value, int) else value * 2 if value else 1.0
        yield f"{value} to {after}", lambda n: setattr(n, "value", after)
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        yield "first two arguments swapped", lambda n: n.args.__setitem__(slice(0, 2), n.args[1::-1])
