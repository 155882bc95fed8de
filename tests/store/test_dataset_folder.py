"""A dataset's folder gives back what was written, and files appear whole or not at all."""

import numpy as np
import pandas as pd
import pytest

from core import files
from core.data import checks, count_sources


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "scores.json"
    files.write_json(path, {"a": 1})
    for bad in ({"a": float("nan")}, {"a": object()}):
        with pytest.raises((ValueError, TypeError)):
            files.write_json(path, bad)
    assert files.read_json(path) == {"a": 1} and [p.name for p in path.parent.iterdir()] == ["scores.json"]


def test_arrays_hold_no_pickles(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        files.write_array(tmp_path / "x.npy", np.array([object()]))
    assert not list(tmp_path.iterdir())


def test_a_dataset_folder_returns_what_was_written(tiny, store):
    adata = tiny.copy()
    adata.obs["depth"] = np.arange(240) / 2
    adata.obs.loc[adata.obs_names[3], "cell_type"] = np.nan
    adata.obs["barcode"] = [f"free text {i}" for i in range(240)]
    adata.obs["depth"] = adata.obs["depth"].where(adata.obs["depth"] > 1)
    dataset_folder, display = store.dataset_folder("x"), count_sources.display_of(adata)
    report, _, by_gene = checks.examine_once(adata)
    dataset_folder.write(adata, report, by_gene)

    assert [name.decode() for name in dataset_folder.cells()] == list(adata.obs_names)
    assert dataset_folder.genes() == {"names": list(adata.var_names), "words": display.words}
    np.testing.assert_array_equal(dataset_folder.gene(17), np.asarray(display.matrix.todense())[:, 17])
    np.testing.assert_array_equal(dataset_folder.protein(2), adata.obsm["protein"].to_numpy()[:, 2])
    assert [column["name"] for column in dataset_folder.columns()] == ["cell_type", "sample", "depth"]
    entry, codes = dataset_folder.column("cell_type")
    assert codes[3] == -1
    named = pd.Series(np.array([*entry["categories"], None], dtype=object)[codes], adata.obs_names)
    assert named.drop(adata.obs_names[3]).equals(
        adata.obs["cell_type"].astype(object).drop(adata.obs_names[3])
    )
    _, depth = dataset_folder.column("depth")
    np.testing.assert_array_equal(np.isnan(depth), adata.obs["depth"].isna())
    for name in ("barcode", "nothing"):
        with pytest.raises(KeyError):
            dataset_folder.column(name)
    np.testing.assert_array_equal(
        dataset_folder.per_cell("n_counts"), np.asarray(adata.X.sum(axis=1)).ravel()
    )
