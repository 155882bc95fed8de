"""Tables hold the values of a run to the last digit."""

import numpy as np
import pandas as pd

from core.export import tables


def test_tables_hold_the_values_to_the_last_digit(tmp_path):
    latent = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    cells = np.char.encode([f"cell µ{i}" for i in range(7)], "utf-8")
    tables.coordinates(cells, {"latent": latent}).write(tmp_path / "latent.csv")
    table = pd.read_csv(tmp_path / "latent.csv", index_col=0)
    np.testing.assert_array_equal(table.to_numpy(np.float32), latent)
    assert list(table.columns) == ["latent_1", "latent_2", "latent_3"] and table.index[3] == "cell µ3"
    names = tables.named(np.array([0, 1, -1, 0, 1, -1, 0]), ("T", "B"))
    more = tables.Table(["nuwa_t", "kept"], [names, latent[:, 0]])
    tables.cells(cells, np.arange(7), ["train"] * 7).beside(more).write(tmp_path / "cells.csv")
    table = pd.read_csv(tmp_path / "cells.csv", index_col=0, keep_default_na=False)
    assert list(table.columns) == ["nuwa_cluster", "nuwa_split", "nuwa_t", "kept"]
    assert list(table["nuwa_t"][:3]) == ["T", "B", ""]
