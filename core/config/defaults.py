"""What is chosen from the size of the data where a setting is left empty: one rule, and its reasons."""

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
    """The Chosen for `n_train` training cells of `n_features` genes and proteins (as good as endless unless said).

    - **Steps.** What runs on small and on large sets have in common is the number of optimiser steps, not of passes:
      1,500 up to 6,000 training cells, then growing with their fourth root (3,000 for 100,000, 5,400 for a million),
      since more cells hold more kinds to tell apart, but each kind is also seen more often.
    - **Batch.** 128, the noise of which does small sets good. From 24,000 cells on it grows with the root of their
      number, up to 1,024: a large batch is worked through three times as fast a cell, and a large set still makes
      its steps.
    - **Latent dimensions.** 20; of fewer than 100 features a fifth, or there would be nothing to squeeze.
    - **Hidden units.** 128; 256 from 50,000 cells on, which can teach more weights than they have.

    The numbers for up to 6,000 training cells are measured (bench/README.md, "Why these defaults"); those for larger sets
    are reasoned, and only their speed is measured.
    """
    larger = max(1.0, n_train / 6_000)
    return Chosen(
        n_latent=max(1, min(20, n_features // 5)),
        n_hidden=128 if n_train < 50_000 else 256,
        batch_size=min(1024, 128 * 2 ** math.floor(math.log2(larger) / 2)),
        steps=round(1_500 * larger**0.25),
    )


def epochs_for(steps, n_train, batch_size):
    """The passes over `n_train` cells that make about so many steps, but 100 at most and 5 at least.

    More passes than that over few cells are learnt by heart: on 600 cells the best epoch was always among the first
    hundred.
    """
    a_pass = math.ceil(n_train / batch_size)
    return min(MOST_PASSES, max(LEAST_PASSES, round(steps / a_pass)))
