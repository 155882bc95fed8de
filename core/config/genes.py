"""The settings of the choice of genes: how many, by which method, and which are used always or never."""

import re
from typing import Literal

from pydantic import BaseModel, model_validator

from core.config.fields import PREPARE, setting
from core.text import listed

FEW_CELLS = 20  # training cells; a batch with fewer is not ranked: its ranks would be noise
MOST_TEXT = 200_000  # characters: some 25,000 names


class Genes(BaseModel):
    """Which genes a model sees."""

    n_top_genes: int = setting(
        2000,
        PREPARE,
        "Variable genes",
        "Number of genes kept, those that vary most between cells; the rest are mostly noise to the model. 0 keeps all.",
        unit="genes",
        ge=0,
        le=60_000,
        step=100,
    )
    hvg_flavor: Literal["seurat_v3", "seurat", "cell_ranger"] = setting(
        "seurat_v3",
        PREPARE,
        "Variable genes by",
        "How variability is measured. seurat_v3: variance of the counts beyond that of genes with the same mean (Stuart "
        "2019). seurat and cell_ranger: dispersion of logged values among genes with similar means (Satija 2015, Zheng "
        "2017). For values that are already logged, seurat replaces seurat_v3.",
    )
    # Not the batch covariate of the model: that is chosen later, and may change from run to run on the same
    # preparation, whose genes must not change with it; and each is of use without the other.
    hvg_batch_key: str | None = setting(
        None,
        PREPARE,
        "Variable within batches of",
        "An obs column of batches. Genes are ranked within each batch and the ranks combined, so that a difference "
        "between batches alone makes no gene variable. The model itself does not use it: choose a batch covariate for "
        "that.",
        max_length=200,
    )
    keep_genes: str = setting(
        "",
        PREPARE,
        "Always use",
        "Names of genes, separated by commas, spaces or lines, that are always used. They are added to the variable "
        "genes, and a switch below does not remove them.",
        folded=True,
        max_length=MOST_TEXT,
    )
    drop_genes: str = setting(
        "",
        PREPARE,
        "Never use",
        "Names of genes that the model must not use. They are removed before the variable genes are chosen, but still "
        "count towards the total of a cell. A gene cannot be in both lists.",
        folded=True,
        max_length=MOST_TEXT,
    )
    drop_mito: bool = setting(
        False,
        PREPARE,
        "Leave out mitochondrial genes",
        "Treats all mitochondrial genes as in the list above: they mark damaged cells more than cell types.",
        folded=True,
    )
    drop_ribo: bool = setting(
        False,
        PREPARE,
        "Leave out ribosomal genes",
        "Treats genes of ribosomal proteins as in the list above: high in every cell, and rarely of interest.",
        folded=True,
    )
    drop_cell_cycle: bool = setting(
        False,
        PREPARE,
        "Leave out cell-cycle genes",
        "Treats the cell-cycle genes of Tirosh 2016 as in the list above, so that dividing cells group by cell type. "
        "Other genes may still reflect the cycle.",
        folded=True,
    )

    @model_validator(mode="after")
    def _lists_agree(self):
        never = set(gene_names(self.drop_genes))
        if both := [name for name in gene_names(self.keep_genes) if name in never]:
            shown = listed([*both[:3], f"{len(both) - 3} more"] if len(both) > 4 else both)
            are = "is" if len(both) == 1 else "are"
            raise ValueError(
                f"{shown} {are} in both lists of genes, always use (keep_genes) and never use (drop_genes); remove "
                f"{'it' if len(both) == 1 else 'them'} from one"
            )
        return self


# All settings that decide the choice of genes; dispersions are computed from cells scaled to the target sum.
CHOOSING = (*Genes.model_fields, "target_sum")


def gene_names(text):
    """The names in a typed or pasted list of genes, without duplicates, in order."""
    return tuple(dict.fromkeys(name for name in re.split(r"[\s,;'\"]+", text) if name))
