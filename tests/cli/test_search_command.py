"""`python -m core search FILE --space space.json`: trials as JSON, and sentences for what cannot be searched."""

import json

import pytest

from core.cli import main


def files(tmp_path, space, **config):
    for name, values in (("space", space), ("config", config)):
        (tmp_path / f"{name}.json").write_text(values if isinstance(values, str) else json.dumps(values))
    return ["--space", str(tmp_path / "space.json"), "--config", str(tmp_path / "config.json")]


@pytest.mark.slow
def test_a_search_writes_its_trials_and_judges_the_best_on_unseen_cells(
    tiny_file, run_quick, tmp_path, capsys
):
    out = tmp_path / "trials.json"
    config = run_quick.model_dump(include={"epochs", "n_hidden", "n_hidden_protein", "batch_size"})
    options = files(tmp_path, {"n_latent": [2, 4]}, **config)
    assert main(["search", str(tiny_file), *options, "--trials", "2", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert [trial["params"] for trial in found["trials"]] == [{"n_latent": 2}, {"n_latent": 4}]
    assert found["best"]["value"] == min(trial["value"] for trial in found["trials"])
    assert found["judged"]["n_cells"] >= 20 and found["judged"]["loss"] > 0
    assert "test cells that no trial was chosen by" in capsys.readouterr().err


@pytest.mark.slow
def test_a_search_by_neighbours_and_one_whose_every_trial_fails(tiny_file, run_quick, tmp_path, capsys):
    config = run_quick.model_dump(include={"epochs", "n_hidden", "n_hidden_protein", "batch_size"})
    options = files(tmp_path, {"n_latent": [2, 4]}, **config)
    assert main(["search", str(tiny_file), *options, "--trials", "1", "--objective", "neighbours"]) == 0
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert 0 < trial["value"] < 1
    options = files(tmp_path, {"n_latent": [500, 600]}, **config)
    assert main(["search", str(tiny_file), *options, "--trials", "2"]) == 1
    assert "Every trial failed. The first message was: 500 latent dimensions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("[1, 2]", "should contain one JSON object"),
        ("{", "is not JSON"),
        ({"n_latnt": [1, 2]}, "did you mean 'n_latent'?"),
        ({}, "No setting is searched"),
        ({"seed": [1, 2]}, "all trials must be scored alike"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused_before_anything_is_read(
    tmp_path, capsys, space, sentence
):
    assert main(["search", "nothing.h5ad", *files(tmp_path, space)]) == 2
    assert sentence in capsys.readouterr().err
