"""The split: single cells by shares, or whole groups of a column, and nothing of a held-out group is trained on."""

import numpy as np
import pytest
from scipy import sparse
from simulated import made_by_script

from core.config import RunConfig, parse
from core.data import checks, read
from core.errors import UserError
from core.preprocessing.held_out_groups import held_out_groups
from core.preprocessing.prepare import prepare
from core.preprocessing.recipe import Recipe, script
from core.preprocessing.split import scored_cells, split_cells, split_groups, split_of
from core.training import learn

QUICK = {"epochs": 2, "n_hidden": 16, "n_latent": 4, "batch_size": 64, "n_top_genes": 0}


def test_a_split_has_the_shares_asked_for():
    split = split_cells(6821, RunConfig())
    assert [len(part) for part in split[:3]] == [5798, 682, 341] and split.note == ""
    assert split.scored is split.test
    np.testing.assert_array_equal(np.sort(np.concatenate(split[:3])), np.arange(6821))
    labels = split.labels(6821)
    assert [(labels == i).sum() for i in range(3)] == [5798, 682, 341]


def test_a_split_follows_its_seed():
    first, again, other = (split_cells(500, RunConfig(seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.valid, again.valid)
    assert not np.array_equal(first.valid, other.valid)


@pytest.mark.parametrize(
    ("cells", "sizes"), [(10, (7, 3, 0)), (30, (20, 10, 0)), (60, (40, 20, 0)), (200, (180, 20, 0))]
)
def test_few_cells_make_no_test_set_and_that_is_said(cells, sizes):
    split = split_cells(cells, RunConfig())
    assert tuple(len(part) for part in split[:3]) == sizes
    assert "No test set" in split.note and "validation cells" in split.note
    assert split.scored is split.valid


def test_four_hundred_cells_are_enough_for_a_test_set():
    split = split_cells(400, RunConfig())
    assert [len(part) for part in split[:3]] == [340, 40, 20] and not split.note


def test_shares_that_leave_nothing_to_learn_from_are_refused():
    with pytest.raises(UserError, match="train_share"):
        split_cells(1000, RunConfig(train_share=0.0005))


# --- whole groups


@pytest.fixture(scope="module")
def donors(tiny):
    """240 cells of six donors, of 20 to 60 cells; read only."""
    adata = tiny.copy()
    adata.obs["donor"] = np.repeat([f"d{i}" for i in range(6)], [20, 30, 40, 40, 50, 60])
    adata.obs["sex"] = np.repeat(["f", "m"], 120)
    adata.obs["one"] = "same"
    return adata


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shares", [(0.85, 0.10), (0.5, 0.3), (0.6, 0.4)])
def test_no_donor_is_in_two_parts_and_every_cell_is_in_one(donors, seed, shares):
    config = RunConfig(split_by="donor", seed=seed, train_share=shares[0], valid_share=shares[1])
    split = split_of(donors, config)
    np.testing.assert_array_equal(np.sort(np.concatenate(split[:3])), np.arange(240))
    train, valid, test = (set(donors.obs["donor"].iloc[part]) for part in split[:3])
    assert not (train & valid or train & test or valid & test)
    assert train and valid and bool(test) == (sum(shares) < 1)
    assert len(split.valid) >= 20 and all(f"'{name}'" in split.note for name in valid | test)
    labels = split.labels(240)
    np.testing.assert_array_equal(scored_cells(labels), split.scored)


def test_the_sizes_follow_the_shares_and_another_seed_holds_out_another_donor():
    sizes = np.full(20, 50)
    valid, test = held_out_groups(sizes, 100, 50, np.random.default_rng(0))
    assert (len(valid), len(test)) == (2, 1)
    tested = {int(held_out_groups(sizes, 100, 50, np.random.default_rng(seed))[1][0]) for seed in range(60)}
    assert len(tested) > 15  # all 20 in time: leave one donor out
    unequal = np.array([900, 30, 30, 40])
    for seed in range(10):  # a donor with most of the cells is trained on
        assert 0 not in np.concatenate(held_out_groups(unequal, 100, 50, np.random.default_rng(seed)))


def test_three_groups_are_one_for_each_part_and_small_groups_are_held_out_together():
    valid, test = held_out_groups(np.array([50, 50, 50]), 15, 20, np.random.default_rng(0))
    assert (len(valid), len(test)) == (1, 1) and valid[0] != test[0]
    small = np.full(30, 9)  # a score of fewer than 20 cells means nothing
    valid, test = held_out_groups(small, 10, 20, np.random.default_rng(0))
    assert (len(valid), len(test)) == (3, 3)


def test_five_cells_at_least_are_left_to_train_on():
    assert len(split_cells(100, RunConfig(train_share=0.05)).train) == 5
    with pytest.raises(UserError, match="Of 1,000 cells only 4 would be left to train on"):
        split_cells(1000, RunConfig(train_share=0.004))
    config = RunConfig(split_by="group")
    assert len(split_groups(np.repeat([0, 1], 5), ("a", "b"), config).train) == 5
    with pytest.raises(
        UserError, match="only 4 would be left to train on: choose a column of smaller groups"
    ):
        split_groups(np.repeat([0, 1], 4), ("a", "b"), config)


def test_two_groups_have_no_test_set_and_that_is_said(donors):
    split = split_of(donors, RunConfig(split_by="sex"))
    assert (len(split.train), len(split.valid), len(split.test)) == (120, 120, 0)
    assert "No test set" in split.note and split.scored is split.valid
    with pytest.raises(UserError, match="has one value, so no group can be held out"):
        split_of(donors, RunConfig(split_by="one"))
    with pytest.raises(UserError, match="There is no obs column 'nowhere'"):
        split_of(donors, RunConfig(split_by="nowhere"))


def test_nothing_that_is_learnt_depends_on_the_held_out_donors(donors):
    config = RunConfig(split_by="donor", protein_transform="clr", **QUICK)
    split = split_of(donors, config)
    held_out, other = np.concatenate([split.valid, split.test]), donors.copy()
    values = other.X.toarray()
    values[held_out] = values[held_out][:, ::-1] * 7
    other.X = sparse.csr_matrix(values)
    other.obsm["protein"].iloc[held_out] *= 3
    one, two = prepare(donors, config, split), prepare(other, config, split)
    for name in ("mean", "sd", "gene_index"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.dense(split.train), two.dense(split.train))
    assert not np.allclose(one.dense(held_out), two.dense(held_out))


def test_a_run_says_which_donors_it_held_out_and_repeats_them(donors):
    config = RunConfig(split_by="donor", **QUICK)
    *_, learnt = learn.learn(donors, config)
    split = split_of(donors, learnt.start.config)
    np.testing.assert_array_equal(learnt.start.split.labels(240), split.labels(240))
    assert split.note in learn.start_facts(learnt.start).notes


def test_a_batch_that_is_held_out_whole_is_refused(donors):
    adata = donors.copy()
    adata.obs["chip"] = "chip " + adata.obs["donor"].astype(str)
    config = RunConfig(split_by="donor", batch_key="chip", **QUICK)
    with pytest.raises(UserError, match="because the split is by 'donor', so the model cannot learn it"):
        prepare(adata, config, split_of(adata, config))
    with pytest.raises(UserError, match="are both 'donor', so the model could not learn the batches"):
        parse({"split_by": "donor", "batch_key": "donor"})
    fine = RunConfig(split_by="donor", batch_key="sample", **QUICK)
    assert prepare(donors, fine, split_of(donors, fine)).batch_names == ("sample 1", "sample 2")


def test_the_script_of_a_recipe_trains_on_the_same_donors(donors, tmp_path, monkeypatch):
    adata = read.tidy(donors.copy(), "donors")
    config = RunConfig(split_by="donor")
    text = script(Recipe("donors", (), {"n_top_genes": 0}), checks.examine(adata).record(), config)
    theirs = made_by_script(text, adata, tmp_path, monkeypatch)
    np.testing.assert_array_equal(np.flatnonzero(theirs.obs["train"]), split_of(adata, config).train)
