"""Where an AnnData may hold counts, in the order in which they are looked for."""

CHOSEN = "nuwa_counts"  # in uns: the place that a person named, or that a run was trained on
# Layers that hold all counts, by the names that people and programs give them. Velocyto's `matrix` is its whole count.
COUNT_LAYERS = (
    *("counts", "raw_counts", "counts_raw", "count", "raw_count", "rawcounts", "raw", "umi", "umis"),
    *("umi_counts", "umi_count", "umicounts", "rna_counts", "gene_counts", "read_counts", "reads", "matrix"),
)
# Layers that hold a part of the molecules each (velocyto, scVelo, STARsolo, alevin-fry; kb-python's later names).
VELOCITY_LAYERS = ("spliced", "unspliced", "ambiguous", "spanning", "mature", "nascent")
# A place holds at least so much of the values that a rescaled X shows, or it is no more than a part of the counts.
LEAST_SHARE = 0.5


def layer_place(name: str) -> str:
    return f'layers["{name}"]'


def is_velocity(where: str) -> bool:
    """Whether a place is a layer that holds a part of the molecules by its name."""
    return where.startswith("layers") and where[8:-2].casefold() in VELOCITY_LAYERS


def places(adata):
    """(where, matrix) of X, .raw and the layers, in the order in which counts are looked for.

    X, then .raw where it has as many genes as X or more, then layers by the names of COUNT_LAYERS, the other layers by
    alphabet, a narrower .raw, and at the end the VELOCITY_LAYERS, of which none holds all counts.
    """
    if adata.X is not None:
        yield "X", adata.X
    raw = None if adata.raw is None else ("raw.X", adata.raw.X)
    wide = raw is not None and adata.raw.shape[1] >= adata.n_vars
    if wide:
        yield raw
    names = [name for name in adata.layers if str(name).casefold() not in VELOCITY_LAYERS]
    for name in sorted(names, key=_rank):
        yield layer_place(name), adata.layers[name]
    if raw is not None and not wide:
        yield raw
    for name in sorted(name for name in adata.layers if name not in names):
        yield layer_place(name), adata.layers[name]


def chosen_place(adata) -> str | None:
    """The place that is named in uns; of a result that an earlier Nuwa wrote, its layer of counts."""
    if CHOSEN in adata.uns:
        return str(adata.uns[CHOSEN])
    return layer_place("counts") if "nuwa" in adata.uns and "counts" in adata.layers else None


def in_order(adata):
    """The `places`, the chosen one first."""
    chosen = chosen_place(adata)
    every = list(places(adata))
    yield from sorted(every, key=lambda place: place[0] != chosen)


def is_small_part(nonzero: int, genes: int, x_nonzero: int, x_genes: int) -> bool:
    """Whether so many values other than 0 are a small part of those that an X shows, which is counts rescaled."""
    return nonzero < LEAST_SHARE * x_nonzero * min(1.0, genes / max(x_genes, 1))


def _rank(name):
    plain = str(name).casefold()
    return (COUNT_LAYERS.index(plain) if plain in COUNT_LAYERS else len(COUNT_LAYERS), str(name))
