"""The settings of the choice of genes: how many, by which method, and which are used always or never."""

import re
from typing import Literal

from pydantic import BaseModel, model_validator

from core.config.fields import PREPARE, setting
from core.text import listed

FEW_CELLS = 20  # a batch with fewer training cells has no say: what it would rank is noise
MOST_TEXT = 200_000  # characters: some 25,000 names


class Genes(BaseModel):
    """Which genes a model sees."""

    n_top_genes: int = setting(
        2000,
        PREPARE,
        "Variable genes",
        "Keeps the genes that differ most between cells; the rest is mostly noise to the model. 0 keeps all.",
        unit="genes",
        ge=0,
        le=60_000,
        step=100,
    )
    hvg_flavor: Literal["seurat_v3", "seurat", "cell_ranger"] = setting(
        "seurat_v3",
        PREPARE,
        "Variable genes by",
        "What counts as variable. seurat_v3: more variance of the counts than genes of that mean have (Stuart 2019). "
        "seurat and cell_ranger: more dispersion of logged values than genes with like means (Satija 2015, Zheng "
        "2017). Values that are logged already go by seurat where seurat_v3 is asked for.",
    )
    # Not the batch covariate of the model: that is chosen later, and may change from run to run on the same
    # preparation, whose genes must not change with it; and each is of use without the other.
    hvg_batch_key: str | None = setting(
        None,
        PREPARE,
        "Variable within batches of",
        "An obs column of batches. Genes are then ranked within each batch and the ranks are put together, so that a "
        "difference between batches alone makes no gene variable. The model is not told; for that, choose a batch "
        "covariate when you create it.",
        max_length=200,
    )
    keep_genes: str = setting(
        "",
        PREPARE,
        "Always use",
        "Names of genes, parted by commas, spaces or lines, that are used in any case. They come on top of the number "
        "of variable genes, unless they are among them, and stay where a switch below would leave them out.",
        folded=True,
        max_length=MOST_TEXT,
    )
    drop_genes: str = setting(
        "",
        PREPARE,
        "Never use",
        "Names of genes that the model must not see. They are left out before the variable genes are chosen, so others "
        "take their places; a cell's total counts them still. A gene cannot stand in both lists.",
        folded=True,
        max_length=MOST_TEXT,
    )
    drop_mito: bool = setting(
        False,
        PREPARE,
        "Leave out mitochondrial genes",
        "As in the list above, all genes of the mitochondrion: they tell of broken cells more than of cell types.",
        folded=True,
    )
    drop_ribo: bool = setting(
        False,
        PREPARE,
        "Leave out ribosomal genes",
        "As in the list above, the proteins of the ribosome: high in every cell, and rarely what is looked for.",
        folded=True,
    )
    drop_cell_cycle: bool = setting(
        False,
        PREPARE,
        "Leave out cell-cycle genes",
        "As in the list above, the genes of Tirosh 2016 that the cell cycle is scored by: dividing cells of all types "
        "then lie with their own. Other genes may still carry the cycle.",
        folded=True,
    )

    @model_validator(mode="after")
    def _lists_agree(self):
        never = set(gene_names(self.drop_genes))
        if both := [name for name in gene_names(self.keep_genes) if name in never]:
            shown = listed([*both[:3], f"{len(both) - 3} more"] if len(both) > 4 else both)
            stand = "stands" if len(both) == 1 else "stand"
            raise ValueError(
                f"{shown} {stand} in both lists of genes, always use (keep_genes) and never use (drop_genes); take "
                f"{'it' if len(both) == 1 else 'them'} out of one"
            )
        return self


# All that the choice of genes goes by; dispersions are of cells that were brought to the target sum.
CHOOSING = (*Genes.model_fields, "target_sum")


def gene_names(text):
    """The names in a list of genes as it was typed or pasted, each once and in their order."""
    return tuple(dict.fromkeys(name for name in re.split(r"[\s,;'\"]+", text) if name))
