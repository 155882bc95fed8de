"""The drawing of the network has every layer."""

import pytest
from figure_data import THEMES, annotation_texts

from core import figures
from core.config import RunConfig
from core.figures.network import blocks


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("n_layers", [1, 5])
def test_every_layer_is_drawn_and_wider_ones_are_taller(theme, n_layers):
    layers = RunConfig(n_layers=n_layers, n_latent=20, n_hidden=128, n_hidden_protein=32).layers(2000, 17)
    figure = figures.network(layers, 2000, 17, theme)
    boxes = [shape for shape in figure.layout.shapes if shape.line.width]
    assert len(boxes) == len(layers) + 2  # and the two inputs
    assert len(figure.data[0].x) == len(boxes)
    assert (
        annotation_texts(figure).count("<b>2,000</b>") == 2
        and annotation_texts(figure).count("<b>20</b>") == 1
    )
    lanes = blocks(layers, 2000, 17)
    heights = {block.width: block.height for lane in lanes.values() for block in lane}
    assert heights[2000] > heights[128] > heights[32] > heights[20] > heights[17]
    assert figure.layout.xaxis.fixedrange and figure.layout.yaxis.fixedrange


def test_a_network_without_proteins_has_one_lane():
    layers = RunConfig(n_latent=20, n_hidden=128).layers(500, 0)
    figure = figures.network(layers, 500, 0)
    assert "proteins" not in annotation_texts(figure)
    assert figures.describe_network(layers, 500, 0) == (
        "An autoencoder: 500 genes pass 128 hidden units, meet in 20 latent dimensions and are reconstructed "
        "in the mirrored order, with a linear path from the latent dimensions to the output; "
        f"{sum(layer.weights for layer in layers):,} weights."
    )
    plain = RunConfig(n_latent=20, n_hidden=128, linear_path=False).layers(500, 0)
    assert sum(layer.weights for layer in layers) - sum(layer.weights for layer in plain) == 20 * 500
    assert "in the mirrored order; " in figures.describe_network(plain, 500, 0)
