"""The values of settings that are left empty, from the size of the data, with the reasons."""

import math
from typing import NamedTuple

MOST_PASSES, LEAST_PASSES = 100, 5


class Chosen(NamedTuple):
    """The settings that follow from the size of the data."""

    n_latent: int
    n_hidden: int
    batch_size: int
    steps: int


def chosen(n_train, n_features=10**9):
    """The Chosen for `n_train` training cells of `n_features` genes and proteins (by default very many).

    - **Steps.** Small and large datasets need a similar number of optimiser steps, not of passes: 1,500 up to 6,000
      training cells, then growing with their fourth root (3,000 for 100,000, 5,400 for a million), since more cells
      contain more cell types, but each type is also seen more often.
    - **Minibatch.** 128; its noise helps small datasets. From 24,000 cells it grows with the square root of their
      number, up to 1,024: a large minibatch is three times as fast for each cell, and a large dataset still makes
      enough steps.
    - **Latent dimensions.** 20; a fifth of the features if there are fewer than 100, or nothing would be compressed.
    - **Hidden units.** 128; 256 from 50,000 cells, which are enough to fit more weights.

    The numbers for up to 6,000 training cells are measured (bench/README.md, "Why these defaults"); for larger
    datasets only the speed is measured.
    """
    larger = max(1.0, n_train / 6_000)
    return Chosen(
        n_latent=max(1, min(20, n_features // 5)),
        n_hidden=128 if n_train < 50_000 else 256,
        batch_size=min(1024, 128 * 2 ** math.floor(math.log2(larger) / 2)),
        steps=round(1_500 * larger**0.25),
    )


def epochs_for(steps, n_train, batch_size):
    """The number of passes over `n_train` cells for about this number of steps, from 5 to 100.

    With more passes over few cells the model over-fits: on 600 cells the best epoch was always among the first hundred.
    """
    a_pass = math.ceil(n_train / batch_size)
    return min(MOST_PASSES, max(LEAST_PASSES, round(steps / a_pass)))
