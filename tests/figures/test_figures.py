"""Figures show what they are given: every number in its place, nothing lost on the way to the browser."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from core import figures
from core.config import RunConfig
from core.figures.loss import WAITING, y_range
from core.figures.network import blocks
from core.figures.theme import CATEGORIES, LOOKS

BASELINES = {
    "mean": {"total": 1.25, "rna": 0.95, "protein": 1.0},
    "pca": {"total": 0.70, "rna": 0.53, "protein": 0.55},
    "pca_rna": 0.51,
}
THEMES = ["light", "dark"]


def epochs_of(n, protein=True, first=1.2):
    """n epochs whose losses fall from `first` to about 0.6."""
    losses = [0.6 + (first - 0.6) * math.exp(-i / 4) for i in range(n)]
    return [
        {
            "epoch": i + 1,
            "train_loss": loss,
            "valid_loss": loss + 0.02,
            "train_rna": loss,
            "valid_rna": loss + 0.01,
            "train_protein": loss if protein else None,
            "valid_protein": loss + 0.03 if protein else None,
            "learning_rate": 1e-3,
        }
        for i, loss in enumerate(losses)
    ]


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def words(figure):
    return " | ".join(annotation.text for annotation in figure.layout.annotations)


def sent(figure):
    """The figure as the browser gets it: strict JSON, where NaN is an error."""

    def refuse(constant):
        raise AssertionError(f"{constant} in the figure's JSON")

    return json.loads(figure.to_json(), parse_constant=refuse)


def cells_of(n, k=2, seed=0):
    """n cell names, k-dimensional points."""
    points = np.random.default_rng(seed).normal(size=(n, k)).astype(np.float32)
    return [f"AAACCTGAGCATCATC-{i}" for i in range(n)], points


# ---- theme


@pytest.mark.parametrize("theme", THEMES)
def test_the_figures_have_the_colours_of_the_style_sheet(theme):
    css = (ROOT / "assets" / "90-nuwa.css").read_text(encoding="utf-8")
    start = css.index(":root:root {" if theme == "light" else ':root[data-bs-theme="dark"] {')
    variables = dict(re.findall(r"--nuwa-([a-z]+): (#[0-9a-f]{6})", css[start : css.index("}", start)]))
    look = LOOKS[theme]._asdict()
    assert {name: variables[name] for name in look if name != "missing"} == {
        name: colour for name, colour in look.items() if name != "missing"
    }
    layout = figures.template(theme).layout
    assert layout.font.color == variables["text"]
    assert layout.colorway[0] == variables["accent"]
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="unknown theme 'sepia'"):
        figures.template("sepia")


def test_sixty_groups_have_sixty_colours_that_differ():
    colours = figures.category_colours(60)
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours])
    apart = np.abs(rgb[:, None] - rgb[None]).sum(axis=2) + 1000 * np.eye(60, dtype=int)
    assert apart.min() >= 30
    assert figures.category_colours(65)[64] == CATEGORIES[0]


def test_figures_are_light_enough_for_the_page():
    code = (
        "import sys, core.figures;"
        "print([m for m in ('torch', 'scanpy', 'scipy', 'pandas', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# ---- loss


def test_the_baselines_are_dashed_lines_at_their_values_over_the_whole_width():
    figure = figures.loss_curve(epochs_of(10), BASELINES, part="rna", n_epochs=40, n_latent=20)
    dashed = {trace.name: trace for trace in figure.data if trace.line.dash == "dash"}
    assert {name: set(trace.y) for name, trace in dashed.items()} == {
        "training mean": {0.95},
        "PCA, 20 dimensions": {0.53},
        "PCA of RNA alone": {0.51},
    }
    low, high = figure.layout.xaxis.range
    assert low < 1 and high > 40
    assert all((trace.x[0], trace.x[-1]) == (low, high) for trace in dashed.values())
    assert all(name in words(figure) for name in dashed)


def test_the_line_of_rna_alone_stands_only_beside_rna():
    for part in ("total", "protein"):
        assert not named(figures.loss_curve(epochs_of(3), BASELINES, part=part), "PCA of RNA alone")


def test_labels_of_close_baselines_do_not_cover_each_other():
    figure = figures.loss_curve(epochs_of(10), BASELINES, part="rna", n_latent=20)
    heights = sorted(annotation.y for annotation in figure.layout.annotations if annotation.x == 1)
    assert len(heights) == 3 and min(np.diff(heights)) > 0.05


def test_the_best_epoch_is_marked_on_the_validation_curve():
    epochs = epochs_of(10)
    figure = figures.loss_curve(epochs, best_epoch=7)
    (best,) = named(figure, "best epoch (7)")
    assert (best.x, best.y) == ((7,), (epochs[6]["valid_loss"],))


def test_the_curves_hold_the_losses_of_their_part():
    epochs = epochs_of(5)
    for part, key in (("total", "loss"), ("rna", "rna"), ("protein", "protein")):
        figure = figures.loss_curve(epochs, part=part)
        assert list(named(figure, "training")[0].y) == [epoch[f"train_{key}"] for epoch in epochs]
        assert list(named(figure, "validation")[0].y) == [epoch[f"valid_{key}"] for epoch in epochs]


def test_the_frame_and_a_zoom_stay_while_epochs_arrive():
    few = figures.loss_curve(epochs_of(3), BASELINES, n_epochs=50)
    many = figures.loss_curve(epochs_of(30), BASELINES, n_epochs=50)
    assert few.layout.xaxis.range == many.layout.xaxis.range
    assert few.layout.uirevision == many.layout.uirevision
    assert len(few.data) == len(many.data)
    assert few.layout.uirevision != figures.loss_curve(epochs_of(3), log=True).layout.uirevision


def test_a_towering_first_epoch_leaves_the_frame_and_says_so():
    epochs = epochs_of(40)
    epochs[0]["train_loss"] = 900.0
    figure = figures.loss_curve(epochs, BASELINES)
    assert figure.layout.yaxis.range[1] < 2
    assert "up to 900" in words(figure)
    log = figures.loss_curve(epochs, BASELINES, log=True)
    assert log.layout.yaxis.type == "log"
    assert log.layout.yaxis.range[1] > math.log10(900)
    assert "up to" not in words(log)


def test_a_calm_curve_and_every_baselines_lie_within_the_frame():
    low, high, hidden = y_range([[0.9, 0.8, 0.75]], [("training mean", 1.5), ("PCA", 0.5)])
    assert hidden is None and low < 0.5 and high > 1.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("log", [False, True])
def test_no_epoch_and_one_epoch_can_be_drawn(theme, log):
    figure = figures.loss_curve([], None, log=log, n_epochs=30, theme=theme)
    assert WAITING in words(figure)
    assert WAITING not in words(figures.loss_curve(epochs_of(1), BASELINES, log=log, theme=theme))
    sent(figure)


def test_a_loss_that_is_not_a_number_is_a_gap():
    epochs = epochs_of(5)
    epochs[2]["train_loss"], epochs[3]["valid_loss"] = math.nan, math.inf
    figure = figures.loss_curve(epochs, BASELINES)
    sent(figure)
    assert named(figure, "training")[0].y[2] is None
    assert all(math.isfinite(end) for end in figure.layout.yaxis.range)
    diverged = [epoch | {"train_loss": math.nan, "valid_loss": math.nan} for epoch in epochs]
    assert "not a number" in words(figures.loss_curve(diverged))


def test_the_loss_page_has_a_row_for_each_part():
    with_protein = figures.loss_page(epochs_of(20), BASELINES, n_latent=10)
    assert len(named(with_protein, "validation")) == 3
    assert sum(trace.showlegend is not False for trace in named(with_protein, "validation")) == 1
    without = figures.loss_page(epochs_of(20, protein=False), BASELINES, n_latent=10)
    assert len(named(without, "validation")) == 2
    assert "Protein" not in words(without)


# ---- panels


def test_one_legend_click_reaches_a_group_in_every_panel():
    cells, points = cells_of(90)
    colour = figures.Colour("cell type", np.arange(90) % 3, ("B", "T", "NK"))
    figure = figures.panels([figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells)
    assert len(figure.data) == 6
    assert [trace.type for trace in figure.data] == ["scattergl"] * 6
    groups = {trace.name: {t.legendgroup for t in named(figure, trace.name)} for trace in figure.data}
    assert groups == {"B": {"0"}, "T": {"1"}, "NK": {"2"}}
    assert [trace.showlegend for trace in figure.data] == [True] * 3 + [False] * 3
    assert {trace.xaxis for trace in figure.data} == {"x", "x2"}


def test_a_point_knows_its_cell():
    cells, points = cells_of(50)
    codes = np.arange(50) % 4
    figure = figures.panels([figures.Panel("UMAP", points)], figures.Colour("k", codes, tuple("abcd")), cells)
    for trace in figure.data:
        assert isinstance(sent(figure)["data"][0]["customdata"], list)  # dash cannot index a base64 array
        for x, y, i, name in zip(trace.x, trace.y, trace.customdata, trace.text, strict=True):
            assert (x, y) == tuple(points[i])
            assert name == cells[i]


def test_a_group_keeps_its_colour_when_another_is_absent():
    cells, points = cells_of(10)
    figure = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", np.full(10, 2), ("a", "b", "c")), cells
    )
    assert [(trace.name, trace.marker.color) for trace in figure.data] == [("c", CATEGORIES[2])]


@pytest.mark.parametrize("theme", THEMES)
def test_unknown_values_are_grey_and_lie_beneath(theme):
    cells, points = cells_of(40)
    grey = LOOKS[theme].missing
    codes = np.where(np.arange(40) < 5, -1, np.arange(40) % 2)
    groups = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("k", codes, ("a", "b")), cells, theme
    )
    assert (groups.data[0].name, groups.data[0].marker.color, len(groups.data[0].x)) == ("not known", grey, 5)
    values = np.linspace(3, 0, 40)
    values[[4, 9]] = np.nan, np.inf
    numbers = figures.panels([figures.Panel("UMAP", points)], figures.Colour("CD3E", values), cells, theme)
    assert (numbers.data[0].marker.color, numbers.data[0].customdata) == (grey, (4, 9))
    assert (np.diff(numbers.data[1].marker.color) >= 0).all()  # the highest is drawn last
    assert len(numbers.data[1].x) == 38
    sent(numbers)


@pytest.mark.parametrize("n_latent", [2, 3, 4])
@pytest.mark.parametrize("k", [2, 3])
def test_a_latent_of_two_or_three_dimensions_is_drawn_itself(n_latent, k):
    latent, axes = np.random.default_rng(0).standard_normal((2, 30, n_latent))
    first, pca = figures.panels_of(latent, np.hstack([axes, axes]), {}, k)
    assert pca.title == "Input, PCA" and pca.points.shape == (30, k)
    if n_latent == 4:
        assert first.points is None and first.note == "being drawn ..."
    else:
        assert first.points is latent and first.is_3d == (n_latent == 3) and first.x == "latent 1"


def test_all_panels_of_numbers_share_a_colour_bar_that_says_what_they_are():
    cells, points = cells_of(30)
    colour = figures.Colour("CD3E", np.linspace(0, 4, 30), None, "log1p of counts per 10,000")
    figure = figures.panels([figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells)
    assert {trace.marker.coloraxis for trace in figure.data} == {"coloraxis"}
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (0, 4)
    assert "CD3E" in axis.colorbar.title.text and "log1p of counts per 10,000" in axis.colorbar.title.text


def test_values_around_zero_get_a_scale_with_zero_in_the_middle():
    cells, points = cells_of(30)
    figure = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("latent 1", np.linspace(-1, 3, 30)), cells
    )
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-3, 3)


def test_a_rare_giant_does_not_rule_the_colours_and_the_bar_says_so():
    cells, points = cells_of(500)
    values = np.linspace(0, 1, 500)
    values[7] = 100
    axis = figures.panels(
        [figures.Panel("UMAP", points)], figures.Colour("n", values), cells
    ).layout.coloraxis
    assert axis.cmax < 2
    assert "and above" in axis.colorbar.title.text


@pytest.mark.parametrize("values", [np.full(20, np.nan), np.zeros(20)])
def test_values_that_are_all_unknown_or_all_equal_can_be_drawn(values):
    cells, points = cells_of(20)
    figure = figures.panels([figures.Panel("UMAP", points)], figures.Colour("x", values), cells)
    assert figure.layout.coloraxis.cmax > figure.layout.coloraxis.cmin
    sent(figure)


@pytest.mark.parametrize("n", [0, 1])
def test_no_cell_and_one_cell_can_be_drawn(n):
    cells, points = cells_of(n)
    for colour in (figures.Colour("k", np.zeros(n, int), ("a",)), figures.Colour("x", np.ones(n))):
        figure = figures.panels([figures.Panel("UMAP", points)], colour, cells)
        assert len(figure.data) == n
        sent(figure)


def test_a_panel_without_points_says_why():
    cells, points = cells_of(10)
    panels = [figures.Panel("UMAP", None, "being computed"), figures.Panel("PCA", points)]
    figure = figures.panels(panels, figures.Colour("k", np.zeros(10, int), ("a",)), cells)
    assert "being computed" in words(figure)
    assert [(trace.xaxis, trace.showlegend) for trace in figure.data] == [("x2", True)]
    none = figures.panels(panels[:1], figures.Colour("k", np.zeros(10, int), ("a",)), cells)
    assert none.layout.xaxis.visible is False


def test_points_and_cells_must_be_as_many():
    cells, points = cells_of(10)
    with pytest.raises(ValueError, match="10 points for 9 cells"):
        figures.panels([figures.Panel("UMAP", points)], figures.Colour("x", np.ones(9)), cells[:9])


@pytest.mark.parametrize("numbers", [False, True])
def test_three_columns_of_points_make_a_scene(numbers):
    cells, points = cells_of(30, 3)
    colour = (
        figures.Colour("x", np.arange(30.0)) if numbers else figures.Colour("k", np.zeros(30, int), ("a",))
    )
    panels = [figures.Panel("UMAP", points), figures.Panel("PCA", points[:, :2])]
    figure = figures.panels(panels, colour, cells, selected=[1, 2])
    assert [trace.type for trace in figure.data] == ["scatter3d", "scatter3d", "scattergl"]
    assert len(figure.data[1].x) == 2  # plotly cannot dim single points in 3-D: the chosen ones stand out
    assert figure.layout.scene.zaxis.title.text == "UMAP 3"


def test_selected_cells_are_selected_in_every_panel():
    cells, points = cells_of(30)
    colour = figures.Colour("k", np.arange(30) % 2, ("a", "b"))
    figure = figures.panels(
        [figures.Panel("UMAP", points), figures.Panel("PCA", points)], colour, cells, selected=[3, 4, 6]
    )
    for trace in figure.data:
        chosen = {trace.customdata[i] for i in trace.selectedpoints}
        assert chosen == ({4, 6} if trace.name == "a" else {3})


@pytest.mark.parametrize("columns", [1, 2])
def test_sixty_groups_have_sixty_entries_in_the_legend(columns):
    cells, points = cells_of(600)
    colour = figures.Colour("leiden", np.arange(600) % 60, tuple(f"cluster {i}" for i in range(60)))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells, columns=columns)
    assert sum(trace.showlegend for trace in figure.data) == 60
    assert figure.layout.legend.orientation == ("h" if columns == 1 else None)
    assert figure.layout.legend.groupclick == "togglegroup"


def test_names_are_shown_as_they_are_not_as_markup():
    cells, points = cells_of(2)
    colour = figures.Colour("a<b", np.array([0, 0]), ("<a href='x'>T</a>",))
    figure = figures.panels([figures.Panel("<i>mine</i>", points, x="<b>1")], colour, ["<b>x</b>", "y"])
    assert figure.layout.annotations[0].text == "&lt;i&gt;mine&lt;/i&gt;"
    assert figure.layout.xaxis.title.text == "&lt;b&gt;1"
    assert "<a" not in figure.data[0].name and "<a" not in figure.data[0].hovertemplate
    assert figure.data[0].text[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert figure.layout.legend.title.text == "a&lt;b"


@pytest.mark.parametrize("numbers", [False, True])
def test_seven_thousand_cells_in_four_panels_stay_small(numbers):
    cells, points = cells_of(7000)
    colour = (
        figures.Colour("x", np.random.default_rng(1).random(7000))
        if numbers
        else figures.Colour("k", np.arange(7000) % 20, tuple(f"cluster {i}" for i in range(20)))
    )
    text = figures.panels([figures.Panel("UMAP", points)] * 4, colour, cells).to_json()
    assert len(text) < 1.5e6
    assert json.loads(text)["data"][0]["x"]["dtype"] == "f4"  # base64, not a list of digits


def test_very_many_cells_are_sent_without_names():
    cells, points = cells_of(70_000)
    colour = figures.Colour("k", np.zeros(70_000, int), ("a",))
    figure = figures.panels([figures.Panel("UMAP", points)] * 2, colour, cells)
    assert figure.data[0].text is None
    assert "cell %{customdata}" in figure.data[0].hovertemplate


# ---- data


def test_the_medians_of_counts_and_genes_are_written_out():
    counts = np.array([0, 100, 1000, 1000, 10_000])
    figure = figures.counts_and_genes(counts, np.array([5, 50, 300, 400, 2000]))
    assert "median 1,000" in words(figure) and "median 300" in words(figure)
    assert figure.layout.xaxis.type == "log"
    assert "1 cells without any" in figure.layout.xaxis.title.text
    # The outline starts and ends on the axis; between lie the bins: each of the 4 cells with counts once.
    assert sum(figure.data[0].y[1:-1]) == 4 and sum(figure.data[1].y[1:-1]) == 5


def test_values_without_counts_show_genes_alone():
    figure = figures.counts_and_genes(None, np.arange(1, 100))
    assert len(figure.data) == 1
    assert "genes a cell" in figure.layout.xaxis.title.text


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("theme", THEMES)
def test_counts_of_no_cell_and_one_cell_can_be_drawn(n, theme):
    sent(figures.counts_and_genes(np.zeros(n), np.zeros(n), theme))
    sent(figures.counts_and_genes(np.ones(n), np.ones(n), theme))


def test_a_pair_of_histograms_shows_the_bins_it_was_given():
    before = figures.Binned(np.array([90, 9, 0, 1]), np.arange(5))
    after = np.array([1, 8, 2]), np.array([-1.0, 0.0, 1.0, 2.0])
    figure = figures.histogram_pair(before, after, ("counts", "scaled"))
    assert list(figure.data[0].y[1:-1]) == [90, 9, 0.5, 1]  # an empty bin ends at the foot of the log axis
    assert figure.layout.yaxis.range[0] == pytest.approx(math.log10(0.5))
    assert "0 values" in figure.data[0].customdata[3]
    assert figure.layout.xaxis2.title.text == "scaled"


def test_genes_stand_apart_by_what_became_of_them_and_silent_ones_are_counted():
    means, spread = np.array([1, 2, 0, 3.0, np.nan, 4, 5]), np.array([1, 4, 0, 9.0, 1, 2, 2])
    roles = np.array([0, 1, 0, 1, 0, 2, 3])
    figure = figures.mean_variance(means, spread, roles, names=list("abcdefg"), of=10)
    labels = ["other genes (1)", "used (2)", "always used (1)", "never used (1)"]
    assert [trace.name for trace in figure.data] == labels
    assert [list(trace.text) for trace in figure.data] == [["a"], ["b", "d"], ["f"], ["g"]]
    assert "2 genes do not vary" in words(figure) and "3 more of the other genes" in words(figure)
    assert figure.data[1].marker.color == LOOKS["light"].accent
    assert figure.layout.xaxis.title.text == "mean counts a cell" and figure.layout.yaxis.type == "log"
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert "no gene varies" in words(figures.mean_variance(np.zeros(3), np.zeros(3), np.zeros(3)))


def test_values_that_are_logs_already_stand_on_plain_axes():
    figure = figures.mean_variance([0.1, 0.2], [-1.5, 0.5], [0, 1], "seurat")
    assert list(figure.data[0].y) == [-1.5] and figure.layout.yaxis.type is None
    assert "log of the dispersion" in figure.layout.yaxis.title.text


# ---- network and profile


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("n_layers", [1, 5])
def test_every_layer_is_drawn_and_wider_ones_are_taller(theme, n_layers):
    layers = RunConfig(n_layers=n_layers, n_latent=20, n_hidden=128, n_hidden_protein=32).layers(2000, 17)
    figure = figures.network(layers, 2000, 17, theme)
    boxes = [shape for shape in figure.layout.shapes if shape.line.width]
    assert len(boxes) == len(layers) + 2  # and the two inputs
    assert len(figure.data[0].x) == len(boxes)
    assert words(figure).count("<b>2,000</b>") == 2 and words(figure).count("<b>20</b>") == 1
    lanes = blocks(layers, 2000, 17)
    heights = {block.width: block.height for lane in lanes.values() for block in lane}
    assert heights[2000] > heights[128] > heights[32] > heights[20] > heights[17]
    assert figure.layout.xaxis.fixedrange and figure.layout.yaxis.fixedrange


def test_a_network_without_proteins_has_one_lane():
    layers = RunConfig(n_latent=20, n_hidden=128).layers(500, 0)
    figure = figures.network(layers, 500, 0)
    assert "proteins" not in words(figure)
    assert figures.describe_network(layers, 500, 0) == (
        "An autoencoder: 500 genes pass 128 hidden units, meet in 20 latent dimensions and are rebuilt "
        "in the mirrored order, with a linear path from the latent dimensions to the output; "
        f"{sum(layer.weights for layer in layers):,} weights."
    )
    plain = RunConfig(n_latent=20, n_hidden=128, linear_path=False).layers(500, 0)
    assert sum(layer.weights for layer in layers) - sum(layer.weights for layer in plain) == 20 * 500
    assert "in the mirrored order; " in figures.describe_network(plain, 500, 0)


def test_the_largest_differences_come_first_with_their_kind():
    given, made = np.array([1.0, 5, 0, 2]), np.array([1.5, 1, 0, np.nan])
    rows = figures.largest_differences(given, made, ["A", "B", "CD3", "CD4"], n_genes=2, k=15)
    assert [(row["name"], row["kind"], row["difference"]) for row in rows] == [
        ("B", "gene", -4.0),
        ("A", "gene", 0.5),
        ("CD3", "protein", 0.0),
    ]


def test_a_profile_puts_input_on_x_and_names_what_differs_most():
    given, made = np.array([1.0, 5, 0, 2]), np.array([1.5, 1, 0, 2])
    figure = figures.profile(given, made, ["A", "B", "CD3", "CD4"], n_genes=2, k=1)
    diagonal, genes, proteins = figure.data
    assert diagonal.x == diagonal.y
    assert (list(genes.x), list(genes.y), list(genes.text)) == ([1, 5], [1.5, 1], ["A", "B"])
    assert list(proteins.text) == ["CD3", "CD4"]
    assert [annotation.text for annotation in figure.layout.annotations] == ["B"]
    assert len(figures.profile(given, made, list("abcd"), n_genes=4).data) == 2
    assert "no features" in words(figures.profile([], [], [], 0))


# ---- save


@pytest.mark.parametrize("theme", THEMES)
def test_a_saved_page_asks_no_other_host(tmp_path, theme):
    path = figures.write_html(
        figures.loss_curve(epochs_of(3), theme=theme), tmp_path / "loss.html", "Loss <1>"
    )
    page = path.read_text(encoding="utf-8")
    assert '<meta charset="utf-8">' in page and "<title>Loss &lt;1&gt;</title>" in page
    assert f"background: {LOOKS[theme].card}" in page
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", page.split("<body>")[0])
    assert not re.search(r'<script[^>]*\bsrc="', page)
    assert '"showSendToCloud": false' in page.replace(":false", ": false")
    assert figures.GRAPH_CONFIG["showSendToCloud"] is False


def test_a_drawn_figure_stays_as_it_was_when_saved(tmp_path):
    figure = figures.network(RunConfig(n_latent=20, n_hidden=128).layers(50, 0), 50, 0)
    before, config = figure.to_json(), dict(figures.GRAPH_CONFIG)
    figures.write_html(figure, tmp_path / "network.html", "Network")
    assert figure.to_json() == before
    assert config == figures.GRAPH_CONFIG  # plotly takes keys out of the one it is given


def test_long_names_are_short_on_an_axis_and_keep_bars_of_their_own():
    names = [
        "a name of more letters than an axis holds, one",
        "a name of more letters than an axis holds, two",
    ]
    figure = figures.composition(names, [[3], [5]], ["cells"])
    assert list(figure.data[0].y) == [0, 1] and list(figure.data[0].x) == [3, 5]
    assert list(figure.data[0].text) == names
    assert [len(label) for label in figure.layout.yaxis.ticktext] == [28 + len(" (3)")] * 2
    ticks = figures.heat_map(["CD3E", "x" * 60], names, np.eye(2), "mean of logs").layout
    assert list(ticks.yaxis.ticktext) == ["CD3E", "x" * 27 + "…"]
    assert {len(label) for label in ticks.xaxis.ticktext} == {28}
