"""Which whole groups of cells (donors, samples) are held out of training, for validation and for the test."""

import numpy as np

LARGE_GROUP = 1 / 3  # of all cells: such a group is held out only where no other is left
FEWEST_CELLS = 20  # of a part that is held out; a score of fewer means nothing


def held_out_groups(sizes, n_valid, n_test, random):
    """(validation groups, test groups), indices into `sizes` (groups,), drawn by the numpy Generator `random`.

    About `n_valid` and `n_test` cells, but at least one group each; one group at least is left to train on. With two
    groups there is no test group, and with `n_test` 0 neither.
    """
    order = random.permutation(len(sizes))
    left = [
        *order[sizes[order] <= LARGE_GROUP * sizes.sum()],
        *order[sizes[order] > LARGE_GROUP * sizes.sum()],
    ]
    tested = n_test > 0 and len(left) > 2
    valid = _take(left, sizes, n_valid, 1 + tested)
    return valid, _take(left, sizes, n_test, 1) if tested else np.array([], int)


def _take(left, sizes, target, n_kept):
    """Groups of about `target` cells, taken off the list `left`, in which `n_kept` groups stay."""
    taken, n_cells = [], 0
    for group in list(left):
        if len(left) <= n_kept or n_cells >= max(target, FEWEST_CELLS):
            break
        closer = abs(n_cells + sizes[group] - target) < abs(n_cells - target)
        if not taken or n_cells < FEWEST_CELLS or closer:
            taken.append(group)
            left.remove(group)
            n_cells += sizes[group]
    return np.sort(np.array(taken, int))
