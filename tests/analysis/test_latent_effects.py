"""What latent dimensions mean: the averaged Jacobian against differences, loadings, and what the page shows of it."""

import numpy as np
import pytest
import torch

from core import models
from core.analysis import latent_effects
from core.config import RunConfig
from core.preprocessing.prepare import prepare
from core.preprocessing.split import split_cells
from core.training.inference import encode


def untrained(tiny, name):
    """(model, Matrix, latent) of a model that has learnt nothing: derivatives need no training."""
    config = RunConfig(model=name, n_hidden=16, n_hidden_protein=8, n_latent=3)
    matrix = prepare(tiny, config, split_cells(tiny.n_obs, config))
    torch.manual_seed(0)
    model = models.build(config, matrix.n_genes, matrix.n_proteins).eval()
    return model, matrix, encode(model, matrix)


@pytest.mark.parametrize("name", ["citeseq", "counts"])
def test_effects_are_what_a_small_step_does(tiny, name):
    model, matrix, latent = untrained(tiny, name)
    *shares, found = latent_effects.effects(model, matrix, latent)
    assert all(0 <= share < 1 for share in shares) and found.n_cells == 240
    cells = matrix.cells(np.arange(240))
    cells = type(cells)(
        *(None if part is None else torch.from_numpy(np.asarray(part)).double() for part in cells)
    )
    z, model = torch.from_numpy(latent).double(), model.double()
    step = torch.zeros(3, dtype=torch.float64)
    step[1] = float(latent.std(axis=0)[1]) * 1e-4
    with torch.no_grad():
        moved = (model.response(z + step, cells) - model.response(z - step, cells)) / 2e-4
    model.float()
    np.testing.assert_allclose(found.mean[1], moved.mean(dim=0), atol=2e-4)
    np.testing.assert_allclose(found.size[1], moved.abs().mean(dim=0), atol=2e-4)


def test_a_linear_decoder_has_its_loadings_as_effects(tiny):
    model, matrix, latent = untrained(tiny, "linear")
    *_, found = latent_effects.effects(model, matrix, latent)
    expected = model.loadings().numpy().T * latent.std(axis=0)[:, None]
    np.testing.assert_allclose(found.mean, expected, atol=1e-5)


def test_the_page_finds_out_and_shows_the_chosen_dimension(finished):
    here = {"run.data": finished.run}
    done = finished.work("effects", here | {"effects-go.n_clicks": 1}, "effects-go.n_clicks")["effects-done"]
    values = here | {"effects-done.data": done["data"], "effects-dimension.value": 2}
    shown = finished.press("effects-box.hidden", values, "effects-dimension.value")
    assert shown["effects-box"]["hidden"] is False and "240 cells" in shown["effects-note"]["children"]
    rows = shown["effects-table"]["rowData"]
    effects = np.abs([row["effect"] for row in rows])
    assert (np.diff(effects) <= 0).all() and {row["kind"] for row in rows} == {"gene", "protein"}
    kept = finished.view.results.array(finished.run, "effects/mean")
    assert rows[0]["effect"] == pytest.approx(float(kept[2][np.abs(kept[2]).argmax()]), abs=1e-4)
    assert finished.client.get(f"/download/{finished.run}/effects.csv").text.startswith(
        "feature,kind,latent_1"
    )
    painted = finished.press(
        "colour.value", here | {"effects-table.selectedRows": rows[:1]}, "effects-table.selectedRows"
    )
    assert painted["colour"]["value"] == f"{rows[0]['kind']}:{rows[0]['feature']}"
    by = finished.press(
        "colour.value",
        here | {"effects-colour.n_clicks": 1, "effects-dimension.value": 2},
        "effects-colour.n_clicks",
    )
    assert by["colour"]["value"] == "latent:3"
