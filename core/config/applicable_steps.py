"""Which preprocessing steps apply to which kind of matrix."""

from typing import NamedTuple


class Step(NamedTuple):
    """A preprocessing step for one kind of matrix: does it apply, and why (not).

    Of a step with choices, `closed` are those that cannot be taken, each with what it needs.
    """

    applies: bool
    reason: str
    closed: dict = {}


def steps_for(kind, has_proteins, has_background=False):
    """Which steps apply to a matrix of this kind (`core.data.checks.Kind`): field name -> Step.

    `has_background`: empty droplets have told the background of the proteins, which DSB needs.
    """
    raw = Step(True, "")
    logged = Step(False, f"does not apply: the values are {WORDS[kind]} already")
    if kind == "counts":
        steps = {"normalize": raw, "log1p": raw, "n_top_genes": raw, "scale": raw}
    elif kind == "normalized":
        steps = {"normalize": logged, "log1p": raw, "n_top_genes": raw, "scale": raw}
    elif kind == "lognorm":
        steps = {"normalize": logged, "log1p": logged, "n_top_genes": raw, "scale": raw}
    elif kind == "scaled":
        steps = {name: logged for name in ("normalize", "log1p", "n_top_genes", "scale")}
    else:
        unknown = Step(False, "does not apply: the values are neither counts nor log-normalised")
        steps = {"normalize": unknown, "log1p": unknown, "n_top_genes": unknown, "scale": raw}
    steps["target_sum"], steps["clip"] = steps["normalize"], steps["scale"]
    steps["hvg_flavor"] = steps["hvg_batch_key"] = steps["n_top_genes"]
    steps |= dict.fromkeys(("keep_genes", "drop_genes", "drop_mito", "drop_ribo", "drop_cell_cycle"), raw)
    steps["batch_key"] = Step(True, "")
    closed = {} if has_background else {"dsb": "needs the unfiltered matrix, which the Data page adds"}
    no_proteins = Step(False, "does not apply: the data set has no proteins")
    steps["protein_transform"] = Step(True, "", closed) if has_proteins else no_proteins
    steps["modalities"] = raw if has_proteins else no_proteins
    return steps


WORDS = {
    "counts": "raw counts",
    "normalized": "normalised",
    "lognorm": "log-normalised",
    "scaled": "scaled",
    "other": "of an unknown kind",
}
