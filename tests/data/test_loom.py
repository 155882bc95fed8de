"""A loom file keeps its layers and attributes, whatever their type; what cannot be kept is named."""

import damage
import formats
import h5py
import numpy as np
import pytest

from core.data import read

KEPT = {  # what of odd_values becomes a column, and what a table of several
    "column": (
        "object",
        "bytes that are no text",
        "enum",
        "boolean",
        "long double",
        "other byte order",
        "half",
    ),
    "table": ("compound", "compound of arrays", "compound of text", "no columns"),
}


@pytest.fixture(scope="module")
def small():
    return formats.counts()


def with_attribute(small, folder, place, values, dtype=None):
    path = formats.loom(small, folder)
    with h5py.File(path, "r+") as file:
        file.create_dataset(place, data=values, dtype=dtype)
    return read.read(path)


@pytest.mark.parametrize("side", ["row", "col"])
@pytest.mark.parametrize("kind", damage.odd_values(1))
def test_an_attribute_of_any_type_is_kept_or_named(small, tmp_path, side, kind):
    n = small.n_vars if side == "row" else small.n_obs
    adata = with_attribute(small, tmp_path, f"{side}_attrs/odd", *damage.odd_values(n)[kind])
    table, wide = (adata.var, adata.varm) if side == "row" else (adata.obs, adata.obsm)
    np.testing.assert_array_equal(adata.X.toarray(), small.X.toarray())
    note = " ".join(adata.uns["nuwa_read"])
    if kind in KEPT["column"]:
        assert "odd" in table
    elif kind in KEPT["table"]:
        assert "odd" in wide
    else:
        assert "odd" not in table and "odd" not in wide
    is_partly_left = kind in ("compound of arrays",)
    assert ("were left out: odd" in note) == (
        not any(kind in names for names in KEPT.values()) or is_partly_left
    )


def test_the_fields_of_scenic_are_columns_of_a_table(small, tmp_path):
    values = np.array([(i / 10, i) for i in range(30)], [("Foxp3(+)", "f8"), ("Sox2(+)", "f8")])
    adata = with_attribute(small, tmp_path, "col_attrs/RegulonsAUC", values)
    frame = adata.obsm["RegulonsAUC"]
    assert list(frame.columns) == ["Foxp3(+)", "Sox2(+)"] and list(frame.index) == list(adata.obs_names)
    np.testing.assert_array_equal(frame["Foxp3(+)"], values["Foxp3(+)"])


def test_an_enumeration_gives_its_words(small, tmp_path):
    kind = h5py.enum_dtype({"low": 0, "high": 1}, basetype="i1")
    adata = with_attribute(small, tmp_path, "col_attrs/level", np.arange(30) % 2, kind)
    assert list(adata.obs["level"][:2]) == ["low", "high"]


def test_a_layer_of_anything_but_numbers_is_named(small, tmp_path):
    path = formats.loom(small, tmp_path)
    with h5py.File(path, "r+") as file:
        file["layers/short"] = np.ones((2, 3))
        file.create_group("layers/nested")
        file["layers/text"] = np.full((20, 30), b"a")
    adata = read.read(path)
    assert list(adata.layers) == ["spliced"]
    assert "left out: nested, short, text" in " ".join(adata.uns["nuwa_read"])
