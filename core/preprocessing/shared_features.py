"""Which features of two matrices are the same, by the names that they keep."""

import numpy as np

from core.data.standalone.gene_families import bare


def shared_features(own, names):
    """(positions in `own`, positions in `names`) of the features that are in both: two int64 arrays of one length.

    A name goes before the same name without a genome in front (GRCh38_CD3E) or a version of an Ensembl id behind; none
    of `names` stands for two.
    """
    own, names = [str(name) for name in own], [str(name) for name in names]
    pairs = {}
    for ours, theirs in ((own, names), (bare(own), bare(names))):
        taken, place = set(pairs.values()), {}
        for i, name in enumerate(theirs):
            if i not in taken:
                place.setdefault(name, i)
        for i, name in enumerate(ours):
            if i not in pairs and name in place:
                pairs[i] = place.pop(name)
    positions = np.array(sorted(pairs.items()), dtype=np.int64).reshape(-1, 2)
    return positions[:, 0], positions[:, 1]
