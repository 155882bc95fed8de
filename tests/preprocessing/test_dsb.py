"""Transforms of proteins: by hand, by the published equations, against scikit-learn, there and back, and as a script."""

import argparse
import json
import runpy
import sys

import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from anndata import AnnData
from simulated import unfiltered
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture

from core.cli import main, train
from core.config import RunConfig, parse, steps_for
from core.data import checks, demo, read
from core.data.protein_background import KEY, background_of
from core.data.read.empty_droplets import join_background
from core.errors import UserError
from core.export import run_folder
from core.preprocessing import dsb
from core.preprocessing.prepare import prepare
from core.preprocessing.recipe import Recipe, from_json, script
from core.preprocessing.split import split_cells
from core.training import learn

TRANSFORMS = ("clr", "clr_cells", "dsb", "none")


@pytest.fixture(scope="module")
def with_background(tiny):
    """The tiny set with the background of its proteins, and the counts of its empty droplets. Read only: copy it."""
    adata = tiny.copy()
    droplets, empty = unfiltered(tiny)
    message = join_background(adata, droplets, "'raw.h5'")
    limits = "32 protein counts or more, fewer than 316 of RNA"
    assert message == f"300 empty droplets ({limits}) in 'raw.h5' tell the background of 8 proteins."
    return adata, empty


# --- the background


def test_empty_droplets_are_those_that_are_no_cells_and_have_few_counts(with_background, tiny):
    adata, empty = with_background
    background = background_of(adata)
    logged = np.log(empty + 10)
    np.testing.assert_allclose(background.mean, logged.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(background.sd, logged.std(axis=0, ddof=1), rtol=1e-6)
    assert background.names == tuple(tiny.obsm["protein"].columns) and background.droplets == 300
    loud, _ = unfiltered(tiny)
    rows = np.flatnonzero(loud.obs_names.str.startswith("drop-"))
    values = loud.X.tolil()
    values[rows[:40], 0] = 400  # cells that the first file left out: much RNA
    values[rows[40:90], tiny.n_vars] = 1e5  # clumps of antibody: more than half of the cells have
    loud.X = values.tocsr()
    assert "210 empty droplets" in join_background(tiny.copy(), loud, "'raw.h5'")
    wide = {"most_rna": 10**6, "fewest_protein": None}
    assert "250 empty droplets" in join_background(tiny.copy(), loud, "'raw.h5'", wide)
    with pytest.raises(UserError, match="or set the limits otherwise .5,000 protein counts or more"):
        join_background(tiny.copy(), loud, "'raw.h5'", {"fewest_protein": 5000})
    for wrong in ({"most_rna": 0}, {"most_rna": "7"}, {"most_rna": True}, {"most": 7}):
        with pytest.raises(UserError, match="Empty droplets|limit"):
            join_background(tiny.copy(), loud, "'raw.h5'", wrong)


def test_backgrounds_of_joined_samples_are_those_of_all_their_droplets(tiny):
    parts, droplets = [], []
    for i, rows in enumerate((slice(0, 120), slice(120, 240))):
        adata = tiny[rows].copy()
        unfiltered_adata, empty = unfiltered(adata, 300 + 100 * i, seed=i)
        join_background(adata, unfiltered_adata, "'raw.h5'")
        parts.append(read.Sample(f"s{i}", adata))
        droplets.append(np.log(empty + 10))
    planned = read.plan([read.outline(*part) for part in parts])
    assert not any("background" in sentence for sentence in planned.lost)
    joined = read.join_samples(parts, planned)
    background, every = background_of(joined), np.vstack(droplets)
    assert (
        background.droplets == 700 and "The 700 empty droplets of all of them" in joined.uns["nuwa_read"][1]
    )
    np.testing.assert_allclose(background.mean, every.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(background.sd, every.std(axis=0, ddof=1), rtol=1e-6)
    config = RunConfig(n_top_genes=0, protein_transform="dsb")
    assert np.isfinite(prepare(joined, config, split_cells(240, config)).protein).all()
    bare = parts[1].adata.copy()
    del bare.uns[KEY]
    alone = read.plan([read.outline(*parts[0]), read.outline("b", bare)])
    assert alone.lost[-1] == "The background of proteins from empty droplets, which only s0 has."
    assert background_of(read.join_samples([parts[0], read.Sample("b", bare)], alone)) is None


def test_a_background_that_cannot_be_had_is_refused_in_a_sentence(tiny):
    droplets, _ = unfiltered(tiny)
    cells = droplets[droplets.obs_names.isin(tiny.obs_names)].copy()
    with pytest.raises(UserError, match="Only 0 droplets of 'f.h5' are empty"):
        join_background(tiny.copy(), cells, "'f.h5'")
    with pytest.raises(UserError, match="1 of 8 proteins are not in 'f.h5', such as 'ADT-02'"):
        join_background(tiny.copy(), droplets[:, droplets.var_names != "ADT-02"].copy(), "'f.h5'")
    other = droplets.copy()
    other.obs_names = [f"x{i}" for i in range(other.n_obs)]
    with pytest.raises(UserError, match="Only 0 of 240 cells have a droplet in 'f.h5'"):
        join_background(tiny.copy(), other, "'f.h5'")
    bare = tiny.copy()
    del bare.obsm["protein"]
    with pytest.raises(UserError, match="no proteins to train on"):
        join_background(bare, droplets, "'f.h5'")
    with pytest.raises(UserError, match="DSB needs empty droplets"):
        prepare(tiny, RunConfig(n_top_genes=0, protein_transform="dsb"), split_cells(240, RunConfig()))


def test_an_antibody_that_is_called_like_a_gene_is_found(tiny):
    adata = tiny.copy()
    first = adata.obsm["protein"].columns[0]
    droplets, empty = unfiltered(tiny)
    names = list(droplets.var_names)
    names[3] = first  # a gene of that name comes first, and normal form numbers the antibody
    droplets.var_names = names
    join_background(adata, droplets, "'raw.h5'")
    np.testing.assert_allclose(background_of(adata).mean[0], np.log(empty[:, 0] + 10).mean(), rtol=1e-6)


def test_it_is_kept_in_the_file_and_in_what_steps_make(with_background, tmp_path):
    adata, _ = with_background
    adata[:100].copy().write_h5ad(tmp_path / "kept.h5ad")
    again = background_of(anndata.read_h5ad(tmp_path / "kept.h5ad"))
    np.testing.assert_array_equal(again.mean, background_of(adata).mean)
    assert again.droplets == 300 and again.names == background_of(adata).names


# --- DSB


def test_the_ambient_correction_by_hand():
    mean, sd = np.array([np.log(20), np.log(30)]), np.array([0.5, 2.0])
    values = dsb.against_background(np.array([[10.0, 20.0], [190.0, 0.0]]), mean, sd)
    np.testing.assert_allclose(values, [[0, 0], [2 * np.log(10), np.log(1 / 3) / 2]])


def test_the_background_of_a_cell_is_the_lower_of_two_gaussians():
    random = np.random.default_rng(0)
    x = np.concatenate([random.normal(0, 1, (20, 14)), random.normal(6, 1, (20, 6))], axis=1)
    x = random.permuted(x, axis=1)
    theirs = []
    for row in x[:, :, None]:
        fits = [
            GaussianMixture(2, covariance_type=kind, n_init=3, random_state=0, tol=1e-6, max_iter=300).fit(
                row
            )
            for kind in ("tied", "full")
        ]
        theirs.append(min(fits, key=lambda fit: fit.bic(row)).means_.min())
    close = np.abs(dsb.background_means(x) - theirs) < 0.02
    assert close.mean() > 0.9  # where theirs shuts itself around one value, ours does not
    clear = np.array([[0.0, 0.1, -0.1, 0.0, 5.0, 5.2, 4.8], [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]])
    np.testing.assert_allclose(dsb.background_means(clear), [0.0, 2.0], atol=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_overlapping_gaussians_are_fitted_to_the_end_and_chosen_by_their_bic(seed):
    """As scikit-learn from the same start: the cut in two with the least squares within."""
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(0, 1, 60), random.normal(2.2, 1 if seed % 2 else 0.5, 30)])
    ordered = np.sort(x)
    cut = min(range(1, 90), key=lambda n: n * ordered[:n].var() + (90 - n) * ordered[n:].var())
    start = {"means_init": [[ordered[:cut].mean()], [ordered[cut:].mean()]], "tol": 1e-10, "max_iter": 5000}
    fits = [
        GaussianMixture(2, covariance_type=kind, **start).fit(x[:, None]) for kind in ("tied", "spherical")
    ]
    best = min(fits, key=lambda fit: fit.bic(x[:, None]))
    assert dsb.background_means(x[None])[0] == pytest.approx(best.means_.min(), abs=0.01)


def test_dsb_is_the_published_equations(with_background):
    """Mulè 2022, as the R package has it: isotypes and mu1, scaled PCA, the residual of a straight line."""
    adata, _ = with_background
    background = background_of(adata)
    config = RunConfig(n_top_genes=0, protein_transform="dsb", scale=False)
    split = split_cells(240, config)
    matrix = prepare(adata, config, split)
    counts = adata.obsm["protein"].to_numpy()
    ambient = (np.log(counts + 10) - background.mean) / background.sd
    noise = np.column_stack([ambient[:, 6:], dsb.background_means(ambient)])
    teach = noise[split.train]
    scaled = (noise - teach.mean(axis=0)) / teach.std(axis=0, ddof=1)
    component = PCA(1).fit(scaled[split.train]).transform(scaled)
    line = LinearRegression().fit(component[split.train], ambient[split.train])
    expected = ambient - component @ line.coef_.T
    np.testing.assert_allclose(matrix.protein, expected[:, :6], atol=1e-4)
    left = np.corrcoef(matrix.protein_change.component[split.train], matrix.protein[split.train, 0])[0, 1]
    assert abs(left) < 1e-4


def test_dsb_takes_out_what_a_cell_has_more_of_everything(tiny):
    adata = demo.simulated(n_cells=400, n_genes=60, n_proteins=20, seed=1)
    join_background(adata, unfiltered(adata)[0], "'raw.h5'")
    config = RunConfig(n_top_genes=0, protein_transform="dsb", scale=False)
    matrix = prepare(adata, config, split_cells(400, config))
    kind, total = adata.obs["cell_type"].to_numpy(), np.log(adata.obsm["protein"].sum(axis=1))
    ambient = dsb.against_background(
        matrix.protein_counts, matrix.protein_change.proteins.mean, matrix.protein_change.proteins.sd
    )

    def follows(values):  # within a type, how far proteins rise with all the antibody a cell caught
        rows = kind == "type A"
        return np.mean([np.corrcoef(total[rows], values[rows, i])[0, 1] for i in range(values.shape[1])])

    assert follows(matrix.protein) < 0.75 * follows(ambient)


# --- there and back, and kept


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_counts_go_there_and_back_and_the_matrix_says_how(with_background, transform):
    adata, _ = with_background
    config = RunConfig(n_top_genes=0, protein_transform=transform)
    matrix = prepare(adata, config, split_cells(240, config))
    rows = np.array([5, 3, 200])
    counts = matrix.raw(rows)
    np.testing.assert_allclose(matrix.normalised(counts, rows)[:, 120:], matrix.protein[rows], atol=1e-5)
    clip = matrix.as_seen(counts, rows)
    np.testing.assert_allclose(clip, matrix.dense(rows), atol=1e-4)
    wide = prepare(adata, config.model_copy(update={"clip": 1000.0}), split_cells(240, config))
    np.testing.assert_allclose(wide.to_counts(wide.dense(rows), rows), counts, atol=2e-2)
    record = matrix.protein_change.record()
    assert record["transform"] == transform
    if transform == "dsb":
        assert record["isotypes"] == list(demo.ISOTYPES) and len(record["technical_axis"]) == 3


def test_the_background_follows_the_model(with_background, tmp_path, run_quick):
    adata, _ = with_background
    config = run_quick.model_copy(update={"protein_transform": "dsb", "epochs": 1, "model": "counts"})
    learnt = list(learn.learn(adata, config, tmp_path))[-1]
    run_folder.save_weights(tmp_path / "model.pt", learnt, config)
    kept = torch.load(tmp_path / "model.pt", weights_only=True)
    assert kept["config"]["protein_transform"] == "dsb" and np.isfinite(learnt.latent).all()
    kept = kept["protein_transform"]
    np.testing.assert_allclose(kept["background_mean"], background_of(adata).mean[:6])
    np.testing.assert_allclose(kept["isotype_sd"], background_of(adata).sd[6:])


def test_the_command_line_takes_an_unfiltered_matrix(tiny, tiny_file, tmp_path, capsys):
    unfiltered(tiny)[0].write_h5ad(tmp_path / "raw.h5ad")
    command = ["inspect", str(tiny_file), "--background", str(tmp_path / "raw.h5ad")]
    assert main(command) == 0
    assert "300 empty droplets (32 protein counts or more" in capsys.readouterr().out
    assert main([*command, "--droplets-fewest-protein", "40"]) == 0
    assert "empty droplets (40 protein counts or more" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("transform", ["clr_cells", "dsb", "none"])
def test_the_script_gives_the_identical_proteins(with_background, tmp_path, monkeypatch, transform):
    adata, _ = with_background
    record = checks.examine(adata).record() | {"protein_background": background_of(adata).record()}
    recipe = Recipe("x", settings={"protein_transform": transform, "n_top_genes": 50})
    text = script(from_json(recipe.to_json()), json.loads(json.dumps(record)), RunConfig())
    assert "import core" not in text and "from core" not in text
    (tmp_path / "recipe.py").write_text(text)
    bare = adata.copy()
    del bare.uns[KEY]  # the script brings its own
    bare.write_h5ad(tmp_path / "in.h5ad")
    monkeypatch.setattr(sys, "argv", ["recipe.py", str(tmp_path / "in.h5ad"), str(tmp_path / "out.h5ad")])
    runpy.run_path(str(tmp_path / "recipe.py"))
    theirs = anndata.read_h5ad(tmp_path / "out.h5ad").obsm["protein"]
    config = parse(recipe.settings)
    ours = prepare(adata, config, split_cells(240, config))
    assert list(theirs.columns) == list(ours.proteins)
    np.testing.assert_allclose(theirs, ours.seen_proteins(np.arange(240)), atol=2e-5)
    if transform == "dsb":
        with pytest.raises(UserError, match="DSB needs the unfiltered matrix"):
            script(recipe, record | {"protein_background": None}, RunConfig())


# --- settings of an earlier Nuwa


def test_settings_of_an_earlier_nuwa_are_read(tmp_path):
    (tmp_path / "config.json").write_text('{"clr": true, "n_latent": 7, "device_used": "cpu"}')
    arguments = ["in.h5ad", "--out", "out", "--config", str(tmp_path / "config.json")]
    parser = argparse.ArgumentParser()
    train.add(parser)
    assert train._config(parser.parse_args(arguments), {}, {})[0].protein_transform == "clr"
    dsb_arguments = [*arguments, "--protein-transform", "dsb"]  # an option wins over the file
    won, _ = train._config(parser.parse_args(dsb_arguments), {}, {})
    assert (won.protein_transform, won.n_latent) == ("dsb", 7)
    assert (
        parse({"clr": False}).protein_transform == "none" and parse({"clr": True}).protein_transform == "clr"
    )
    old = Recipe("x").record() | {"nuwa_recipe": 1}
    old["settings"] = {"clr": False, "n_top_genes": 77}
    again = from_json(json.dumps(old))
    assert again.settings["protein_transform"] == "none" and again.settings["n_top_genes"] == 77
    with pytest.raises(UserError, match="Unknown setting 'clr'"):
        parse({"clr": True, "protein_transform": "dsb"})
    with pytest.raises(UserError, match="Unknown setting 'clr'"):
        parse({"clr": "yes"})


def test_dsb_is_offered_where_there_is_a_background():
    assert "dsb" in steps_for("counts", True)["protein_transform"].closed
    assert not steps_for("counts", True, has_background=True)["protein_transform"].closed


def test_a_table_of_proteins_alone_can_be_the_unfiltered_matrix(tiny):
    droplets, empty = unfiltered(tiny)
    alone = droplets[:, tiny.n_vars :].copy()
    del alone.var["feature_types"]
    adata = tiny.copy()
    message = join_background(adata, alone, "'all.csv'")
    assert "known by their proteins alone" in message
    held = AnnData(droplets.X[:, : tiny.n_vars], droplets.obs, droplets.var.iloc[: tiny.n_vars, :0])
    held.obsm["protein"] = pd.DataFrame(
        droplets.X[:, tiny.n_vars :].toarray(), droplets.obs_names, alone.var_names
    )
    other = tiny.copy()
    join_background(other, held, "'all.h5ad'")
    np.testing.assert_allclose(background_of(other).mean, background_of(adata).mean)
