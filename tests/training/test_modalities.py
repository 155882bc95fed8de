"""A run is trained on RNA alone, on proteins alone, or on both, and says so wherever it is shown."""

import csv
import json
import zipfile

import anndata
import numpy as np
import pytest
from app_under_test import AppUnderTest, sent
from constants import QUICK
from simulated import made_by_script

from core import figures
from core.analysis import explore, query, reference_mapping
from core.analysis.metrics import benchmark
from core.cli import main
from core.config import RunConfig, parse, steps_for
from core.config.bundle import PARTS
from core.config.models import MODELS
from core.data import checks
from core.errors import UserError
from core.export import methods, run_folder
from core.preprocessing.prepare import prepare, protein_space
from core.preprocessing.recipe import Recipe, script
from core.preprocessing.split import split_cells
from core.training import learn
from core.training.gpu_matrix import Resident, form_that_fits
from core.worker.execute import drain
from core.worker.jobs.trained_runs import load_run
from dashboard.components import location
from dashboard.pages.clusters import scores
from dashboard.pages.clusters.viewer import embeddings
from dashboard.pages.preprocess import page as preprocess
from dashboard.pages.train import curve_updates
from dashboard.pages.train import page as train

EVERY = np.arange(240)


@pytest.fixture(scope="module")
def rna(tmp_path_factory, tiny_file):
    """An app with a run on RNA alone."""
    return AppUnderTest(tmp_path_factory.mktemp("rna")).with_run(tiny_file, QUICK, {"modalities": "rna"})


@pytest.fixture(scope="module")
def protein(tmp_path_factory, tiny_file):
    """An app with a run on proteins alone."""
    return AppUnderTest(tmp_path_factory.mktemp("protein")).with_run(
        tiny_file, QUICK, {"modalities": "protein"}
    )


@pytest.fixture(scope="module")
def alone(tiny):
    """The tiny set without its proteins."""
    without_proteins = tiny.copy()
    del without_proteins.obsm["protein"]
    return without_proteins


def prepared(adata, **values):
    config = RunConfig(**QUICK | values)
    split = split_cells(adata.n_obs, config)
    return prepare(adata, config, split), split, config


def learnt(adata, **values):
    *_, learnt_run = learn.learn(adata, RunConfig(**QUICK | values))
    return learnt_run


# --- the setting and the matrix


def test_what_a_run_is_trained_on_is_one_of_three_and_both_in_older_records():
    record = RunConfig().model_dump()
    assert record.pop("modalities") == "both" and parse(record).modalities == "both"
    before = {name: value for name, value in record.items() if name not in MODELS["citeseq"].before}
    assert parse(before).modalities == "both" and Recipe("old", (), {}).settings["modalities"] == "both"
    with pytest.raises(UserError, match="modalities"):
        parse({"modalities": "atac"})
    assert steps_for("counts", has_proteins=True)["modalities"].applies
    assert "has no proteins" in steps_for("counts", has_proteins=False)["modalities"].reason


def test_rna_alone_is_the_matrix_of_a_dataset_without_proteins(tiny, alone):
    (matrix, split, config), (expected, _, _) = prepared(tiny, modalities="rna"), prepared(alone)
    np.testing.assert_array_equal(matrix.dense(EVERY), expected.dense(EVERY))
    assert (
        matrix.protein is None
        and matrix.n_proteins == 0
        and matrix.notes[-1].endswith("used for scores, not for training.")
    )
    np.testing.assert_array_equal(matrix.protein_space(), protein_space(tiny, config, split))
    seen = prepared(tiny)[0].protein_space([3, 5])
    np.testing.assert_allclose(matrix.protein_space([3, 5]), seen, rtol=1e-6)
    assert expected.protein_space() is None


def test_proteins_alone_are_the_proteins_of_both(tiny):
    (matrix, _, _), (both, _, _) = prepared(tiny, modalities="protein"), prepared(tiny)
    assert (matrix.n_genes, matrix.n_proteins, matrix.dense(EVERY).shape) == (0, 6, (240, 6))
    np.testing.assert_array_equal(matrix.dense(EVERY), both.dense(EVERY)[:, 120:])
    assert "Genes are not used in training" in matrix.notes[0]


def test_proteins_alone_need_proteins(tiny, alone):
    useless = tiny.copy()
    useless.obsm["protein"] = useless.obsm["protein"] * 0
    single = tiny.copy()
    single.obsm["protein"] = single.obsm["protein"][["ADT-01"]]
    for adata in (alone, useless, single):
        with pytest.raises(UserError, match="proteins only needs at least two usable proteins"):
            prepared(adata, modalities="protein")
    assert prepared(alone, modalities="rna")[0].n_proteins == 0


# --- training


def test_rna_alone_trains_as_without_proteins_to_the_last_bit(tiny, alone):
    rna_run, expected = learnt(tiny, modalities="rna"), learnt(alone)
    assert rna_run.latent.tobytes() == expected.latent.tobytes() and rna_run.loss == expected.loss
    assert rna_run.loss.protein is None and rna_run.start.on_valid == expected.start.on_valid


@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_from_proteins_alone(tiny, model):
    learnt_run = learnt(tiny, modalities="protein", model=model, epochs=60, n_latent=None)
    loss, baselines, config = learnt_run.loss, learnt_run.start.on_scored, learnt_run.start.config
    assert config.n_latent == 1  # a fifth of six proteins
    assert loss.rna is baselines.mean.rna is baselines.pca_rna is None and loss.total == loss.protein
    assert (
        loss.total < baselines.mean.total
        and np.isfinite(learnt_run.latent).all()
        and learnt_run.start.path == "dense"
    )
    assert not any(
        name.startswith(("blocks.encoder_rna", "blocks.output_rna")) for name in learnt_run.weights
    )
    layers = config.layers(0, 6)
    assert {layer.branch for layer in layers} == {"protein", "latent"}
    assert "6 proteins pass 8 hidden units, meet" in figures.describe_network(layers, 0, 6)
    counted = sum(layer.weights for layer in layers)
    assert counted == sum(
        w.numel() for name, w in learnt_run.weights.items() if "running" not in name and "num_" not in name
    )


def test_the_baselines_of_proteins_alone_is_their_own_pca(tiny):
    from sklearn.decomposition import PCA

    learnt_run = learnt(tiny, modalities="protein", epochs=1, n_latent=2)
    matrix, split = learnt_run.start.matrix, learnt_run.start.split
    pca = PCA(2).fit(matrix.dense(split.train))
    x = matrix.dense(split.scored)
    error = (pca.inverse_transform(pca.transform(x)) - x) ** 2
    assert learnt_run.start.on_scored.pca.total == pytest.approx(error.mean(), rel=1e-3)


@pytest.mark.slow
def test_two_proteins_and_batches_are_enough(tiny):
    few = tiny.copy()
    few.obsm["protein"] = few.obsm["protein"][["ADT-01", "ADT-02"]]
    learnt_run = learnt(few, modalities="protein", batch_key="sample", input_dropout=0.2, n_latent=None)
    *_, explored = explore.explore(explore.trained_run(learnt_run), learnt_run.start.config)
    assert explored.embeddings["latent_umap"].shape == (240, 2) and explored.harmony.shape[0] == 240
    assert np.isfinite(explored.scores["protein_agreement_15"]) and learnt_run.axes.shape[1] == 1


def test_proteins_alone_lie_on_a_gpu_as_they_are(tiny):
    """With the CPU in its place."""
    matrix = prepared(tiny, modalities="protein")[0]
    assert form_that_fits(matrix, 1e6) == "dense"
    ((_, cells),) = Resident(matrix, "cpu", "dense").minibatches(EVERY, 240, hide=0.5)
    np.testing.assert_array_equal(cells.x.numpy(), matrix.dense(EVERY))


def test_further_cells_are_mapped_by_their_proteins_alone(tiny, tmp_path):
    learnt_run = learnt(tiny, modalities="protein", batch_size=40)
    run_folder.save_weights(tmp_path / "model.pt", learnt_run, learnt_run.start.config)
    trained = run_folder.load_trained(tmp_path / "model.pt")
    further = tiny[:, :7].copy()
    further.X = np.log1p(further.X.toarray())  # whatever its genes hold

    def latent(adata):
        *_, mapped = reference_mapping.encode_query(query.prepare_query(adata, trained), trained)
        return mapped

    np.testing.assert_allclose(latent(further), learnt_run.latent, atol=1e-5)
    table = further.obsm["protein"]
    further.obsm["protein"] = table[["ADT-01", "ADT-02", "ADT-03", "ADT-04"]]
    assert np.isfinite(latent(further)).all() and query.prepare_query(further, trained).missing_proteins
    further.obsm["protein"] = table[["ADT-01", "ADT-02"]]
    with pytest.raises(UserError, match=r"Of the 6 that it uses, 2 \(33%\) are in this dataset"):
        latent(further)


# --- what scores the latent space


def test_proteins_left_out_of_training_score_the_latent_space_and_are_not_called_seen(rna):
    run, trained = load_run(rna.store, rna.run)
    there = run_folder.spaces(rna.store.run_folder(rna.run), trained)
    *_, records = benchmark.compare_spaces(trained, parse(run["config"]), there)
    notes = {r["space"]: (r["note"], r["value"]) for r in records if r["score"] == "protein_agreement_15"}
    assert notes.pop("protein") == ("", None)
    assert {note for note, _ in notes.values()} == {"not seen in training"} and notes["latent"][1] > 0
    assert notes["latent"][1] == pytest.approx(run["scores"]["protein_agreement_15"], abs=1e-6)


def scored(nuwa):
    return sent(scores.layout(nuwa.view, nuwa.view.runs.one(nuwa.run)))


def test_the_scores_of_the_page_say_who_has_seen_the_proteins(rna, protein, finished):
    assert "Agreement with proteins (15), not seen in training" in scored(rna)
    for nuwa in (protein, finished):
        assert "Agreement with proteins (15), seen in training" in scored(nuwa)
    assert "explained, protein" not in scored(rna) and "explained, RNA" in scored(rna)
    assert "explained, RNA" not in scored(protein) and "explained, protein" in scored(protein)


# --- pages


def test_the_choice_stands_on_the_page_and_is_kept(rna, with_demo):
    shown = sent(preprocess.layout(rna.view, location.resolve(rna.view, f"?preparation={rna.preparation}")))
    assert "Trained on" in shown and "6 proteins are used for scores, not for training" in shown
    values = {"setting": {"modalities": "protein"}, "limit": {}, "prepare.n_clicks": 1}
    answer = rna.work("apply-recipe", values | {"prepare-dataset.data": rna.dataset}, "prepare.n_clicks")
    job = rna.view.jobs.one(answer["apply-recipe-done"]["data"])
    row = rna.view.preparations.one(job["result"]["preparation"])
    assert row["settings"]["modalities"] == "protein"
    assert (row["record"]["n_genes"], row["record"]["n_proteins"]) == (0, 6)
    assert [pair["name"] for pair in row["record"]["histograms"]] == ["protein"]
    pbmc = next(d for d in with_demo.view.datasets.all() if d["origin"] == "demo:pbmc68k_reduced")
    answer = with_demo.work("apply-recipe", values | {"prepare-dataset.data": pbmc["id"]}, "prepare.n_clicks")
    message = answer["apply-recipe-message"]["children"]
    assert "this dataset has fewer" in sent(message)


def test_the_pages_of_training_show_what_there_is(rna, protein, finished):
    for nuwa, parts in ((rna, ["rna"]), (protein, ["protein"]), (finished, ["rna", "protein"])):
        page = sent(train.layout(nuwa.view, location.resolve(nuwa.view, f"?run={nuwa.run}")))
        assert [f'"value": "{part}"' in page for part in ("rna", "protein")] == [
            part in parts for part in ("rna", "protein")
        ]
        epochs = nuwa.view.runs.epochs(nuwa.run)
        titles = {"total": "Total", "rna": "RNA", "protein": "Protein"}
        message = [a.text for a in figures.loss_page(epochs).layout.annotations if a.text in titles.values()]
        assert message == [titles[part] for part in ("total", *parts)]
        for part in ("total", *parts):
            assert len(curve_updates.drawing(nuwa.view, nuwa.run, figures.Look(part), None)[0].data) >= 3


def test_the_proteins_are_a_space_of_either_run(rna, protein):
    for nuwa in (rna, protein):
        run = nuwa.view.runs.one(nuwa.run)
        keys = [option["value"] for option in embeddings.options(nuwa.view, run)]
        assert {"protein_umap", "protein_pca"} <= set(keys)
        assert embeddings.points(nuwa.view, run, "protein_pca") is None  # not drawn yet


def test_all_that_is_asked_of_a_run_on_proteins_alone_is_answered(protein):
    view, run = protein.view, protein.run
    for kind, arguments in (
        ("profile", {"cell": 3}),
        ("meaning", {}),
        ("explained", {}),
        ("cell_scores", {}),
        ("spaces", {"labels": "cell_type", "batches": None, "resolution": 1.0}),
        ("labels", {"column": "cell_type", "resolution": 1.0}),
    ):
        job = view.jobs.submit(kind, run, arguments, f"all:{kind}")
        drain(protein.store)
        assert view.jobs.one(job)["status"] == "done", (kind, view.jobs.one(job)["message"])
    view.results.embed(run, "protein_umap")
    drain(protein.store)
    assert embeddings.points(view, view.runs.one(run), "protein_umap").shape == (240, 2)
    with view.results.file(run, "explained.csv").open(newline="") as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"protein"}
    assert view.results.names(run, "per_cell") == ["neighbours_kept_15", "reconstruction_error_protein"]
    assert view.results.array(run, "effects/mean").shape == (4, 6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rna", "protein"])
def test_either_run_can_be_taken_away_and_trained_again(kind, request, monkeypatch):
    nuwa = request.getfixturevalue(kind)
    monkeypatch.setattr("core.figures.printed.chromium.draw", lambda *_: "There is no Chromium.")
    job = nuwa.view.bundles.create(nuwa.run, parts=list(PARTS), denoised=True)
    drain(nuwa.store)
    assert nuwa.view.jobs.one(job["id"])["status"] == "done", nuwa.view.jobs.one(job["id"])["message"]
    with zipfile.ZipFile(nuwa.view.results.file(nuwa.run, "bundle.zip")) as bundle:
        report = bundle.read("report.html").decode()
        recipe = json.loads(bundle.read("recipe.json"))
    assert f"trained on {'RNA' if kind == 'rna' else 'proteins'} alone" in report
    assert f"<td>Trained on</td><td>{kind}</td>" in report and recipe["settings"]["modalities"] == kind
    job = nuwa.view.bundles.verify(nuwa.run)
    drain(nuwa.store)
    repeated = nuwa.view.jobs.one(job["id"])["result"]
    assert repeated["same"], repeated


# --- the command line, scripts, and words


@pytest.mark.parametrize("kind", ["rna", "protein"])
def test_the_command_line_trains_and_scores_it(kind, tiny_file, tmp_path, capsys):
    small = ["--epochs", "2", "--n-hidden", "16", "--n-latent", "4", "--device", "cpu", "--denoised"]
    out = tmp_path / "out"
    assert main(["train", str(tiny_file), "--out", str(out), "--modalities", kind, *small]) == 0
    assert json.loads((out / "config.json").read_text())["modalities"] == kind
    other = {"rna": "protein", "protein": "rna"}[kind]
    with (out / "history.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert row[f"valid_{other}"] == "" and row["valid_loss"] == row[f"valid_{kind}"] != ""
    exported = anndata.read_h5ad(out / "result.h5ad")
    assert exported.var["nuwa_used"].any() == (kind == "rna") and "protein" in exported.obsm
    assert ("nuwa_denoised" in exported.obsm) == (kind == "rna")
    assert ("nuwa_denoised_protein" in exported.obsm) == (kind == "protein")
    capsys.readouterr()
    assert main(["score", str(out)]) == 0
    shown = capsys.readouterr().out
    assert ("proteins (15): not seen in training." in shown) == (kind == "rna")
    assert ("all genes" in shown, "all proteins" in shown) == (kind == "rna", kind == "protein")


@pytest.mark.parametrize("kind", ["both", "rna", "protein"])
def test_the_script_gives_the_identical_matrix(kind, tiny, tmp_path, monkeypatch):
    recipe = Recipe("tiny", (), {"modalities": kind})
    text = script(recipe, checks.examine(tiny).record(), RunConfig())
    theirs = made_by_script(text, tiny, tmp_path, monkeypatch)
    ours = prepared(tiny, **recipe.settings)[0]
    assert list(theirs.var_names) == list(ours.genes) and ("protein" in theirs.obsm) == (kind != "rna")
    values = np.hstack([theirs.X, theirs.obsm["protein"]] if kind != "rna" else [theirs.X])
    np.testing.assert_allclose(values, ours.dense(EVERY), atol=2e-5)


def test_the_methods_say_what_a_run_was_trained_on(rna, protein, finished):
    def methods_of(nuwa):
        run = nuwa.view.runs.one(nuwa.run)
        data = nuwa.view.datasets.one(run["dataset"])["record"]
        return methods.paragraph(parse(run["config"]), run["facts"] | {"n_done": 3}, data)

    sentence = "The model was trained on RNA alone; the proteins were used to evaluate its latent space. The values of 6 proteins were"
    assert sentence in methods_of(rna) and "16 hidden units on each side" in methods_of(rna)
    sentence = "The model was trained on proteins alone. The values of 6 proteins were transformed by the centred log-ratio"
    assert sentence in methods_of(protein) and "8 hidden units on each side" in methods_of(protein)
    assert "variable genes" not in methods_of(protein) and "10 standard deviations" in methods_of(protein)
    for nuwa in (rna, protein):
        assert (
            "alone" in methods_of(nuwa)
            and "weighted" not in methods_of(nuwa)
            and "a branch each" not in methods_of(nuwa)
        )
    assert "alone" not in methods_of(finished) and "weighted 1 for RNA and 0.3 for protein" in methods_of(
        finished
    )
