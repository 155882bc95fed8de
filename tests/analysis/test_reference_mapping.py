"""New cells through a trained model: genes by name, statistics of the training cells, labels of the neighbours."""

import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from core.analysis import label_transfer, mapping_summary, query, reference_mapping
from core.analysis.neighbors import Neighbors
from core.config import RunConfig
from core.data.gene_matching import gene_names, places_of
from core.data.protein_background import KEY, Background
from core.errors import UserError
from core.export import mapped_h5ad, run_folder
from core.preprocessing.matrix import Cells
from core.preprocessing.protein_transforms import of_further_cells, transformed
from core.training import learn as pipeline


@pytest.fixture(scope="module")
def learnt(tiny, run_quick, tmp_path_factory):
    """A function of settings that gives (Trained, latent of the training cells) of a quick run on the tiny set."""
    made = {}

    def learn(**values):
        key = tuple(sorted(values.items()))
        if key not in made:
            config = run_quick.model_copy(update={"epochs": 1} | values)
            *_, found = pipeline.learn(tiny.copy(), RunConfig(**config.model_dump()))
            path = tmp_path_factory.mktemp("mapped") / "model.pt"
            run_folder.save_weights(path, found, found.start.config)
            made[key] = run_folder.load_trained(path), found
        return made[key]

    return learn


def latent_of(adata, trained, batch=None):
    *_, latent = reference_mapping.encode_query(query.prepare_query(adata, trained, batch), trained)
    return latent


@pytest.mark.parametrize("model", ["citeseq", "variational", "linear", "counts"])
def test_the_cells_a_model_was_trained_on_come_to_their_own_places(tiny, learnt, model):
    trained, found = learnt(model=model)
    fit = query.prepare_query(tiny, trained)
    assert not fit.missing_genes and not fit.notes and fit.count_share == pytest.approx(1)
    np.testing.assert_allclose(latent_of(tiny, trained), found.latent, atol=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        {"protein_transform": "clr_cells"},
        {"scale": False},
        {"normalize": False},
        {"gene_transform": "pearson"},
        {"scale_exponent": 0.5},
    ],
)
def test_every_preparation_is_repeated(tiny, learnt, values):
    trained, found = learnt(**values)
    np.testing.assert_allclose(latent_of(tiny, trained), found.latent, atol=1e-5)


def test_blocks_of_cells_change_nothing(tiny, learnt, monkeypatch):
    trained, found = learnt()
    monkeypatch.setattr("core.sparse.blocks.BLOCK_VALUES", 2000)
    shares = [
        s
        for s in reference_mapping.encode_query(query.prepare_query(tiny, trained), trained)
        if isinstance(s, float)
    ]
    assert len(shares) > 3 and shares[-1] == 1 and shares == sorted(shares)
    np.testing.assert_allclose(latent_of(tiny, trained), found.latent, atol=1e-5)


def test_a_missing_gene_and_a_missing_protein_are_filled_by_the_model(tiny, learnt):
    for values in ({}, {"scale": False}):
        trained, found = learnt(**values)
        matrix = found.start.matrix
        gone = [matrix.genes[0], matrix.genes[7]]
        part = tiny[:, ~tiny.var_names.isin(gone)].copy()
        part.obsm["protein"] = part.obsm["protein"].drop(columns=[matrix.proteins[1]])
        fit = query.prepare_query(part, trained)
        assert fit.missing_genes == gone and fit.missing_proteins == [matrix.proteins[1]]
        assert "2 of the" in fit.notes[0] and gone[0] in fit.notes[0]
        # By hand: the columns that are missing hold the mean; the others only lose what the genes gave to library sizes.
        x = matrix.dense(np.arange(matrix.n_cells))
        sizes = np.asarray(tiny.X.sum(axis=1)).ravel()
        kept = tiny.var_names.isin(part.var_names)
        share = trained.count_share[kept].sum()
        ours = np.asarray(part.X.sum(axis=1)).ravel() / share
        counts = np.asarray(tiny[:, list(matrix.genes)].X.todense())
        genes = np.log1p(counts / ours[:, None] * 1e4)
        n = matrix.n_genes
        if values.get("scale", True):
            x[:, :n] = np.clip((genes - matrix.mean[:n]) / matrix.sd[:n], -matrix.clip, matrix.clip)
            mean = np.zeros(x.shape[1])
        else:
            x[:, :n], mean = genes, matrix.mean_of(found.start.split.train)
        columns = [0, 7, n + 1]
        x[:, columns] = mean[columns]
        model = trained.model
        assert model.predicts_other_part and not (model.whole_slope[:n] == 1).any()
        with torch.no_grad():
            x = torch.from_numpy(x.astype(np.float32))
            for _ in range(reference_mapping.ROUNDS):  # what is filled in is on the scale of whole counts
                whole = model.decode(model.encode(Cells(x))) * model.whole_slope + model.whole_offset
                x[:, columns] = whole[:, columns]
            expected = model.encode(Cells(x)).numpy()
        np.testing.assert_allclose(latent_of(part, trained), expected, atol=1e-4)
        assert np.abs(sizes - ours).max() > 0


def test_genes_meet_by_name_then_by_id_without_version_then_by_symbol():
    ids = [f"ENSG{i:011d}" for i in range(4)]
    wanted = gene_names(pd.DataFrame({"gene_ids": [*ids[:3], ""]}, index=["CD3E", "LYZ", "MS4A1", "NKG7"]))
    there = gene_names(
        pd.DataFrame({"symbol": ["OTHER", "NKG7", "x"]}, index=[f"{ids[1]}.7", ids[3], "GRCh38_CD3E"])
    )
    assert places_of(wanted, there).tolist() == [2, 0, -1, 1]
    assert (places_of(wanted, gene_names(pd.DataFrame(index=["cd3e", "Lyz"]))) == -1).all()  # those of mouse


def test_no_gene_stands_for_two():
    twice = gene_names(pd.DataFrame({"symbol": ["A", "A"]}, index=[f"ENSG{i:011d}" for i in (1, 2)]))
    assert places_of(twice, gene_names(pd.DataFrame(index=["A", "B"]))).tolist() == [0, -1]


def test_what_cannot_be_mapped_is_refused_in_a_sentence(tiny, learnt):
    trained, found = learnt()
    few = tiny[:, 60:].copy()
    with pytest.raises(UserError, match=r"60 \(50%\)|\(4\d%\)|are in this dataset"):
        query.prepare_query(tiny[:, 70:].copy(), trained)
    assert "Only" in " ".join(query.prepare_query(few, trained).notes)
    logged = tiny.copy()
    logged.X = sparse.csr_matrix(np.log1p(logged.X.toarray() / logged.X.sum(axis=1).A1[:, None] * 1e4))
    with pytest.raises(UserError, match="raw counts, and this dataset holds log-normalised"):
        query.prepare_query(logged, trained)
    logged.layers["counts"] = tiny.X
    assert query.prepare_query(logged, trained).where == 'layers["counts"]'
    mouse = tiny.copy()
    mouse.var_names = [f"mm10_{name}" + "x" for name in mouse.var_names]
    with pytest.raises(UserError, match="mapping needs at least 50%"):
        query.prepare_query(mouse, trained)
    clr = tiny.copy()
    clr.obsm["protein"] = np.log1p(clr.obsm["protein"]) - 1.5
    with pytest.raises(UserError, match="proteins that are raw counts"):
        query.prepare_query(clr, trained)


def test_a_batch_that_is_new_to_the_model_needs_a_word(tiny, run_quick, tmp_path):
    two = tiny.copy()
    two.obs["donor"] = np.where(np.arange(two.n_obs) % 2, "one", "two")
    config = RunConfig(**run_quick.model_copy(update={"epochs": 1, "batch_key": "donor"}).model_dump())
    *_, found = pipeline.learn(two, config)
    run_folder.save_weights(tmp_path / "model.pt", found, found.start.config)
    trained = run_folder.load_trained(tmp_path / "model.pt")
    np.testing.assert_allclose(latent_of(two, trained), found.latent, atol=1e-5)
    with pytest.raises(
        UserError,
        match="obs column 'donor', which is not in this dataset; the model was trained on one and two",
    ):
        query.prepare_query(tiny, trained)
    other = two.copy()
    other.obs["donor"] = "three"
    with pytest.raises(UserError, match="The batch three is new"):
        query.prepare_query(other, trained)
    as_one = latent_of(other, trained, "one")
    mine = np.flatnonzero(two.obs["donor"] == "one")
    np.testing.assert_allclose(as_one[mine], found.latent[mine], atol=1e-5)
    with pytest.raises(UserError, match="There is no batch 'four'"):
        query.prepare_query(other, trained, "four")


@pytest.mark.parametrize("transform", ["clr", "clr_cells", "none"])
def test_proteins_of_further_cells_are_transformed_as_those_that_trained(tiny, transform):
    found = transformed(tiny, transform, np.arange(100))
    made = of_further_cells(found.change.record(), found.counts, np.empty((tiny.n_obs, 0), np.float32))
    np.testing.assert_allclose(made, found.values, rtol=1e-5, atol=1e-6)


def test_dsb_of_further_cells_is_that_of_the_cells_that_trained(tiny):
    adata, names = tiny.copy(), list(tiny.obsm["protein"].columns)
    adata.uns[KEY] = Background(
        tuple(names), np.linspace(2.5, 4, len(names)), np.full(len(names), 0.4), 300
    ).record()
    found = transformed(adata, "dsb", np.arange(100))
    record = found.change.record()
    controls = adata.obsm["protein"][record["isotypes"]].to_numpy(np.float32)
    assert "technical_slopes" in record
    made = of_further_cells(record, found.counts, controls)
    np.testing.assert_allclose(made, found.values, rtol=1e-4, atol=1e-5)
    found.counts[:, 0] = np.nan  # is missing
    made = of_further_cells(record, found.counts, np.full_like(controls, np.nan))
    assert np.isnan(made[:, 0]).all() and np.isfinite(made[:, 1:]).all()


def test_each_neighbour_has_one_vote_and_the_confidence_is_their_share():
    near = Neighbors(
        np.array([[0, 1, 2], [3, 3, 2], [1, 0, 3]]), np.array([[1.0, 1.0, 4.0], [0, 0, 0], [1, 2, 3]])
    )
    votes = label_transfer.vote(near, np.array([5, 2, 5, -1]))
    assert votes.codes.tolist() == [5, 5, 2]  # of the third cell's neighbours the nearer one wins
    np.testing.assert_allclose(votes.confidence, [2 / 3, 1 / 3, 1 / 3], rtol=1e-6)
    assert label_transfer.vote(near, np.full(4, -1)).codes.tolist() == [-1, -1, -1]
    assert mapping_summary.sure(votes.codes, votes.confidence, 0.5).tolist() == [5, -1, -1]


def test_the_label_of_the_fifteenth_neighbour_counts_as_much_as_that_of_the_first():
    near = Neighbors(np.arange(15)[None], np.linspace(0.1, 9, 15)[None])
    codes = np.r_[np.zeros(7, int), np.ones(8, int)]
    votes = label_transfer.vote(near, codes)
    assert votes.codes.tolist() == [1] and votes.confidence[0] == pytest.approx(8 / 15)


def test_the_calibration_is_the_share_of_right_labels_by_confidence():
    own = np.array(["a", "a", "b", "b", "new", ""])
    codes, confidence = np.array([0, 1, 1, 1, 0, 0]), np.array([0.95, 0.6, 1.0, 0.4, 0.9, 0.9])
    calibration = mapping_summary.calibration(own, ["a", "b"], codes, confidence)
    assert calibration == [(0.0, 0.5, 1, 1.0), (0.5, 0.7, 1, 0.0), (0.9, 1.0, 2, 1.0)]


def test_far_cells_are_reported_and_near_ones_are_not():
    random = np.random.default_rng(0)
    reference = random.standard_normal((500, 4)).astype(np.float32)
    same = random.standard_normal((200, 4)).astype(np.float32)
    for new, warns in ((same, False), (same + 20, True)):
        found = label_transfer.carry(new, reference, reference[:, :2], np.zeros(500, int))
        words, warning = mapping_summary.distance_words(found.farness)
        assert warning == warns, words
    assert found.farness.min() == 1 and "100.0% of the new cells" in words


def test_a_new_cell_stands_where_its_neighbours_do():
    picture = np.array([[0, 0], [0, 2], [10, 10]], np.float32)
    near = Neighbors(np.array([[0, 1, 2]]), np.ones((1, 3)))
    assert label_transfer.placed(near, picture).tolist() == [[0, 2]]


def test_labels_of_their_own_are_compared():
    found = mapping_summary.agreement(["a", "a", "b", "z", ""], ["a", "b"], [0, 1, -1, 0, 0])
    assert found.rows == ["a", "b", "z"] and found.columns == ["a", "b", "unknown"]
    assert found.counts.tolist() == [[1, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert (found.n, found.accuracy, found.sure) == (3, pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert mapping_summary.agreement(["z"], ["a"], [0]).accuracy is None
    assert mapping_summary.counts_of(["a", "b"], [0, -1, 0], [1, 0.2, 0.5]) == [
        ("a", 2, pytest.approx(2 / 3), 0.75),
        ("unknown", 1, pytest.approx(1 / 3), pytest.approx(0.2)),
    ]


def test_one_cell_can_be_mapped_and_taken_away(tiny, learnt, tmp_path):
    trained, found = learnt()
    one = tiny[[3]].copy()
    latent = latent_of(one, trained)
    np.testing.assert_allclose(latent, found.latent[[3]], atol=1e-5)
    carried = label_transfer.carry(latent, found.latent, None, np.zeros(tiny.n_obs, int))
    arrays = {
        "latent": latent,
        "picture": carried.picture,
        "farness": carried.farness,
    } | carried.votes._asdict()
    mapped_h5ad.result(one, {"title": "t"}, arrays, np.array(["a"]), ["a", "unknown"]).write(
        tmp_path / "m.h5ad"
    )
    back = anndata.read_h5ad(tmp_path / "m.h5ad")
    assert back.obs["nuwa_label"].tolist() == ["a"] and back.obsm["X_nuwa"].shape == (1, 4)
    assert back.uns["nuwa_mapped"]["title"] == "t"


@pytest.mark.slow
def test_half_of_a_real_set_finds_its_labels_in_the_other_half(real_data, tmp_path, capsys):
    """pbmc10k_citeseq in two: the labels of the one for the other, 93.6 % right when this was written."""
    from core.cli import main

    whole = anndata.read_h5ad(real_data("pbmc10k_citeseq.h5ad"))
    order = np.random.default_rng(0).permutation(whole.n_obs)
    for name, rows in (("first", order[: len(order) // 2]), ("second", order[len(order) // 2 :])):
        whole[np.sort(rows)].copy().write_h5ad(tmp_path / f"{name}.h5ad")
    out = tmp_path / "run"
    assert (
        main(["train", str(tmp_path / "first.h5ad"), "--out", str(out), "--seed", "0", "--epochs", "40"]) == 0
    )
    wants = ["--labels", "cell_type", "--out", str(tmp_path / "mapped.h5ad")]
    assert main(["map", str(out), str(tmp_path / "second.h5ad"), *wants]) == 0
    back = anndata.read_h5ad(tmp_path / "mapped.h5ad")
    right = (back.obs["nuwa_label"].astype(str) == back.obs["cell_type"].astype(str)).mean()
    assert right > 0.92
    assert (back.obs["nuwa_farness"] > 0.99).mean() < 0.03  # a hundredth of the run's own
    again = tmp_path / "again.h5ad"
    assert main(["map", str(out), str(tmp_path / "first.h5ad"), "--out", str(again)]) == 0
    np.testing.assert_allclose(
        anndata.read_h5ad(again).obsm["X_nuwa"], np.load(out / "latent.npy"), atol=1e-5
    )
    capsys.readouterr()
