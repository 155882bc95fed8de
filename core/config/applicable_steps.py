"""Which preprocessing steps apply to which kind of matrix."""

from typing import NamedTuple

from core.config.matrix_kinds import KIND_WORDS


class Step(NamedTuple):
    """A preprocessing step for one kind of matrix: does it apply, and why (not).

    `closed` are choices of the step that cannot be used: {choice: what it needs}.
    """

    applies: bool
    reason: str
    closed: dict = {}


def steps_for(kind, has_proteins, has_background=False):
    """Which steps apply to a matrix of this kind (`matrix_kinds.Kind`): field name -> Step.

    `has_background`: the background of the proteins is known from empty droplets; DSB needs it.
    """
    raw = Step(True, "")
    logged = Step(False, f"does not apply: X already holds {KIND_WORDS[kind]}")
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
    steps["scale_exponent"] = steps["scale"]
    steps["gene_transform"] = Step(True, "", {} if kind == "counts" else {"pearson": "needs raw counts"})
    steps["hvg_flavor"] = steps["hvg_batch_key"] = steps["n_top_genes"]
    steps |= dict.fromkeys(("keep_genes", "drop_genes", "drop_mito", "drop_ribo", "drop_cell_cycle"), raw)
    steps["batch_key"] = Step(True, "")
    closed = {} if has_background else {"dsb": "needs the unfiltered matrix: add it on the Data page"}
    no_proteins = Step(False, "does not apply: the dataset has no proteins")
    steps["protein_transform"] = Step(True, "", closed) if has_proteins else no_proteins
    steps["modalities"] = raw if has_proteins else no_proteins
    return steps


def split_step(kind, batch_key, modalities):
    """The Step of training on split counts (the setting `target`) for RNA of this kind, None where it is not known."""
    if modalities == "protein":
        return Step(False, "does not apply: the run has no RNA, so the target is the whole input")
    if kind not in ("counts", None):
        words = f"X holds {KIND_WORDS[kind]}, and only counts can be split"
        return Step(False, f"does not apply: {words}, so the target is the whole input")
    if batch_key:
        reason = f"does not apply with a batch covariate ({batch_key}): batches mix less then"
        return Step(False, f"{reason}, so the target is the whole input")
    return Step(True, "")
